// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/capture_clock.h"

#include <algorithm>
#include <cstdlib>

namespace peerwire {
namespace {

// A capture time further than this from its packet's arrival means that the timestamps jumped: start anew.
constexpr TimeNs kMaxDistance = 5 * kNsPerSecond;
// Streams of one publisher further apart than this do not share a wall clock: each goes by its own arrivals.
constexpr TimeNs kMaxSkew = 2 * kNsPerSecond;
// Sender reports quantise to a millisecond or worse; a larger difference is a real jump of the publisher's clock.
constexpr TimeNs kReportJump = 200 * kNsPerMs;
// Corrections are spread over about this time of media…
constexpr TimeNs kSlewTime = 2 * kNsPerSecond;
// …but never bend time by more than 1/20 (an audio resampler hides that), except to recover from a large error.
constexpr TimeNs kSlewLimit = 20;
constexpr TimeNs kLargeError = 500 * kNsPerMs;
// Until the first report, sound and picture do not know of each other, and what waited for the connection came late
// and in one burst. Until so long after the report, what is early is given time by half of it, and what is late takes
// an eighth of its time until it no longer is.
constexpr TimeNs kSettleTime = 5 * kNsPerSecond;
constexpr TimeNs kSettleSlewTime = 200 * kNsPerMs;
constexpr TimeNs kSettleSlewLimit = 2;
constexpr TimeNs kBurst = 8;

} // namespace

TimeNs StreamClock::media_time(int64_t timestamp) const {
    const int64_t ticks = timestamp - base_;
    const int64_t rate = clock_rate_;
    return ticks / rate * kNsPerSecond + ticks % rate * kNsPerSecond / rate;
}

void StreamClock::on_sender_report(TimeNs remote, uint32_t rtp_timestamp, PublisherClock &publisher) {
    if (!started_) {
        report_waits_ = true;
        waiting_remote_ = remote;
        waiting_timestamp_ = rtp_timestamp;
        return;
    }
    const int64_t timestamp = newest_ + static_cast<int32_t>(rtp_timestamp - static_cast<uint32_t>(newest_));
    const TimeNs remote_base = remote - media_time(timestamp);
    const TimeNs error = remote_base - remote_base_;
    if (synced_ && std::abs(error) < kReportJump) {
        remote_base_ += error / 4;
        return;
    }
    if (synced_)
        publisher.reset();
    remote_base_ = remote_base;
    synced_ = true;
    settled_at_ = newest_local_ + kSettleTime;
}

TimeNs StreamClock::capture_time(TimeNs arrival, uint32_t rtp_timestamp, PublisherClock &publisher) {
    if (!started_) {
        restart(arrival, rtp_timestamp);
        if (report_waits_)
            on_sender_report(waiting_remote_, waiting_timestamp_, publisher);
        report_waits_ = false;
    }
    const int64_t timestamp = newest_ + static_cast<int32_t>(rtp_timestamp - static_cast<uint32_t>(newest_));
    const TimeNs predicted = newest_local_ + media_time(timestamp) - media_time(newest_);
    if (std::abs(predicted - arrival) > kMaxDistance)
        return restart(arrival, rtp_timestamp);
    if (timestamp > newest_)
        return advance(arrival, timestamp, publisher);
    const Mapped *before = nullptr; // a frame that comes late is not earlier than the one in front of it
    for (const Mapped &each : history_) {
        if (each.timestamp >= 0 && each.timestamp <= timestamp && (!before || each.timestamp > before->timestamp))
            before = &each;
    }
    if (!before)
        return predicted;
    return before->timestamp == timestamp ? before->local : std::max(predicted, before->local);
}

TimeNs StreamClock::restart(TimeNs arrival, uint32_t rtp_timestamp) {
    started_ = true;
    synced_ = false;
    delay_.clear();
    history_.fill({});
    base_ = newest_ = int64_t{rtp_timestamp} + (int64_t{1} << 32);
    newest_local_ = std::max(arrival, newest_local_);
    settled_at_ = 0;
    return remember(newest_, newest_local_);
}

TimeNs StreamClock::target(TimeNs arrival, int64_t timestamp, PublisherClock &publisher) {
    const TimeNs media = media_time(timestamp);
    delay_.add(arrival, arrival - media);
    const TimeNs own = media + delay_.get(arrival);
    if (!synced_)
        return own;
    const TimeNs remote = remote_base_ + media;
    publisher.on_packet(arrival, remote);
    const TimeNs shared = remote + publisher.offset(arrival);
    return std::abs(own - shared) > kMaxSkew ? own : shared;
}

TimeNs StreamClock::advance(TimeNs arrival, int64_t timestamp, PublisherClock &publisher) {
    const TimeNs step = media_time(timestamp) - media_time(newest_);
    const TimeNs predicted = newest_local_ + step;
    const TimeNs error = target(arrival, timestamp, publisher) - predicted;
    const bool settling = newest_local_ < settled_at_ || (!synced_ && error < 0); // the first arrivals were late
    const TimeNs slew_time = settling ? kSettleSlewTime : kSlewTime;
    const TimeNs most = step / (settling ? kSettleSlewLimit : kSlewLimit);
    newest_ = timestamp;
    if (error > kLargeError)
        newest_local_ = predicted + error;
    else if (error < 0 && settling)
        newest_local_ = predicted + std::max(error, step / kBurst - step);
    else if (error < -kLargeError)
        newest_local_ = predicted - step / 2;
    else
        newest_local_ = predicted + std::clamp(error * std::min(step, slew_time) / slew_time, -most, most);
    return remember(timestamp, newest_local_);
}

TimeNs StreamClock::remember(int64_t timestamp, TimeNs local) {
    history_[history_at_] = {timestamp, local};
    history_at_ = (history_at_ + 1) % history_.size();
    return local;
}

} // namespace peerwire
