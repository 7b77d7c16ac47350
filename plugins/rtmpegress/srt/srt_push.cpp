// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/srt/srt_push.h"

#include "rtmpegress/net/resolve.h"

#include <algorithm>

namespace rostrum {

namespace {
constexpr int64_t kMarginMs = 50; // the way there, and the reader's turn
}

SrtPush::SrtPush(SrtUrl url, unsigned attempt, const StreamFormat &format, const PushSettings &settings)
    : url_(std::move(url)), attempt_(attempt), settings_(settings), cancel_(g_cancellable_new(), g_object_unref),
      mux_(format, [this](const uint8_t *bytes, size_t size) {
          if (connected_ && socket_.send(bytes, size))
              sent_ += size;
      }) {}

bool SrtPush::start() {
    if (const std::string fault = mux_.start(); !fault.empty())
        fail({true, fault});
    return !failure_;
}

void SrtPush::interrupt() {
    g_cancellable_cancel(cancel_.get());
}

void SrtPush::resolve_host() {
    const Resolved resolved = resolve(url_.host, url_.port, settings_.refuse_address, cancel_.get());
    if (resolved.addresses.empty())
        return fail(resolved.failure);
    const SocketAddress &address = resolved.addresses[attempt_ % resolved.addresses.size()];
    if (socket_.connect(url_, address))
        step_ = Step::Calling;
    else
        fail({false, "the SRT connection cannot be made from this machine"});
}

Push::Event SrtPush::poll(int64_t timeout_ms) {
    if (step_ == Step::Resolving)
        resolve_host();
    if (const std::string fault = mux_.error(); !fault.empty())
        fail({false, "the stream cannot be put in MPEG-TS: " + fault});
    if (failure_)
        return Event::Failed;
    if (step_ == Step::Ended)
        return Event::Ended;
    const SrtSocket::State state = socket_.wait(timeout_ms);
    connected_ = state == SrtSocket::State::Connected;
    if (state == SrtSocket::State::Broken) {
        fail(socket_.failure());
        return Event::Failed;
    }
    if (!mux_.has_ended() || socket_.unacknowledged() > 0)
        return Event::None;
    if (arrived_us_ == 0)
        arrived_us_ = g_get_monotonic_time();
    const bool handed_out = g_get_monotonic_time() > arrived_us_ + (socket_.peer_latency_ms() + kMarginMs) * 1000;
    return handed_out ? Event::Ended : Event::None;
}

void SrtPush::finish() {
    if (!connected_)
        step_ = Step::Ended;
    for (const MediaKind kind : {MediaKind::Video, MediaKind::Audio})
        end(kind);
}

PushBytes SrtPush::bytes() const {
    const uint64_t sent = sent_;
    return {connected_, sent, sent - std::min<uint64_t>(sent, socket_.unacknowledged())};
}

namespace {

class SrtTarget final : public Target {
  public:
    explicit SrtTarget(SrtUrl url) : url_(std::move(url)) {}
    std::string display() const override { return url_.display(); }
    std::unique_ptr<Push> make_push(const StreamFormat &format, const PushSettings &settings) const override {
        return std::make_unique<SrtPush>(url_, attempts_++, format, settings);
    }

  private:
    const SrtUrl url_;
    mutable std::atomic<unsigned> attempts_ = 0;
};

} // namespace

Result<std::shared_ptr<const Target>> parse_srt_target(std::string_view url, std::string_view stream_key) {
    auto parsed = parse_srt_url(url, stream_key);
    if (!parsed)
        return parsed.error();
    return std::shared_ptr<const Target>(std::make_shared<SrtTarget>(std::move(parsed).value()));
}

} // namespace rostrum
