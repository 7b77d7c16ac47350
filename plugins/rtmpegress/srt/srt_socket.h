// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One SRT connection that sends (draft-sharabayko-srt), over libsrt.

#pragma once

#include "rtmpegress/net/resolve.h"
#include "rtmpegress/srt/srt_url.h"

#include <atomic>
#include <srt/srt.h>

namespace rostrum {

/// Thread-bound to whoever made it, but for send() and unacknowledged().
class SrtSocket {
  public:
    static constexpr size_t kPayloadBytes = 1316; // 7 packets of MPEG-TS, SRT_LIVE_DEF_PLSIZE

    enum class State { Connecting, Connected, Broken };

    SrtSocket();
    ~SrtSocket(); // closes it
    SrtSocket(const SrtSocket &) = delete;
    SrtSocket &operator=(const SrtSocket &) = delete;

    /// Calls the listener in the background. False: failure() says why.
    bool connect(const SrtUrl &url, const SocketAddress &address);
    /// Waits for another state, or until the time is up.
    State wait(int64_t timeout_ms);
    /// Never blocks. False when the connection takes no more or is broken.
    bool send(const uint8_t *bytes, size_t size);
    size_t unacknowledged() const;
    /// How long the listener keeps what it got before it hands it out, ms. Closing earlier takes it away.
    int peer_latency_ms() const;
    /// Why it is Broken.
    PushFailure failure() const;

  private:
    State state() const;
    bool set(SRT_SOCKOPT option, const void *value, int size);

    const SRTSOCKET socket_;
    const int epoll_;
    bool was_connected_ = false;
};

} // namespace rostrum
