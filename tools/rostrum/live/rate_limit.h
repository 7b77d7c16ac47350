// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <algorithm>
#include <cstdint>

namespace rostrum {

/// A token bucket. Times are milliseconds of any clock. Thread-bound.
class RateLimit {
  public:
    RateLimit(double per_second, double burst) : per_ms_(per_second / 1000), burst_(burst), tokens_(burst) {}

    /// False when that is too much for now. What costs more than the whole bucket needs a full one.
    bool take(int64_t now_ms, double cost = 1) {
        if (at_ > 0)
            tokens_ = std::min(burst_, tokens_ + static_cast<double>(std::max<int64_t>(now_ms - at_, 0)) * per_ms_);
        at_ = now_ms;
        cost = std::min(cost, burst_);
        if (tokens_ < cost)
            return false;
        tokens_ -= cost;
        return true;
    }

  private:
    double per_ms_, burst_, tokens_;
    int64_t at_ = 0;
};

} // namespace rostrum
