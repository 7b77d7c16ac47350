// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/feed.h"

#include <algorithm>

namespace rostrum {

using peerwire::MutexLock;

namespace {
constexpr int64_t kTimeJumpNs = 500'000'000; // further back than any reordering: the source began anew
}

void Feed::expect(MediaKind kind, bool expected) {
    MutexLock lock(mutex_);
    track(kind) = Track{};
    track(kind).expected = expected;
    if (expected)
        return;
    for (Entry &entry : sinks_)
        entry.sink->end(kind);
}

void Feed::set_caps(MediaKind kind, GstCaps *caps) {
    MutexLock lock(mutex_);
    track(kind).caps = ref(caps);
    track(kind).ended = false;
}

void Feed::watch_time(const Frame &frame) {
    Track &here = track(frame.kind);
    if (here.last_dts != INT64_MIN && frame.dts < here.last_dts - kTimeJumpNs) {
        history_.clear();
        for (Entry &entry : sinks_)
            entry.flowing = false;
        for (Track &other : tracks_)
            other.last_dts = INT64_MIN;
    }
    here.last_dts = frame.dts;
}

void Feed::try_begin(Entry &entry) {
    const FramePtr start = history_.start();
    if (!start || !entry.sink->can_begin(start))
        return;
    entry.sink->begin(start);
    entry.begun = true;
    entry.flowing = std::all_of(history_.frames().begin(), history_.frames().end(),
                                [&](const FramePtr &frame) { return entry.sink->take(frame); });
}

void Feed::publish(const FramePtr &frame) {
    MutexLock lock(mutex_);
    watch_time(*frame);
    const Track &video = track(MediaKind::Video);
    history_.add(frame, video.expected && !video.ended);
    for (Entry &entry : sinks_) {
        if (entry.flowing)
            entry.flowing = entry.sink->take(frame);
        else
            try_begin(entry);
        if (!entry.flowing && entry.begun)
            entry.dropped++;
    }
}

void Feed::publish_end(MediaKind kind) {
    MutexLock lock(mutex_);
    track(kind).ended = true;
    for (Entry &entry : sinks_)
        entry.sink->end(kind);
}

void Feed::reset() {
    MutexLock lock(mutex_);
    history_.clear();
    for (Entry &entry : sinks_)
        entry.flowing = false;
    for (Track &each : tracks_) {
        each.last_dts = INT64_MIN;
        each.ended = false;
    }
}

std::optional<StreamFormat> Feed::format() {
    MutexLock lock(mutex_);
    StreamFormat format;
    bool any = false;
    for (size_t i = 0; i < kMediaKinds; i++) {
        if (!tracks_[i].expected)
            continue;
        if (!tracks_[i].caps)
            return std::nullopt;
        format.caps[i] = ref(tracks_[i].caps.get());
        any = true;
    }
    return any ? std::optional(std::move(format)) : std::nullopt;
}

void Feed::attach(FrameSink &sink) {
    MutexLock lock(mutex_);
    Entry &entry = sinks_.emplace_back(Entry{&sink});
    try_begin(entry);
    for (size_t i = 0; i < kMediaKinds; i++)
        if (tracks_[i].ended)
            sink.end(static_cast<MediaKind>(i));
}

void Feed::detach(FrameSink &sink) {
    MutexLock lock(mutex_);
    std::erase_if(sinks_, [&](const Entry &entry) { return entry.sink == &sink; });
}

uint64_t Feed::dropped(FrameSink &sink) {
    MutexLock lock(mutex_);
    for (const Entry &entry : sinks_)
        if (entry.sink == &sink)
            return entry.dropped;
    return 0;
}

bool Feed::needs_keyframe(FrameSink &sink) {
    MutexLock lock(mutex_);
    return std::any_of(sinks_.begin(), sinks_.end(),
                       [&](const Entry &entry) { return entry.sink == &sink && !entry.flowing && sink.has_room(); });
}

} // namespace rostrum
