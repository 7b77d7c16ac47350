// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <algorithm>
#include <cstdint>

namespace peerwire {

/// The bitrate to offer a publisher that does not do transport-cc (REMB): loss decides, as in the loss-based part of
/// draft-ietf-rmcat-gcc-02 §6. Reentrant.
class RembEstimator {
  public:
    explicit RembEstimator(uint64_t max_bps) : max_bps_(std::max(max_bps, kMinBps)) {}

    /// Once per report interval.
    void update(uint64_t received_bps, uint8_t fraction_lost) {
        if (fraction_lost > 25) // 10 %
            estimate_bps_ -= estimate_bps_ * fraction_lost / 512;
        else if (fraction_lost < 5) // 2 %
            estimate_bps_ += estimate_bps_ / 12;
        // Do not run away from what is really sent, nor choke a sender that just has little to say.
        const uint64_t ceiling = std::max(kStartBps, received_bps * 2);
        estimate_bps_ = std::clamp(std::min(estimate_bps_, ceiling), kMinBps, max_bps_);
    }
    uint64_t bitrate_bps() const { return std::min(estimate_bps_, max_bps_); }

  private:
    static constexpr uint64_t kMinBps = 150'000;
    static constexpr uint64_t kStartBps = 2'500'000;
    uint64_t max_bps_;
    uint64_t estimate_bps_ = kStartBps;
};

} // namespace peerwire
