// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/prober.h"

#include <algorithm>

namespace peerwire {

namespace {

// A probe that is half too much makes a queue of 125 ms: no more, except where nothing is known at all.
constexpr TimeNs kDuration = 250 * kNsPerMs;
constexpr double kStep = 1.5, kFirstStep = 2.5;
constexpr double kMargin = 1.05; // what a probe reaches is a little less than it aims at
constexpr TimeNs kSoundQueue = 60 * kNsPerMs;

// Receivers report every 250 ms, and see a queue within 200 ms.
constexpr TimeNs kVerdict = 600 * kNsPerMs;
constexpr TimeNs kPatience = 2 * kNsPerSecond; // for the report that says that nothing was wrong

constexpr TimeNs kCalm = 1500 * kNsPerMs; // since the last sign of congestion
constexpr TimeNs kMinPause = 2 * kNsPerSecond, kMaxPause = 16 * kNsPerSecond, kMaxUrgentPause = 4 * kNsPerSecond;

constexpr TimeNs kPace = 10 * kNsPerMs; // where neither picture nor sound gives one

} // namespace

void Prober::update(TimeNs now, uint64_t wanted_bps, uint64_t sent_bytes, bool urgent) {
    max_pause_ = urgent ? kMaxUrgentPause : kMaxPause;
    not_before_ = std::min(not_before_, now + max_pause_);
    judge(now, sent_bytes);
    const bool calm = bandwidth_.reports() > 0 && now - bandwidth_.sign_at() >= kCalm;
    if (state_ == State::Idle && wanted_bps > bandwidth_.bps() && now >= not_before_ && calm)
        begin(now, wanted_bps, sent_bytes);
    next_ = state_ == State::Idle      ? kNever
            : state_ == State::Waiting ? std::max(until_, now + kPace)
                                       : std::min(until_, now + kPace);
}

void Prober::judge(TimeNs now, uint64_t sent_bytes) {
    if (state_ != State::Idle && bandwidth_.signs() != signs_before_)
        return fail(now);
    if (state_ == State::Running && now >= until_) {
        const auto spent_us = static_cast<uint64_t>((now - began_) / kNsPerUs);
        reached_bps_ = (sent_bytes - sent_before_) * 8 * 1'000'000 / spent_us;
        reports_before_ = bandwidth_.reports();
        state_ = State::Waiting;
        until_ = now + kVerdict;
        queue_ = 0;
        return;
    }
    if (state_ != State::Waiting)
        return;
    queue_ = std::max(queue_, bandwidth_.queue());
    if (now >= until_) {
        if (bandwidth_.reports() == reports_before_ && now < until_ + kPatience)
            return; // browsers with little to report on wait
        if (bandwidth_.reports() == reports_before_ || queue_ > kSoundQueue || reached_bps_ <= bandwidth_.bps())
            return fail(now);
        bandwidth_.prove(reached_bps_);
        state_ = State::Idle;
        pause_ = 0;
        not_before_ = now;
    }
}

void Prober::begin(TimeNs now, uint64_t wanted_bps, uint64_t sent_bytes) {
    state_ = State::Running;
    began_ = now;
    until_ = now + kDuration;
    const double step = bandwidth_.signs() == 0 ? kFirstStep : kStep;
    target_bps_ = static_cast<uint64_t>(
        std::min(kMargin * static_cast<double>(wanted_bps), step * static_cast<double>(bandwidth_.bps())));
    sent_before_ = sent_bytes;
    signs_before_ = bandwidth_.signs();
    bandwidth_.expect_load(until_);
    ++count_;
}

void Prober::fail(TimeNs now) {
    state_ = State::Idle;
    pause_ = std::clamp(2 * pause_, kMinPause, max_pause_);
    not_before_ = now + pause_;
}

uint64_t Prober::due(TimeNs now, uint64_t sent_bytes) const {
    if (state_ != State::Running)
        return 0;
    const auto elapsed_us = static_cast<uint64_t>(std::min(now, until_) - began_) / static_cast<uint64_t>(kNsPerUs);
    const uint64_t wanted = target_bps_ / 8 * elapsed_us / 1'000'000, sent = sent_bytes - sent_before_;
    return wanted > sent ? wanted - sent : 0;
}

} // namespace peerwire
