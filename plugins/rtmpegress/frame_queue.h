// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Frames on their way to one server: its timeline, their order, and how many may wait.

#pragma once

#include "rtmpegress/frame.h"
#include "sync/mutex.h"

#include <array>
#include <deque>
#include <optional>

namespace rostrum {

/// A frame with its FLV times.
struct TimedFrame {
    FramePtr frame;
    uint32_t dts_ms = 0;
    int32_t composition_ms = 0; // pts - dts
};

/// Time starts near 0 and never goes back; frames left out leave a gap. Sound and picture come out in order of time, as
/// far as one waits for the other. Thread-safe.
class FrameQueue {
  public:
    FrameQueue(bool video, bool audio);

    /// As FrameSink; take() also says whether there is now something to send.
    bool can_begin(const FramePtr &start);
    bool has_room();
    void begin(const FramePtr &start, int64_t now_us);
    struct Taken {
        bool room = false, ready = false;
    };
    Taken take(const FramePtr &frame, int64_t now_us);
    void end(MediaKind kind);

    /// The next one, if it need not wait for the other kind. `last`: nothing more will come.
    std::optional<TimedFrame> pop(int64_t now_us, bool last);
    bool is_empty();

  private:
    struct Item {
        FramePtr frame;
        int64_t dts = 0, pts = 0; // on this timeline, ns
        int64_t arrived_us = 0;
    };
    struct Track {
        bool used = false, ended = false;
        std::deque<Item> items;
        int64_t last_dts = INT64_MIN;  // taken
        int64_t taken_dts = INT64_MIN; // taken before begin(): sound that was ahead of the picture comes again
        int64_t last_us = 0;           // when something was taken
        int64_t last_ms = 0;           // given out
        int64_t waiting_ns() const { return items.empty() ? 0 : items.back().dts - items.front().dts; }
    };

    Track &track(MediaKind kind) REQUIRES(mutex_) { return tracks_[static_cast<size_t>(kind)]; }
    Track *next(int64_t now_us, bool last) REQUIRES(mutex_);

    peerwire::Mutex mutex_;
    std::array<Track, kMediaKinds> tracks_ GUARDED_BY(mutex_);
    size_t bytes_ GUARDED_BY(mutex_) = 0;
    bool begun_ GUARDED_BY(mutex_) = false;
    int64_t offset_ GUARDED_BY(mutex_) = 0;             // added to a frame's time
    int64_t last_dts_ GUARDED_BY(mutex_) = 0;           // the latest that was taken, on this timeline
    int64_t last_start_ GUARDED_BY(mutex_) = INT64_MIN; // dts of the newest frame taken that is a start
};

} // namespace rostrum
