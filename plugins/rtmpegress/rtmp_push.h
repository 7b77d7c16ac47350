// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One publishing session on one RTMP server: a pipeline of its own, so that nothing that happens to it reaches the
// pipeline the frames come from.

#pragma once

#include "rtmpegress/feed.h"
#include "rtmpegress/rtmp_url.h"

#include <string>

namespace rostrum {

/// Why a session ended. `permanent`: trying again cannot help.
struct PushFailure {
    bool permanent = false;
    std::string text;
};

struct PushBytes {
    bool published = false; // the server accepted the stream
    uint64_t sent = 0, acknowledged = 0;
};

/// Frames are put in FLV whose time starts near 0 and only grows. Thread-bound to its destination's thread, but for
/// what the feed calls.
class RtmpPush final : public FrameSink {
  public:
    enum class Event { None, Ended, Failed };

    RtmpPush(const RtmpUrl &url, const StreamFormat &format);
    ~RtmpPush() override; // cuts the connection if it still stands
    RtmpPush(const RtmpPush &) = delete;
    RtmpPush &operator=(const RtmpPush &) = delete;

    /// False with failure() set. Connecting happens in the background.
    bool start();
    /// Ends the FLV and unpublishes; Ended follows when that is on its way to the server.
    void finish();
    /// Waits up to `timeout_ms` for something to happen.
    Event poll(int64_t timeout_ms);
    const PushFailure &failure() const { return failure_; }
    /// The caller found it dead.
    void give_up(std::string why) { failure_ = {false, std::move(why)}; }
    PushBytes bytes() const;
    /// Frames wait to be sent.
    bool has_backlog() const;

    bool can_begin(const FramePtr &start) override;
    void begin(const FramePtr &start) override;
    bool take(const FramePtr &frame) override;
    void end(MediaKind kind) override;

  private:
    struct Input {
        GstPtr<GstElement> source; // appsrc; null when the stream has not this kind
        GstPtr<GstCaps> caps;      // feed's lock, once started
    };

    Input &input(MediaKind kind) { return inputs_[static_cast<size_t>(kind)]; }
    bool add_input(GstElement *mux, MediaKind kind, GstCaps *caps);
    int64_t running_time() const;

    const RtmpUrl url_;
    GstPtr<GstElement> pipeline_;
    GstPtr<GstElement> sink_;
    GstPtr<GstBus> bus_;
    std::array<Input, kMediaKinds> inputs_;
    PushFailure failure_;

    // Feed's lock.
    int64_t offset_ = 0;            // added to a frame's time
    int64_t start_dts_ = INT64_MIN; // of the newest begin()
    int64_t last_out_ = 0;
};

} // namespace rostrum
