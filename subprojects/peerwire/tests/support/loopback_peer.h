// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A RemotePeer with a socket on 127.0.0.1. It runs in the test's thread, inside run_until().

#pragma once

#include "net/socket.h"
#include "support/remote_peer.h"

#include <functional>
#include <vector>

namespace peerwire::test {

class LoopbackPeer {
  public:
    /// `address`: any of 127.0.0.0/8.
    explicit LoopbackPeer(DtlsRole role = DtlsRole::Client, const char *address = "127.0.0.1");

    /// Adds this peer to the server and connects; aborts the test when that takes longer than the deadline.
    PeerLocal connect(Server &server, std::unique_ptr<MediaEndpoint> endpoint);
    /// The same with options in `setup` (timeouts); credentials are filled in.
    PeerLocal connect(Server &server, PeerSetup setup);
    /// Knows whom to talk to, sends nothing yet.
    void aim(const PeerLocal &server_side);

    /// Carries datagrams both ways, repeats checks until connected and DTLS timers, until `done`. Aborts the test
    /// after `deadline_ms`.
    void run_until(const std::function<bool()> &done, int deadline_ms = 10'000);
    /// One round without waiting.
    void pump();
    /// From another port from now on, as when a NAT forgets: nothing is sent to tell.
    void rebind();
    /// Sends bytes as they are.
    void send_raw(std::span<const uint8_t> datagram);

    RemotePeer peer;

  private:
    void send_outgoing();

    UdpSocket socket_;
    Address server_;
    TimeNs next_check_ = 0;
};

/// Runs several peers in one thread until `done`.
void run_all_until(const std::vector<LoopbackPeer *> &peers, const std::function<bool()> &done,
                   int deadline_ms = 10'000);

} // namespace peerwire::test
