// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What somebody may cost: so much a second, a little of it saved up.

#pragma once

#include "wire/time.h"

#include <algorithm>
#include <cstdint>

namespace peerwire {

/// Full at first. Thread-bound to its owner.
class TokenBucket {
  public:
    constexpr TokenBucket(uint32_t per_second, uint32_t burst)
        : per_second_(per_second), burst_(burst), tokens_(burst) {}

    /// False, and nothing taken, when there is not enough.
    bool take(TimeNs now, uint32_t tokens = 1) {
        const TimeNs passed = std::clamp<TimeNs>(now - filled_, 0, kNsPerSecond);
        const auto earned = static_cast<uint32_t>(passed * per_second_ / kNsPerSecond);
        // What is too little to count goes on counting.
        filled_ = passed == kNsPerSecond ? now : filled_ + earned * kNsPerSecond / per_second_;
        tokens_ = std::min(burst_, tokens_ + earned);
        if (tokens > tokens_)
            return false;
        tokens_ -= tokens;
        return true;
    }

  private:
    const uint32_t per_second_, burst_;
    uint32_t tokens_;
    TimeNs filled_ = 0;
};

} // namespace peerwire
