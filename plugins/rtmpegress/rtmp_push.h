// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One publishing session on one RTMP server: one socket, served by the thread that calls poll().

#pragma once

#include "rtmpegress/frame_queue.h"
#include "rtmpegress/media_writer.h"
#include "rtmpegress/net/connection.h"
#include "rtmpegress/net/dialer.h"
#include "rtmpegress/push.h"
#include "rtmpegress/rtmp/adobe_auth.h"
#include "rtmpegress/rtmp/publisher.h"
#include "rtmpegress/rtmp_url.h"

#include <atomic>

namespace rostrum {

/// Resolves, connects, logs in (which may take three connections), publishes. See Push.
class RtmpPush final : public Push {
  public:
    RtmpPush(const RtmpUrl &url, const StreamFormat &format, PushSettings settings);
    ~RtmpPush() override;
    RtmpPush(const RtmpPush &) = delete;
    RtmpPush &operator=(const RtmpPush &) = delete;

    bool start() override;
    void finish() override;
    Event poll(int64_t timeout_ms) override;
    void interrupt() override;
    PushFailure failure() const override { return failure_.value_or(PushFailure{}); }
    PushBytes bytes() const override;
    bool has_backlog() const override;

    bool can_begin(const FramePtr &start) override { return queue_.can_begin(start); }
    bool has_room() override { return queue_.has_room(); }
    void begin(const FramePtr &start) override;
    bool take(const FramePtr &frame) override;
    void end(MediaKind kind) override;

  private:
    enum class Step { Resolving, Dialing, Talking, Lingering, Ended };

    void wake();
    void wait(int64_t until_us);
    void serve(int64_t now_us);
    void resolve_host();
    void dial(int64_t now_us);
    void open(UniqueFd fd);
    void receive();
    void fill(int64_t now_us);
    void linger(int64_t now_us);
    void on_refused();
    void fail(bool permanent, const std::string &text);
    bool is_over() const { return failure_ || step_ == Step::Ended; }

    const RtmpUrl url_;
    const StreamFormat format_;
    const PushSettings settings_;
    const UniqueFd wake_; // eventfd: a frame is ready, or interrupt()
    const std::unique_ptr<GCancellable, void (*)(gpointer)> cancel_;
    FrameQueue queue_;
    std::atomic<bool> interrupted_ = false;

    // Its destination's thread only.
    Step step_ = Step::Resolving;
    std::vector<SocketAddress> addresses_; // checked: every connection of this session goes to one of them
    std::optional<Dialer> dialer_;
    std::optional<Connection> connection_;
    std::optional<rtmp::Publisher> publisher_;
    rtmp::AdobeAuth auth_;
    MediaWriter writer_;
    bool published_ = false, finishing_ = false;
    int64_t opened_us_ = 0, shut_us_ = 0;
    std::optional<PushFailure> failure_;
};

Result<std::shared_ptr<const Target>> parse_rtmp_target(std::string_view url, std::string_view stream_key);

} // namespace rostrum
