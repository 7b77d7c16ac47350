// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/frame_queue.h"

#include <algorithm>

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr int64_t kMaxNs = 5'000'000'000; // a history (3 s) and a stall of 2 s
constexpr size_t kMaxBytes = 24u << 20;
constexpr int64_t kResumeNs = 500'000'000;
constexpr int64_t kPatienceUs = 2'500'000; // an encoder's lookahead; a kind that is silent for so long stops nobody
constexpr int64_t kMsNs = 1'000'000;

} // namespace

FrameQueue::FrameQueue(bool video, bool audio) {
    MutexLock lock(mutex_);
    track(MediaKind::Video).used = video;
    track(MediaKind::Audio).used = audio;
}

bool FrameQueue::can_begin(const FramePtr &start) {
    MutexLock lock(mutex_);
    return start->dts != last_start_ && track(start->kind).waiting_ns() < kResumeNs;
}

bool FrameQueue::has_room() {
    MutexLock lock(mutex_);
    return std::all_of(tracks_.begin(), tracks_.end(), [](const Track &each) { return each.waiting_ns() < kResumeNs; });
}

void FrameQueue::begin(const FramePtr &start, int64_t now_us) {
    MutexLock lock(mutex_);
    const int64_t first = std::min(start->dts, start->pts);
    const bool anew = begun_ && start->dts + offset_ <= track(start->kind).last_dts; // the source's time
    if (!begun_)
        offset_ = -first;
    else if (anew)
        offset_ = last_dts_ + kMsNs - first;
    begun_ = true;
    for (Track &each : tracks_)
        each.last_us = now_us;
    Track &audio = track(MediaKind::Audio);
    audio.taken_dts = anew ? INT64_MIN : audio.last_dts;
}

FrameQueue::Taken FrameQueue::take(const FramePtr &frame, int64_t now_us) {
    MutexLock lock(mutex_);
    Track &here = track(frame->kind);
    const Track &other = track(frame->kind == MediaKind::Video ? MediaKind::Audio : MediaKind::Video);
    if (!here.used)
        return {true, false};
    if (here.waiting_ns() > kMaxNs || bytes_ > kMaxBytes)
        return {false, true};
    const Item item{frame, frame->dts + offset_, frame->pts + offset_, now_us};
    if (item.dts < 0 || item.pts < 0 || item.dts <= here.taken_dts)
        return {true, false};
    if (frame->keyframe && (frame->kind == MediaKind::Video || !track(MediaKind::Video).used))
        last_start_ = frame->dts;
    here.last_us = now_us;
    here.last_dts = item.dts;
    last_dts_ = std::max(last_dts_, item.dts);
    bytes_ += gst_buffer_get_size(frame->buffer.get());
    here.items.push_back(item);
    return {true, !other.items.empty() || !other.used || other.ended};
}

void FrameQueue::end(MediaKind kind) {
    MutexLock lock(mutex_);
    track(kind).ended = true;
}

FrameQueue::Track *FrameQueue::next(int64_t now_us, bool last) {
    Track &video = track(MediaKind::Video), &audio = track(MediaKind::Audio);
    if (!video.items.empty() && !audio.items.empty())
        return video.items.front().dts <= audio.items.front().dts ? &video : &audio;
    Track &here = video.items.empty() ? audio : video;
    const Track &other = video.items.empty() ? video : audio;
    if (here.items.empty())
        return nullptr;
    const Item &head = here.items.front();
    const bool alone = last || !other.used || other.ended || now_us - other.last_us > kPatienceUs;
    return alone || head.dts <= other.last_dts || now_us - head.arrived_us > kPatienceUs ? &here : nullptr;
}

std::optional<TimedFrame> FrameQueue::pop(int64_t now_us, bool last) {
    MutexLock lock(mutex_);
    Track *from = next(now_us, last);
    if (!from)
        return std::nullopt;
    const Item item = std::move(from->items.front());
    from->items.pop_front();
    bytes_ -= gst_buffer_get_size(item.frame->buffer.get());
    from->last_ms = std::max(from->last_ms, item.dts / kMsNs);
    const int64_t composition = item.pts / kMsNs - from->last_ms;
    // RTMP's clock goes round after 49 days.
    return TimedFrame{item.frame, static_cast<uint32_t>(from->last_ms), static_cast<int32_t>(composition)};
}

bool FrameQueue::is_empty() {
    MutexLock lock(mutex_);
    return std::all_of(tracks_.begin(), tracks_.end(), [](const Track &each) { return each.items.empty(); });
}

} // namespace rostrum
