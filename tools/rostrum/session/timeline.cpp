// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timeline.h"

#include <algorithm>

namespace rostrum::session {

namespace {

// More pauses and parts than the sound can be behind what it follows.
constexpr size_t kMaxSpans = 16;

} // namespace

void Timeline::begin(int64_t time) {
    if (recording())
        return;
    const Place at = spans_.empty() ? Place{} : place(spans_.back(), spans_.back().end);
    spans_.push_back({time, kNever, at.part, at.time});
    if (spans_.size() > kMaxSpans)
        spans_.erase(spans_.begin());
}

void Timeline::pause(int64_t time) {
    if (recording())
        spans_.back().end = std::max(time, spans_.back().begin);
}

void Timeline::cut(int64_t time) {
    pause(time);
    spans_.push_back({time, kNever, spans_.empty() ? 0 : spans_.back().part + 1, 0});
    if (spans_.size() > kMaxSpans)
        spans_.erase(spans_.begin());
}

Timeline::Place Timeline::lead(int64_t time) const {
    return place(spans_.back(), std::max(time, spans_.back().begin));
}

Timeline::Verdict Timeline::follow(int64_t time, int64_t duration) {
    for (const Span &span : spans_) {
        if (span.end != kNever && time >= span.end)
            continue;
        if (time < span.begin)
            return {Fate::Drops, {}};
        const Place at = place(span, time);
        if (at.part < followed_.part || (at.part == followed_.part && at.time + duration / 2 < followed_.time))
            return {Fate::Drops, {}}; // sound was ahead of the picture when that paused
        followed_ = {at.part, at.time + duration};
        return {Fate::Goes, at};
    }
    return {Fate::Waits, {}};
}

} // namespace rostrum::session
