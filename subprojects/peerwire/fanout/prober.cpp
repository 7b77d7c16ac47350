// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/prober.h"

#include <algorithm>

namespace peerwire {

namespace {

constexpr TimeNs kDuration = 500 * kNsPerMs;
// A probe that is half too much fills a queue of 250 ms: no more, except where nothing is known at all.
constexpr double kStep = 1.5, kFirstStep = 2.5;
constexpr TimeNs kSoundQueue = 60 * kNsPerMs;

// Receivers report every 250 ms, and see a queue within 200 ms.
constexpr TimeNs kVerdict = 700 * kNsPerMs;

constexpr TimeNs kCalm = 1500 * kNsPerMs; // since the last sign of congestion
constexpr TimeNs kMinPause = 2 * kNsPerSecond, kMaxPause = 32 * kNsPerSecond;

constexpr TimeNs kPace = 10 * kNsPerMs; // where neither picture nor sound gives one

} // namespace

void Prober::update(TimeNs now, uint64_t wanted_bps, uint64_t sent_bytes) {
    judge(now, sent_bytes);
    const bool calm = now - bandwidth_.sign_at() >= kCalm;
    if (state_ == State::Idle && wanted_bps > bandwidth_.bps() && now >= not_before_ && calm)
        begin(now, wanted_bps, sent_bytes);
    next_ = state_ == State::Idle ? kNever : state_ == State::Waiting ? until_ : std::min(until_, now + kPace);
}

void Prober::judge(TimeNs now, uint64_t sent_bytes) {
    if (state_ != State::Idle && bandwidth_.signs() != signs_before_)
        return fail(now);
    if (state_ == State::Running && now >= until_) {
        const auto spent_us = static_cast<uint64_t>((now - began_) / kNsPerUs);
        reached_bps_ = (sent_bytes - sent_before_) * 8 * 1'000'000 / spent_us;
        state_ = State::Waiting;
        until_ = now + kVerdict;
    } else if (state_ == State::Waiting && now >= until_) {
        if (bandwidth_.queue() > kSoundQueue)
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
    target_bps_ = std::min(wanted_bps, static_cast<uint64_t>(step * static_cast<double>(bandwidth_.bps())));
    sent_before_ = sent_bytes;
    signs_before_ = bandwidth_.signs();
    ++count_;
}

void Prober::fail(TimeNs now) {
    state_ = State::Idle;
    pause_ = std::clamp(2 * pause_, kMinPause, kMaxPause);
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
