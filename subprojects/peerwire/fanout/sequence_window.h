// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace peerwire {

/// Which of the newest sequence numbers were used. Numbers do not wrap. Reentrant.
class SequenceWindow {
  public:
    /// False when the number was used before, or is so old that nobody knows.
    bool use(int64_t sequence) {
        if (sequence > highest_)
            advance(sequence);
        else if (highest_ - sequence >= static_cast<int64_t>(kSize) || used_[index(sequence)])
            return false;
        used_[index(sequence)] = true;
        return true;
    }

  private:
    static constexpr size_t kSize = 4096; // more than a second of 30 Mbit/s: no repair comes later

    static size_t index(int64_t sequence) { return static_cast<size_t>(sequence) % kSize; }

    void advance(int64_t sequence) {
        if (sequence - highest_ >= static_cast<int64_t>(kSize))
            used_.reset();
        else
            for (int64_t skipped = highest_ + 1; skipped < sequence; ++skipped)
                used_[index(skipped)] = false;
        highest_ = sequence;
    }

    std::bitset<kSize> used_;
    int64_t highest_ = 0;
};

} // namespace peerwire
