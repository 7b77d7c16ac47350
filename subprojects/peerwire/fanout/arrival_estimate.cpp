// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/arrival_estimate.h"

#include <algorithm>

namespace peerwire {

namespace {

constexpr TimeNs kSettle = 300 * kNsPerMs;       // before the first estimate
constexpr TimeNs kBetweenFalls = 300 * kNsPerMs; // a fall shows its effect after a round trip and a queue

// draft-ietf-rmcat-gcc-02 §5.5.
constexpr double kFall = 0.85;
constexpr double kGrowthPerSecond = 0.08;
constexpr double kAheadOfArrival = 1.5;
constexpr uint64_t kAheadBps = 10'000;
constexpr double kNearFull = 0.15; // of what was full last: feel the way there
constexpr uint64_t kCarefulBpsPerSecond = 40'000;
constexpr TimeNs kMaxStep = kNsPerSecond;

} // namespace

ArrivalEstimate::Outcome ArrivalEstimate::on_feedback(TimeNs now, const TransportCc &feedback, SentPackets &sent) {
    Outcome outcome;
    feedback.for_each([&](uint16_t number, bool received, TimeNs arrival) {
        const auto packet = sent.take(number, now);
        if (!packet)
            return;
        ++outcome.packets;
        outcome.lost += received ? 0 : 1;
        if (!received)
            return;
        outcome.delay = std::min(outcome.delay, arrival - packet->sent);
        trend_.on_packet(packet->sent, arrival);
        arriving_.add(arrival, packet->bytes);
        newest_arrival_ = arrival;
    });
    outcome.bps = outcome.delay == kNever ? bps_ : estimate(now);
    return outcome;
}

uint64_t ArrivalEstimate::estimate(TimeNs now) {
    if (first_feedback_ == kNever)
        first_feedback_ = risen_at_ = now;
    if (now - first_feedback_ < kSettle)
        return 0;
    const uint64_t arriving_bps = arriving_.bps(newest_arrival_);
    switch (trend_.use()) {
    case PathUse::Over:
        if (now - fallen_at_ >= kBetweenFalls) {
            full_bps_ = arriving_bps;
            const auto below = static_cast<uint64_t>(kFall * static_cast<double>(arriving_bps));
            bps_ = bps_ == 0 ? below : std::min(bps_, below);
            fallen_at_ = now;
        }
        break;
    case PathUse::Under: // a queue drains: wait
        break;
    case PathUse::Normal:
        rise(now, arriving_bps);
        break;
    }
    risen_at_ = now;
    return bps_;
}

void ArrivalEstimate::rise(TimeNs now, uint64_t arriving_bps) {
    const auto most = static_cast<uint64_t>(kAheadOfArrival * static_cast<double>(arriving_bps)) + kAheadBps;
    if (bps_ == 0)
        bps_ = arriving_bps;
    const double seconds = static_cast<double>(std::min(now - risen_at_, kMaxStep)) / kNsPerSecond;
    const auto near = static_cast<uint64_t>(kNearFull * static_cast<double>(full_bps_));
    const bool careful = full_bps_ > 0 && bps_ + near > full_bps_ && bps_ < full_bps_ + near;
    const double step = careful ? static_cast<double>(kCarefulBpsPerSecond) * seconds
                                : static_cast<double>(bps_) * kGrowthPerSecond * seconds;
    bps_ = std::max(bps_, std::min(bps_ + static_cast<uint64_t>(step), most));
}

} // namespace peerwire
