// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Whether a queue grows on the way: from when packets left and when they arrived.

#pragma once

#include "wire/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace peerwire {

enum class PathUse { Normal, Over, Under };

/// Delay variation of bursts of packets, its trend, and an adaptive threshold (draft-ietf-rmcat-gcc-02 §5.2 to §5.4,
/// with a line fitted to the accumulated delay in place of the Kalman filter). The clocks of both ends need not agree.
/// Thread-bound to its owner.
class DelayTrend {
  public:
    /// In the order of sending.
    void on_packet(TimeNs sent, TimeNs arrived);
    PathUse use() const { return use_; }

  private:
    static constexpr size_t kPoints = 20;

    struct Burst {
        TimeNs first_sent = 0, last_sent = 0, arrived = 0;
    };
    struct Point {
        double at_ms = 0, delay_ms = 0;
    };

    bool belongs(TimeNs sent, TimeNs arrived) const;
    void on_burst(TimeNs sent_delta, TimeNs arrived_delta, TimeNs arrived);
    double slope() const;
    void judge(double trend, double since_last_ms);
    void restart();

    Burst current_, previous_;
    bool has_current_ = false, has_previous_ = false;

    std::array<Point, kPoints> points_{};
    size_t count_ = 0; ///< of bursts so far
    TimeNs first_arrived_ = 0;
    double accumulated_ms_ = 0, smoothed_ms_ = 0;

    double threshold_ = 12.5, last_trend_ = 0, over_ms_ = -1;
    unsigned overs_ = 0;
    PathUse use_ = PathUse::Normal;
};

} // namespace peerwire
