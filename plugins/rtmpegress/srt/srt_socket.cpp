// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/srt/srt_socket.h"

#include <algorithm>
#include <srt/access_control.h>
#include <srt/logging_api.h>

namespace rostrum {

namespace {

constexpr int kConnectMs = 3000; // ten calls; SRTO_CONNTIMEO

/// Once for the process, and never undone: other elements may use the library too.
void start_library() {
    static const int started = [] {
        srt_setloglevel(LOG_CRIT); // it writes to stderr
        return srt_startup();
    }();
    (void)started;
}

/// What the listener says when another call would get the same answer.
bool is_permanent(int reason) {
    static constexpr int kReasons[] = {SRT_REJ_BADSECRET,     SRT_REJ_UNSECURE,      SRT_REJ_VERSION,
                                       SRT_REJX_BAD_REQUEST,  SRT_REJX_UNAUTHORIZED, SRT_REJX_FORBIDDEN,
                                       SRT_REJX_KEY_NOTSUP,   SRT_REJX_BAD_MODE,     SRT_REJX_UNACCEPTABLE,
                                       SRT_REJX_HOSTNOTFOUND, SRT_REJX_NOTSUP_MEDIA};
    return std::find(std::begin(kReasons), std::end(kReasons), reason) != std::end(kReasons);
}

std::string text_of(int reason) {
    switch (reason) {
    case SRT_REJ_TIMEOUT:
    case SRT_REJ_UNKNOWN:
        return "nobody answers there";
    case SRT_REJ_BADSECRET:
        return "the server refused the passphrase";
    case SRT_REJ_UNSECURE:
        return "one side has a passphrase and the other has none";
    case SRT_REJX_UNAUTHORIZED:
    case SRT_REJX_FORBIDDEN:
        return "the server refused the stream id";
    default:
        break;
    }
    if (reason >= SRT_REJC_PREDEFINED)
        return "the server refused the stream: code " + std::to_string(reason);
    return std::string("the server refused the connection: ") + srt_rejectreason_str(reason);
}

} // namespace

SrtSocket::SrtSocket() : socket_((start_library(), srt_create_socket())), epoll_(srt_epoll_create()) {}

SrtSocket::~SrtSocket() {
    srt_close(socket_);
    srt_epoll_release(epoll_);
}

bool SrtSocket::set(SRT_SOCKOPT option, const void *value, int size) {
    return srt_setsockflag(socket_, option, value, size) != SRT_ERROR;
}

bool SrtSocket::connect(const SrtUrl &url, const SocketAddress &address) {
    const bool blocking = false;
    const int payload = kPayloadBytes, events = SRT_EPOLL_OUT | SRT_EPOLL_ERR;
    bool good = set(SRTO_SNDSYN, &blocking, sizeof blocking) && set(SRTO_RCVSYN, &blocking, sizeof blocking) &&
                set(SRTO_CONNTIMEO, &kConnectMs, sizeof kConnectMs) && set(SRTO_PAYLOADSIZE, &payload, sizeof payload);
    if (!url.stream_id.empty())
        good = good && set(SRTO_STREAMID, url.stream_id.data(), static_cast<int>(url.stream_id.size()));
    if (url.key_bytes > 0)
        good = good && set(SRTO_PBKEYLEN, &url.key_bytes, sizeof url.key_bytes);
    if (!url.passphrase.empty())
        good = good && set(SRTO_PASSPHRASE, url.passphrase.data(), static_cast<int>(url.passphrase.size()));
    if (url.latency_ms >= 0)
        good = good && set(SRTO_LATENCY, &url.latency_ms, sizeof url.latency_ms);
    return good && srt_epoll_add_usock(epoll_, socket_, &events) != SRT_ERROR &&
           srt_connect(socket_, address.get(), static_cast<int>(address.size)) != SRT_ERROR;
}

SrtSocket::State SrtSocket::state() const {
    switch (srt_getsockstate(socket_)) {
    case SRTS_INIT:
    case SRTS_OPENED:
    case SRTS_CONNECTING:
        return State::Connecting;
    case SRTS_CONNECTED:
        return State::Connected;
    default:
        return State::Broken;
    }
}

SrtSocket::State SrtSocket::wait(int64_t timeout_ms) {
    SRTSOCKET ready[1];
    int count = 1;
    srt_epoll_wait(epoll_, nullptr, nullptr, ready, &count, timeout_ms, nullptr, nullptr, nullptr, nullptr);
    const State now = state();
    if (now == State::Connected && !was_connected_) {
        was_connected_ = true;
        const int events = SRT_EPOLL_ERR; // it can nearly always be written to
        srt_epoll_update_usock(epoll_, socket_, &events);
    }
    return now;
}

bool SrtSocket::send(const uint8_t *bytes, size_t size) {
    return srt_send(socket_, reinterpret_cast<const char *>(bytes), static_cast<int>(size)) != SRT_ERROR;
}

size_t SrtSocket::unacknowledged() const {
    size_t blocks = 0, bytes = 0;
    return srt_getsndbuffer(socket_, &blocks, &bytes) == SRT_ERROR ? 0 : bytes;
}

int SrtSocket::peer_latency_ms() const {
    int latency = 0, size = sizeof latency;
    srt_getsockflag(socket_, SRTO_PEERLATENCY, &latency, &size);
    return latency;
}

PushFailure SrtSocket::failure() const {
    if (was_connected_)
        return {false, "the connection broke"};
    const int reason = srt_getrejectreason(socket_);
    return {is_permanent(reason), text_of(reason)};
}

} // namespace rostrum
