// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/delay_trend.h"

#include <algorithm>
#include <cmath>

namespace peerwire {

namespace {

constexpr TimeNs kBurst = 5 * kNsPerMs;    // packets that left within it are one group
constexpr TimeNs kLeap = 3 * kNsPerSecond; // no queue is that long: a clock was set, or the report is a lie

constexpr double kSmoothing = 0.9;
constexpr double kGain = 4, kMaxBursts = 60; // the trend of few bursts counts for less
constexpr double kOverMs = 10;               // that long, and growing, before it is taken for a queue
constexpr double kRise = 0.0087, kFall = 0.039;
constexpr double kMinThreshold = 6, kMaxThreshold = 600, kOutlier = 15;
constexpr double kMaxStepMs = 100;

double to_ms(TimeNs time) {
    return static_cast<double>(time) / kNsPerMs;
}

} // namespace

void DelayTrend::restart() {
    has_current_ = has_previous_ = false;
    count_ = 0;
    accumulated_ms_ = smoothed_ms_ = last_trend_ = 0;
    over_ms_ = -1;
    overs_ = 0;
    use_ = PathUse::Normal;
}

/// Left together, or waited together and left a queue as one.
bool DelayTrend::belongs(TimeNs sent, TimeNs arrived) const {
    if (sent - current_.first_sent <= kBurst)
        return true;
    const TimeNs arrived_delta = arrived - current_.arrived;
    return arrived_delta <= kBurst && arrived_delta < sent - current_.last_sent;
}

void DelayTrend::on_packet(TimeNs sent, TimeNs arrived) {
    if (has_current_ && (sent < current_.first_sent || sent - current_.last_sent > kLeap ||
                         std::abs(arrived - current_.arrived) > kLeap))
        restart();
    if (!has_current_) {
        current_ = {sent, sent, arrived};
        has_current_ = true;
        return;
    }
    if (belongs(sent, arrived)) {
        current_.last_sent = std::max(current_.last_sent, sent);
        current_.arrived = std::max(current_.arrived, arrived);
        return;
    }
    if (has_previous_)
        on_burst(current_.last_sent - previous_.last_sent, current_.arrived - previous_.arrived, current_.arrived);
    previous_ = current_;
    has_previous_ = true;
    current_ = {sent, sent, arrived};
}

void DelayTrend::on_burst(TimeNs sent_delta, TimeNs arrived_delta, TimeNs arrived) {
    if (count_ == 0)
        first_arrived_ = arrived;
    accumulated_ms_ += to_ms(arrived_delta - sent_delta);
    smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
    points_[count_++ % kPoints] = {to_ms(arrived - first_arrived_), smoothed_ms_};
    if (count_ < kPoints)
        return;
    const double bursts = std::min(static_cast<double>(count_), kMaxBursts);
    judge(slope() * bursts * kGain, to_ms(sent_delta));
}

/// Least squares, in ms of delay per ms.
double DelayTrend::slope() const {
    double mean_at = 0, mean_delay = 0;
    for (const Point &point : points_) {
        mean_at += point.at_ms / kPoints;
        mean_delay += point.delay_ms / kPoints;
    }
    double numerator = 0, denominator = 0;
    for (const Point &point : points_) {
        numerator += (point.at_ms - mean_at) * (point.delay_ms - mean_delay);
        denominator += (point.at_ms - mean_at) * (point.at_ms - mean_at);
    }
    return denominator > 0 ? numerator / denominator : 0;
}

void DelayTrend::judge(double trend, double since_last_ms) {
    const double step_ms = std::clamp(since_last_ms, 0.0, kMaxStepMs);
    if (trend > threshold_) {
        over_ms_ = over_ms_ < 0 ? step_ms / 2 : over_ms_ + step_ms;
        ++overs_;
        if (over_ms_ > kOverMs && overs_ > 1 && trend >= last_trend_) {
            use_ = PathUse::Over;
            over_ms_ = 0;
            overs_ = 0;
        }
    } else {
        over_ms_ = -1;
        overs_ = 0;
        use_ = trend < -threshold_ ? PathUse::Under : PathUse::Normal;
    }
    last_trend_ = trend;
    const double distance = std::abs(trend) - threshold_;
    if (distance <= kOutlier) // a single leap is no reason to become deaf
        threshold_ =
            std::clamp(threshold_ + (distance > 0 ? kRise : kFall) * distance * step_ms, kMinThreshold, kMaxThreshold);
}

} // namespace peerwire
