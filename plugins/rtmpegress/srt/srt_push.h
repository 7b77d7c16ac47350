// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One SRT session: resolve, call, send MPEG-TS.

#pragma once

#include "rtmpegress/push.h"
#include "rtmpegress/srt/srt_socket.h"
#include "rtmpegress/srt/srt_url.h"
#include "rtmpegress/srt/ts_mux.h"

#include <optional>

namespace rostrum {

/// Thread-bound to its destination's thread, but for what the feed calls.
class SrtPush final : public Push {
  public:
    /// Of the addresses that the host has and that may be used, number `attempt` (modulo their number) is called.
    SrtPush(SrtUrl url, unsigned attempt, const StreamFormat &format, const PushSettings &settings);
    SrtPush(const SrtPush &) = delete;
    SrtPush &operator=(const SrtPush &) = delete;

    bool start() override;
    void finish() override;
    Event poll(int64_t timeout_ms) override;
    PushFailure failure() const override { return failure_.value_or(PushFailure{}); }
    PushBytes bytes() const override;
    bool has_backlog() const override { return mux_.has_backlog() || socket_.unacknowledged() > 0; }
    void interrupt() override;

    bool can_begin(const FramePtr &start) override { return connected_ && mux_.can_begin(start); }
    void begin(const FramePtr &start) override { mux_.begin(start); }
    bool take(const FramePtr &frame) override { return mux_.take(frame); }
    void end(MediaKind kind) override { mux_.end(kind); }

  private:
    enum class Step { Resolving, Calling, Ended };

    void resolve_host();
    void fail(PushFailure failure) { failure_ = std::move(failure); }

    const SrtUrl url_;
    const unsigned attempt_;
    const PushSettings settings_;
    const std::unique_ptr<GCancellable, void (*)(gpointer)> cancel_; // of the resolver
    Step step_ = Step::Resolving;
    std::optional<PushFailure> failure_;
    int64_t arrived_us_ = 0; // when the listener had the last of it
    std::atomic<bool> connected_ = false;
    std::atomic<uint64_t> sent_ = 0;
    SrtSocket socket_;
    TsMux mux_; // last: its thread sends on the socket
};

Result<std::shared_ptr<const Target>> parse_srt_target(std::string_view url, std::string_view stream_key);

} // namespace rostrum
