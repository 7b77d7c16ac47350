// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <atomic>
#include <cstdint>

namespace peerwire {

/// A number that one thread counts and others look at; no locked instruction.
class Counter {
  public:
    void add(uint64_t n = 1) { value_.store(get() + n, std::memory_order_relaxed); }
    void set(uint64_t value) { value_.store(value, std::memory_order_relaxed); }
    void raise(uint64_t to) {
        if (to > get())
            set(to);
    }
    uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<uint64_t> value_{0};
};

} // namespace peerwire
