// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/bandwidth.h"

#include <algorithm>
#include <utility>

namespace peerwire {

namespace {

constexpr uint64_t kMinBps = 10'000; // nothing that has media is slower
constexpr uint64_t kMaxBps = 1'000'000'000;

// As in draft-ietf-rmcat-gcc-02 §6: below it is chance, above it the path is full.
constexpr double kHighLoss = 0.10;
constexpr double kSomeLoss = 0.05;                // enough where the receiver's estimate fell as well
constexpr double kMostAtOnce = 0.4;               // losses come in bursts: few packets show too many of them
constexpr double kOverflowing = 0.25;             // what is left then is what the path carries
constexpr double kFewPackets = 10, kFewLost = 4;  // show an overflow
constexpr double kManyLost = 8;                   // show a high loss
constexpr double kManyPackets = 150;              // show what is more than chance
constexpr TimeNs kJudgeEvery = 200 * kNsPerMs;    // a receiver in trouble reports after every loss
constexpr uint32_t kMaxPacketsPerReport = 20'000; // more is a report of another stream, or a lie

constexpr double kFell = 0.97; // browsers report a fall of 3 % at once
constexpr TimeNs kRecent = 2 * kNsPerSecond;

// A round trip passes two radio links; a queue of a router is longer, and stays.
constexpr TimeNs kQueue = 100 * kNsPerMs;
constexpr TimeNs kProbeQueue = 200 * kNsPerMs; // what a probe may leave behind
constexpr TimeNs kQueueStays = 150 * kNsPerMs;
constexpr TimeNs kMarkEvery = 800 * kNsPerMs;
constexpr TimeNs kSlowEvery = 400 * kNsPerMs;
constexpr double kSlower = 0.85, kSlowest = 0.7; // of what is sent; what does not grow a queue passes
constexpr TimeNs kPeriod = 15 * kNsPerSecond;    // clocks drift, routes change

uint64_t scaled(uint64_t bps, double factor) {
    return static_cast<uint64_t>(static_cast<double>(bps) * factor);
}

} // namespace

void Bandwidth::note_sign(TimeNs now) {
    ++signs_;
    sign_at_ = now;
}

void Bandwidth::congest(TimeNs now, uint64_t kept_bps) {
    note_sign(now);
    if (of_before(now))
        return;
    congested_at_ = now;
    if (receiver_bps_ > 0 && now - receiver_fell_at_ < kRecent)
        kept_bps = std::min(kept_bps, receiver_bps_);
    capacity_bps_ = std::max(std::min(capacity_bps_, kept_bps), kMinBps);
}

void Bandwidth::on_receiver_estimate(TimeNs now, uint64_t bps) {
    bps = std::clamp(bps, kMinBps, kMaxBps);
    const bool fell = bps < scaled(receiver_bps_, kFell);
    const bool rose = bps > receiver_bps_;
    receiver_bps_ = bps;
    if (fell && (loaded(now) || of_before(now))) {
        note_sign(now);
    } else if (fell) {
        receiver_fell_at_ = now;
        if (now - congested_at_ < kRecent)
            congest(now, bps);
        else
            note_sign(now);
    } else if (rose && now - sign_at_ >= kRecent) { // one that stands still is of another time
        prove(bps);
    }
}

void Bandwidth::on_report(TimeNs now, const ReportBlock &block, uint64_t sending_bps) {
    ++reports_;
    const uint32_t packets = block.highest_sequence - reported_sequence_;
    const bool first = !std::exchange(reported_, true);
    reported_sequence_ = block.highest_sequence;
    if (!first && packets <= kMaxPacketsPerReport && !sees_arrivals_)
        count_losses(now, packets, packets * (block.fraction_lost / 256.0), sending_bps);
}

void Bandwidth::on_arrivals(TimeNs now, unsigned packets, unsigned lost, TimeNs delay, uint64_t sending_bps) {
    sees_arrivals_ = true;
    ++reports_;
    count_losses(now, packets, lost, sending_bps);
    if (delay != kNever)
        note_delay(now, delay, sending_bps);
}

void Bandwidth::count_losses(TimeNs now, double packets, double lost, uint64_t sending_bps) {
    expected_ += packets;
    lost_ += lost;
    if (expected_ < kFewPackets || now - judged_at_ < kJudgeEvery)
        return;
    const bool clear = (lost_ >= kFewLost && lost_ > kOverflowing * expected_) ||
                       (lost_ >= kManyLost && lost_ > kHighLoss * expected_);
    if (lost_ > 0 && !clear && expected_ < kManyPackets)
        return;
    judge_loss(now, lost_ / expected_, sending_bps);
    judged_at_ = now;
    expected_ = lost_ = 0;
}

void Bandwidth::judge_loss(TimeNs now, double loss, uint64_t sending_bps) {
    const bool estimate_fell = now - receiver_fell_at_ < kRecent;
    if (loss > kOverflowing)
        congest(now, scaled(sending_bps, std::max(1 - loss, kMostAtOnce)));
    else if (loss > kHighLoss || (loss > kSomeLoss && estimate_fell))
        congest(now, scaled(sending_bps, 1 - loss / 2));
}

/// A queue of q seconds grows by sending / capacity - 1 a second.
uint64_t Bandwidth::drained_bps(TimeNs now, uint64_t sending_bps) const {
    const TimeNs passed = now - marked_at_, grown = queue_ - queue_mark_;
    if (passed < kQueueStays || grown <= 0)
        return sending_bps;
    return scaled(sending_bps, static_cast<double>(passed) / static_cast<double>(passed + grown));
}

/// Less waits than a second ago: enough was done.
bool Bandwidth::drains(TimeNs now) {
    if (now - marked_at_ >= kMarkEvery) {
        queue_before_ = std::exchange(queue_mark_, queue_);
        marked_at_ = now;
    }
    return queue_ < queue_before_ - queue_before_ / 16;
}

void Bandwidth::on_round_trip(TimeNs now, TimeNs round_trip, uint64_t sending_bps) {
    round_trip_ = round_trip;
    if (!sees_arrivals_)
        note_delay(now, round_trip, sending_bps);
}

void Bandwidth::note_delay(TimeNs now, TimeNs delay, uint64_t sending_bps) {
    if (now - period_began_ >= kPeriod) {
        shortest_before_ = std::exchange(shortest_, kNever);
        period_began_ = now;
    }
    shortest_ = std::min(shortest_, delay);
    queue_ = delay - std::min(shortest_, shortest_before_);
    const uint64_t slower_bps = scaled(std::min(sending_bps, capacity_bps_), kSlower);
    const uint64_t kept_bps =
        std::min(std::max(slower_bps, scaled(sending_bps, kSlowest)), drained_bps(now, sending_bps));
    const bool less = drains(now);
    if (queue_ < kQueue) {
        queued_since_ = kNever;
        return;
    }
    if (queued_since_ == kNever || less || (loaded(now) && queue_ < kProbeQueue)) {
        queued_since_ = now;
        note_sign(now);
    } else if (now - queued_since_ >= kQueueStays && now - slowed_at_ >= kSlowEvery) {
        slowed_at_ = now;
        congest(now, kept_bps);
    }
}

void Bandwidth::prove(uint64_t bps) {
    capacity_bps_ = std::max(capacity_bps_, std::min(bps, kMaxBps));
}

} // namespace peerwire
