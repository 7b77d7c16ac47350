// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One publishing session on one RTMP server: a pipeline of its own, so that nothing that happens to it reaches the
// pipeline the frames come from.

#pragma once

#include "rtmpegress/push.h"
#include "rtmpegress/rtmp_url.h"

#include <string>

namespace rostrum {

/// Frames are put in FLV whose time starts near 0 and only grows. Thread-bound to its destination's thread, but for
/// what the feed calls.
class RtmpPush final : public Push {
  public:
    RtmpPush(const RtmpUrl &url, const StreamFormat &format);
    ~RtmpPush() override; // cuts the connection if it still stands
    RtmpPush(const RtmpPush &) = delete;
    RtmpPush &operator=(const RtmpPush &) = delete;

    bool start() override;
    void finish() override;
    Event poll(int64_t timeout_ms) override;
    PushFailure failure() const override { return failure_; }
    PushBytes bytes() const override;
    bool has_backlog() const override;

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

Result<std::shared_ptr<const Target>> parse_rtmp_target(std::string_view url, std::string_view stream_key);

} // namespace rostrum
