// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Frames into MPEG-TS, in a pipeline of its own.

#pragma once

#include "rtmpegress/feed.h"

#include <atomic>
#include <functional>
#include <string>

namespace rostrum {

/// Time starts near 0 and only grows. What a FrameSink has is called with the feed's lock; the rest is thread-bound.
class TsMux {
  public:
    /// `out` gets pieces of at most seven packets, from the pipeline's own thread, until the TsMux is destroyed.
    TsMux(const StreamFormat &format, std::function<void(const uint8_t *bytes, size_t size)> out);
    ~TsMux();
    TsMux(const TsMux &) = delete;
    TsMux &operator=(const TsMux &) = delete;

    /// Returns an error text or "".
    std::string start();
    /// The error that stopped it, or "".
    std::string error();
    /// After end() of all kinds: everything went to `out`.
    bool has_ended() const { return ended_; }
    bool has_backlog() const;

    bool can_begin(const FramePtr &start) const;
    void begin(const FramePtr &start);
    bool take(const FramePtr &frame);
    void end(MediaKind kind);

  private:
    struct Input {
        GstPtr<GstElement> source; // appsrc; null when the stream has not this kind
        GstPtr<GstCaps> caps;      // feed's lock, once started
    };

    Input &input(MediaKind kind) { return inputs_[static_cast<size_t>(kind)]; }
    GstElement *make(const char *factory);
    bool add_input(GstElement *mux, MediaKind kind, GstCaps *caps);
    bool add_sink(GstElement *mux);
    int64_t running_time() const;

    const std::function<void(const uint8_t *, size_t)> out_;
    GstPtr<GstElement> pipeline_;
    GstPtr<GstBus> bus_;
    std::array<Input, kMediaKinds> inputs_;
    std::string fault_;
    std::atomic<bool> ended_ = false;

    // Feed's lock.
    int64_t offset_ = 0;            // added to a frame's time
    int64_t start_dts_ = INT64_MIN; // of the newest begin()
    int64_t last_out_ = 0;
};

} // namespace rostrum
