// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A TCP connection to a server on 127.0.0.1, and a RemotePeer that uses one. They run in the test's thread.

#pragma once

#include "net/socket.h"
#include "support/remote_peer.h"
#include "wire/stream_framing.h"

#include <functional>

namespace peerwire::test {

/// Sends any bytes; cuts what comes into datagrams.
class TcpClient {
  public:
    /// `receive_buffer`: bytes that the kernel takes for us, 0 for its own choice.
    explicit TcpClient(uint16_t port, int receive_buffer = 0);

    void send_raw(std::span<const uint8_t> bytes);
    /// With its length in front.
    void send_datagram(std::span<const uint8_t> datagram);
    /// Reads what is there.
    void receive(const std::function<void(std::span<uint8_t>)> &on_datagram = [](std::span<uint8_t>) {});
    /// The server ended the connection. Seen by receive().
    bool closed() const { return closed_; }
    void close() { fd_ = FileDescriptor(); }

  private:
    FileDescriptor fd_;
    Deframer deframer_;
    bool closed_ = false;
};

class TcpPeer {
  public:
    explicit TcpPeer(DtlsRole role = DtlsRole::Client) : peer(role) {}

    /// Adds this peer to the server and connects over TCP; aborts the test when that takes longer than the deadline.
    PeerLocal connect(Server &server, std::unique_ptr<MediaEndpoint> endpoint);
    /// Another connection of the same peer, sends a check over it.
    void reconnect();
    void run_until(const std::function<bool()> &done, int deadline_ms = 10'000);

    RemotePeer peer;
    std::unique_ptr<TcpClient> client;
    bool reading = true;

  private:
    void pump();

    PeerLocal server_;
    TimeNs next_check_ = 0;
};

} // namespace peerwire::test
