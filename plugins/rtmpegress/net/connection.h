// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One connected TCP socket, plain or with TLS.

#pragma once

#include "rtmpegress/net/tls_client.h"
#include "rtmpegress/net/unique_fd.h"

namespace rostrum {

/// Never blocks. Thread-bound to its owner's thread.
class Connection {
  public:
    /// Why nothing comes or goes any more.
    struct Failure {
        bool permanent = false;
        std::string text;
    };

    /// `fd`: connected and non-blocking.
    Connection(UniqueFd fd, std::optional<TlsClient> tls);

    /// Plain bytes that shall be sent: append only.
    rtmp::Bytes &outgoing() { return outgoing_; }
    /// What waits in this process.
    size_t unsent() const { return outgoing_.size() + (wire_.size() - wire_head_); }
    /// Sends what the socket takes.
    void flush();
    /// Nothing will follow, once all is sent.
    void shut_down();

    /// Plain bytes that arrived; 0 when there are none now.
    size_t receive(std::span<uint8_t> plain);
    /// The peer said that nothing follows, and all before that was received.
    bool is_closed() const { return closed_; }
    const std::optional<Failure> &failure() const { return failure_; }

    int fd() const { return fd_.get(); }
    /// Bytes on the wire: given to the kernel, not yet acknowledged by the peer's, come from the peer.
    uint64_t sent() const { return sent_; }
    uint64_t unacknowledged() const;
    uint64_t received() const { return received_; }

  private:
    void encrypt();
    bool takes_more() const;
    void fail(int error);

    const UniqueFd fd_;
    std::optional<TlsClient> tls_;
    rtmp::Bytes outgoing_;
    rtmp::Bytes wire_; // from wire_head_ on: to be sent
    size_t wire_head_ = 0;
    uint64_t sent_ = 0, received_ = 0;
    bool closed_ = false;
    std::optional<Failure> failure_;
};

} // namespace rostrum
