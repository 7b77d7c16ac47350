// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace peerwire {

/// Bits per second over the last `kSlots` slots of `kSlot` each. Time may stand still or go back a little; a leap
/// forgets. Thread-bound to its owner.
template <size_t kSlots, TimeNs kSlot> class RateMeter {
  public:
    void add(TimeNs time, size_t bytes) {
        advance(time);
        slots_[index(newest_)] += static_cast<uint32_t>(bytes);
    }

    /// Over the whole window, or over what there was since the first byte.
    uint64_t bps(TimeNs time) {
        advance(time);
        uint64_t bytes = 0;
        for (const uint32_t slot : slots_)
            bytes += slot;
        const TimeNs span = std::clamp<TimeNs>(time - first_ * kSlot, kSlot, kWindow);
        return bytes * 8 * static_cast<uint64_t>(kNsPerSecond / kNsPerMs) / static_cast<uint64_t>(span / kNsPerMs);
    }

  private:
    static constexpr TimeNs kWindow = static_cast<TimeNs>(kSlots) * kSlot;

    static size_t index(int64_t slot) { return static_cast<size_t>(slot) % kSlots; }

    void advance(TimeNs time) {
        const int64_t slot = std::max<int64_t>(time / kSlot, 0);
        const auto window = static_cast<int64_t>(kSlots);
        if (!started_ || slot >= newest_ + window || slot <= newest_ - window) {
            slots_.fill(0);
            first_ = newest_ = slot;
            started_ = true;
        }
        while (newest_ < slot)
            slots_[index(++newest_)] = 0;
    }

    std::array<uint32_t, kSlots> slots_{};
    int64_t newest_ = 0, first_ = 0; ///< numbers of slots
    bool started_ = false;
};

} // namespace peerwire
