// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What was sent since the newest keyframe, so that a destination that (re)connects starts at once and decodable.

#pragma once

#include "rtmpegress/frame.h"

#include <deque>

namespace rostrum {

constexpr int64_t kHistoryNs = 3'000'000'000; // a GOP of 2 s and what audio is ahead of it
constexpr size_t kHistoryBytes = 16u << 20;

/// Bounded: a GOP that outgrows the limits is given up, and starts wait for the next keyframe. Thread-bound to its
/// owner's lock.
class History {
  public:
    /// In order of arrival. `video` tells whether the stream has a picture: then only its keyframes are starts.
    void add(const FramePtr &frame, bool video);
    void clear();

    /// The frame that a destination would start at, or null when there is none yet.
    FramePtr start() const { return start_; }

    /// start() and everything at or after its time, in order of arrival; empty when there is no start.
    const std::deque<FramePtr> &frames() const { return frames_; }

  private:
    template <class Keep> void filter(Keep keep);
    bool is_over_limit() const;

    std::deque<FramePtr> frames_; // before the first start: audio that may belong to it
    FramePtr start_;
    size_t bytes_ = 0;
};

} // namespace rostrum
