// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/destination.h"

#include "rtmpegress/debug.h"

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr int64_t kConnectMs = 10'000;   // from the host's name to the server's consent
constexpr int64_t kFinishMs = 2'500;     // a stalled server holds a removal no longer
constexpr int64_t kStableMs = 10'000;    // a session that was live so long was a good one: backoff starts again
constexpr int64_t kTickMs = 100;         // while live
constexpr int64_t kConnectTickMs = 20;   // while connecting or leaving
constexpr int64_t kKeyframeAskMs = 1000; // encoders need a while to answer

int64_t now_us() {
    return g_get_monotonic_time();
}

} // namespace

const char *to_string(DestinationState state) {
    switch (state) {
    case DestinationState::Connecting:
        return "connecting";
    case DestinationState::Live:
        return "live";
    case DestinationState::Retrying:
        return "retrying";
    case DestinationState::Failed:
        return "failed";
    case DestinationState::Stopped:
        break;
    }
    return "stopped";
}

Destination::Destination(std::string id, std::shared_ptr<const Target> target, Feed &feed, DestinationHooks hooks)
    : id_(std::move(id)), target_(std::move(target)), feed_(feed), hooks_(std::move(hooks)) {
    MutexLock lock(mutex_);
    status_.id = id_;
    status_.url = target_->display();
}

Destination::~Destination() {
    cut();
    join();
}

void Destination::start() {
    if (running_)
        return;
    join();
    {
        MutexLock lock(mutex_);
        if (retired_)
            return;
        wish_ = Wish::Run;
    }
    running_ = true;
    gone_ = false;
    MutexLock lock(thread_mutex_);
    thread_ = std::thread([this] { run(); });
}

void Destination::finish() {
    set_wish(Wish::Finish);
}

void Destination::retire() {
    {
        MutexLock lock(mutex_);
        retired_ = true;
    }
    finish();
}

bool Destination::is_retired() {
    MutexLock lock(mutex_);
    return retired_;
}

void Destination::cut() {
    set_wish(Wish::Cut);
}

void Destination::join() {
    MutexLock lock(thread_mutex_);
    if (thread_.joinable())
        thread_.join();
}

DestinationStatus Destination::status() {
    MutexLock lock(mutex_);
    return status_;
}

Destination::Wish Destination::wish() {
    MutexLock lock(mutex_);
    return wish_;
}

void Destination::set_wish(Wish wish) {
    MutexLock lock(mutex_);
    wish_ = std::max(wish_, wish);
    if (push_)
        push_->interrupt();
    changed_.notify_all();
}

bool Destination::pause(int64_t ms) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
    MutexLock lock(mutex_);
    while (wish_ == Wish::Run)
        if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout)
            return wish_ == Wish::Run;
    return false;
}

void Destination::wait_for_wish() {
    MutexLock lock(mutex_);
    while (wish_ == Wish::Run)
        changed_.wait(mutex_);
}

void Destination::report(DestinationState state, const std::string &error, int64_t retry_in_ms) {
    DestinationStatus status;
    {
        MutexLock lock(mutex_);
        if (state == DestinationState::Connecting)
            status_.attempts++;
        if (state == DestinationState::Live && was_live_)
            status_.reconnects++;
        was_live_ = was_live_ || state == DestinationState::Live;
        if (state != DestinationState::Connecting && state != DestinationState::Stopped)
            status_.error = error;
        if (state != DestinationState::Live)
            status_.bitrate_bps = 0;
        status_.state = state;
        status_.retry_in_ms = retry_in_ms;
        status = status_;
    }
    GST_INFO("%s %s: %s %s", id_.c_str(), status.url.c_str(), to_string(state), error.c_str());
    hooks_.changed(status);
}

void Destination::run() {
    while (const auto format = wait_for_format()) {
        const Outcome outcome = session(*format);
        if (outcome == Outcome::Done)
            break;
        if (outcome == Outcome::GiveUp) {
            wait_for_wish();
            break;
        }
    }
    report(DestinationState::Stopped);
    running_ = false;
    hooks_.ended(*this);
    gone_ = true;
}

