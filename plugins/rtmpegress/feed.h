// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The stream that enters rtmpegress, handed to every destination that is connected.

#pragma once

#include "rtmpegress/history.h"
#include "sync/mutex.h"

#include <array>
#include <optional>
#include <vector>

namespace rostrum {

/// Takes frames. Called with the feed's lock held, from streaming threads: never blocks, never calls the feed.
class FrameSink {
  public:
    virtual ~FrameSink() = default;
    /// May it begin here? Not while it still has too much to send, and never twice at one keyframe.
    virtual bool can_begin(const FramePtr &start) = 0;
    /// It has little to send: a keyframe, if there were one, would be of use.
    virtual bool has_room() { return true; }
    /// The next frames are continuous from `start` on.
    virtual void begin(const FramePtr &start) = 0;
    /// False: no room. The feed then holds back until can_begin() at a later keyframe.
    virtual bool take(const FramePtr &frame) = 0;
    /// No more of this kind will come.
    virtual void end(MediaKind kind) = 0;
};

/// What the stream consists of; a kind that it has not has null caps.
struct StreamFormat {
    std::array<GstPtr<GstCaps>, kMediaKinds> caps;
    GstCaps *of(MediaKind kind) const { return caps[static_cast<size_t>(kind)].get(); }
    StreamFormat share() const { return {{ref(caps[0].get()), ref(caps[1].get())}}; }
};

/// Thread-safe.
class Feed {
  public:
    /// A pad of this kind exists (or no longer): starts wait until each expected kind has caps.
    void expect(MediaKind kind, bool expected);
    void set_caps(MediaKind kind, GstCaps *caps);
    void publish(const FramePtr &frame);
    void publish_end(MediaKind kind);
    /// Forgets what was sent: time starts anew (flush) or the element stopped.
    void reset();

    /// Nothing until the stream is completely known.
    std::optional<StreamFormat> format();

    /// Starts the sink at the newest keyframe if that is still at hand, else at the next.
    void attach(FrameSink &sink);
    void detach(FrameSink &sink);
    /// The sink waits for a keyframe, and for nothing else.
    bool needs_keyframe(FrameSink &sink);
    /// Frames that it did not get since it first began, because it had no room.
    uint64_t dropped(FrameSink &sink);

  private:
    struct Track {
        bool expected = false, ended = false;
        GstPtr<GstCaps> caps;
        int64_t last_dts = INT64_MIN;
    };
    struct Entry {
        FrameSink *sink;
        bool flowing = false, begun = false;
        uint64_t dropped = 0;
    };

    Track &track(MediaKind kind) REQUIRES(mutex_) { return tracks_[static_cast<size_t>(kind)]; }
    void try_begin(Entry &entry) REQUIRES(mutex_);
    void watch_time(const Frame &frame) REQUIRES(mutex_);

    peerwire::Mutex mutex_;
    std::array<Track, kMediaKinds> tracks_ GUARDED_BY(mutex_);
    History history_ GUARDED_BY(mutex_);
    std::vector<Entry> sinks_ GUARDED_BY(mutex_);
};

} // namespace rostrum
