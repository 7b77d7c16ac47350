// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Sound with redundancy (RED, RFC 2198): each packet carries the one before it a second time.

#pragma once

#include "wire/bytes.h"
#include "wire/time.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace peerwire {

/// The headers in front of one redundant and one primary block of the same payload type.
struct RedHeader {
    static constexpr size_t kSize = 5;
    static constexpr int64_t kMaxDistance = 0x3fff; ///< 14 bits, in timestamp units
    static constexpr size_t kMaxBlock = 0x3ff;      ///< 10 bits, in bytes

    uint8_t payload_type = 0;
    uint16_t distance = 0;   ///< how much older the redundant block is
    uint16_t block_size = 0; ///< of the redundant block

    /// RFC 2198 §3. `out` has room.
    void write(std::span<uint8_t> out) const {
        store_be32(out.data(), (0x80u | payload_type) << 24 | uint32_t{distance} << 10 | block_size);
        out[4] = payload_type;
    }
};

/// Redundancy costs a viewer's sound as much again: only while it reports losses, and not where that is what fills the
/// path. Reentrant.
class RedundancySwitch {
  public:
    /// `fraction_lost` of 256, from a receiver report.
    void on_report(TimeNs now, uint8_t fraction_lost) {
        if (fraction_lost > (now < until_ ? kStays : kBegins))
            until_ = now + kHold;
    }
    void allow(bool fits) { fits_ = fits; }
    bool is_on(TimeNs now) const { return fits_ && now < until_; }

  private:
    static constexpr uint8_t kBegins = 5;              // 2 %
    static constexpr uint8_t kStays = 2;               // 0.8 %
    static constexpr TimeNs kHold = 10 * kNsPerSecond; // two reports of Chromium's on sound

    TimeNs until_ = 0;
    bool fits_ = true;
};

} // namespace peerwire
