// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/video_input.h"

#include <algorithm>

namespace livecompositor {

namespace {

constexpr TimeNs kAheadNs = 100'000'000;               // a source that is not live may run so far ahead of the composer
constexpr size_t kMaxWaiting = 128;                    // 2 s of 60 pictures per second
constexpr size_t kMaxWaitingBytes = size_t{100} << 20; // a second of 1080p30; fewer pictures wait when they are larger
constexpr size_t kMinWaiting = 4;

} // namespace

using peerwire::MutexLock;

void VideoInput::set_format(const GstVideoInfo &info) {
    info_ = info;
    has_format_ = true;
}

bool VideoInput::push(BufferPtr buffer, TimeNs time, bool live) {
    {
        MutexLock lock(mutex_);
        while (!live && !flushing_ && time > reached_ + kAheadNs)
            advanced_.wait(mutex_);
        if (flushing_)
            return false;
    }
    if (!has_format_)
        return true;
    auto frame = std::make_shared<VideoFrame>();
    frame->info = info_;
    frame->time = time;
    if (const auto wanted = target(); wanted && !Scaler::is_same(info_, *wanted)) {
        frame->tile = make_tile(buffer.get(), *wanted);
        frame->tile_target = *wanted;
        if (!frame->tile)
            return true; // not what its caps say: one bad picture less
    }
    frame->buffer = std::move(buffer);
    MutexLock lock(mutex_);
    const size_t most = std::clamp(kMaxWaitingBytes / std::max<size_t>(1, info_.size), kMinWaiting, kMaxWaiting);
    while (waiting_.size() >= most) { // rather shown early than never
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
    }
    waiting_.push_back(std::move(frame));
    return true;
}

std::shared_ptr<const Image> VideoInput::make_tile(GstBuffer *buffer, const Target &target) {
    auto image = tiles_.take(target.size);
    return scaler_.scale(buffer, info_, target, image->picture()) ? image : nullptr;
}

std::optional<Target> VideoInput::target() const {
    MutexLock lock(mutex_);
    return target_;
}

void VideoInput::end() {
    MutexLock lock(mutex_);
    ended_ = true;
}

void VideoInput::begin() {
    MutexLock lock(mutex_);
    ended_ = false;
}

void VideoInput::clear() {
    MutexLock lock(mutex_);
    waiting_.clear();
    ended_ = false;
}

void VideoInput::reset() {
    clear();
    MutexLock lock(mutex_);
    current_ = nullptr;
    reached_ = INT64_MIN / 2;
}

void VideoInput::set_flushing(bool flushing) {
    MutexLock lock(mutex_);
    flushing_ = flushing;
    advanced_.notify_all();
}

void VideoInput::set_target(const std::optional<Target> &target) {
    MutexLock lock(mutex_);
    target_ = target;
}

void VideoInput::set_delay(TimeNs delay) {
    MutexLock lock(mutex_);
    delay_ = delay;
}

std::shared_ptr<const VideoFrame> VideoInput::at(TimeNs time) {
    MutexLock lock(mutex_);
    reached_ = time - delay_;
    while (!waiting_.empty() && waiting_.front()->time <= reached_) {
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
    }
    if (ended_ && waiting_.empty())
        current_ = nullptr;
    advanced_.notify_all();
    return current_;
}

} // namespace livecompositor