std::optional<StreamFormat> Destination::wait_for_format() {
    while (wish() == Wish::Run) {
        if (auto format = feed_.format())
            return format;
        pause(kTickMs);
    }
    return std::nullopt;
}

Destination::Outcome Destination::session(const StreamFormat &format) {
    report(DestinationState::Connecting);
    live_since_us_ = 0;
    const DestinationSettings settings = hooks_.settings();
    const PushFailure failure = attempt(format, settings.push);
    if (wish() != Wish::Run)
        return Outcome::Done;
    if (failure.permanent) {
        report(DestinationState::Failed, failure.text);
        return Outcome::GiveUp;
    }
    const bool was_stable = live_since_us_ > 0 && now_us() - live_since_us_ > kStableMs * 1000;
    failures_ = was_stable ? 1 : failures_ + 1;
    const int64_t wait_ms = backoff_ms(settings.backoff, failures_, g_random_double());
    report(DestinationState::Retrying, failure.text, wait_ms);
    return pause(wait_ms) ? Outcome::Again : Outcome::Done;
}

/// One session from its beginning to its end; why it ended, unless that was wanted.
PushFailure Destination::attempt(const StreamFormat &format, const PushSettings &settings) {
    const auto push = target_->make_push(format, settings);
    {
        MutexLock lock(mutex_);
        push_ = push.get();
    }
    std::optional<std::string> gave_up;
    if (push->start())
        gave_up = watch(*push);
    leave_feed(*push);
    {
        MutexLock lock(mutex_);
        push_ = nullptr;
        earlier_bytes_ = status_.bytes;
    }
    return gave_up ? PushFailure{false, *gave_up} : push->failure();
}

/// Until the session fails or is no longer wanted; when it is found dead, how.
std::optional<std::string> Destination::watch(Push &push) {
    StallWatch stall;
    const int64_t started_us = now_us();
    int64_t asked_us = INT64_MIN / 2;
    bool live = false;
    rate_.reset();
    for (;;) {
        const Wish wanted = wish();
        if (wanted == Wish::Cut)
            return std::nullopt;
        if (wanted == Wish::Finish) {
            settle(push, now_us() + kFinishMs * 1000);
            return std::nullopt;
        }
        const Push::Event event = push.poll(live ? kTickMs : kConnectTickMs);
        const PushBytes bytes = observe(push);
        const int64_t now = now_us();
        if (event != Push::Event::None)
            break;
        if (!live && bytes.published) {
            live = true;
            live_since_us_ = now;
            feed_.attach(push);
            report(DestinationState::Live);
        }
        if (!live && now - started_us > kConnectMs * 1000)
            return "the server did not answer in time";
        if (live && stall.update(now, bytes.sent, bytes.acknowledged, push.has_backlog()))
            return "the server takes no more data";
        if (live && feed_.needs_keyframe(push) && now - asked_us > kKeyframeAskMs * 1000) {
            asked_us = now;
            hooks_.need_keyframe();
        }
    }
    return std::nullopt;
}

void Destination::settle(Push &push, int64_t deadline_us) {
    leave_feed(push);
    push.finish();
    Push::Event event = Push::Event::None;
    while (event == Push::Event::None && now_us() < deadline_us && wish() != Wish::Cut) {
        event = push.poll(kConnectTickMs);
        observe(push);
    }
}

void Destination::leave_feed(Push &push) {
    earlier_dropped_ += feed_.dropped(push);
    feed_.detach(push);
}

PushBytes Destination::observe(Push &push) {
    const PushBytes bytes = push.bytes();
    const uint64_t dropped = feed_.dropped(push);
    rate_.update(now_us(), bytes.sent);
    MutexLock lock(mutex_);
    status_.bytes = earlier_bytes_ + (bytes.published ? bytes.sent : 0);
    status_.bitrate_bps = bytes.published ? rate_.bps() : 0;
    status_.dropped = earlier_dropped_ + dropped;
    return bytes;
}

} // namespace rostrum
