// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace peerwire {

/// When the newest packets left and how large they were, by their transport-wide number. Numbers wrap; what is asked
/// late may be gone. Thread-bound: the viewer's shard.
class SentPackets {
  public:
    struct Packet {
        TimeNs sent = 0;
        size_t bytes = 0;
    };

    void add(uint16_t number, TimeNs now, size_t bytes) {
        slots_[number % kSize] = {static_cast<uint32_t>(now / kTick), number, static_cast<uint16_t>(bytes)};
    }

    /// Once: a second report of a packet finds nothing.
    std::optional<Packet> take(uint16_t number, TimeNs now) {
        Slot &slot = slots_[number % kSize];
        if (slot.number != number || slot.bytes == 0)
            return std::nullopt;
        const TimeNs ticks = now / kTick;
        const auto age = static_cast<uint32_t>(static_cast<uint32_t>(ticks) - slot.sent);
        // The same tick is the same time whenever it is asked for: what left later never seems to have left earlier.
        const Packet packet{(ticks - age) * kTick, slot.bytes};
        slot.bytes = 0;
        return packet;
    }

  private:
    // 8 bytes a packet: 1.7 s at 300 packets a second, which is more than a feedback takes.
    static constexpr size_t kSize = 512;
    static constexpr TimeNs kTick = 10 * kNsPerUs; // wraps in 12 hours

    struct Slot {
        uint32_t sent = 0;
        uint16_t number = 0;
        uint16_t bytes = 0; ///< 0 = none
    };
    std::array<Slot, kSize> slots_{};
};

} // namespace peerwire
