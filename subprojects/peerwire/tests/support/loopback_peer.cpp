// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "support/loopback_peer.h"

#include "net/clock.h"
#include "net/receive_batch.h"

#include <glib.h>
#include <poll.h>

#include <utility>

namespace peerwire::test {

namespace {

constexpr TimeNs kCheckInterval = 50 * kNsPerMs;
constexpr int kPollMs = 2;

} // namespace

LoopbackPeer::LoopbackPeer(DtlsRole role, const char *address)
    : peer(role), socket_(UdpSocket::bind(address, 0, 0).value()) {}

PeerLocal LoopbackPeer::connect(Server &server, std::unique_ptr<MediaEndpoint> endpoint) {
    PeerSetup setup;
    setup.endpoint = std::move(endpoint);
    return connect(server, std::move(setup));
}

PeerLocal LoopbackPeer::connect(Server &server, PeerSetup setup) {
    PeerSetup own = peer.setup();
    own.endpoint = std::move(setup.endpoint);
    own.connect_timeout = setup.connect_timeout;
    own.consent_timeout = setup.consent_timeout;
    auto added = server.add_peer(std::move(own));
    g_assert_true(added.ok());
    aim(added.value());
    run_until([this] { return peer.connected(); });
    return added.value();
}

void LoopbackPeer::aim(const PeerLocal &server_side) {
    server_ = Address::v4(127, 0, 0, 1, server_side.port);
    peer.set_remote(server_side);
}

void LoopbackPeer::rebind() {
    socket_ = UdpSocket::bind("127.0.0.1", 0, 0).value();
}

void LoopbackPeer::send_raw(std::span<const uint8_t> datagram) {
    const auto to = to_socket_address(server_, AF_INET);
    ::sendto(socket_.fd.get(), datagram.data(), datagram.size(), 0, reinterpret_cast<const sockaddr *>(&to.storage),
             to.size);
}

void LoopbackPeer::send_outgoing() {
    for (; !peer.outgoing.empty(); peer.outgoing.pop_front())
        send_raw(peer.outgoing.front());
}

void LoopbackPeer::pump() {
    const TimeNs now = monotonic_now();
    if (!peer.connected() && !peer.failed() && now >= next_check_) {
        peer.send_check();
        next_check_ = now + kCheckInterval;
    }
    static thread_local ReceiveBatch batch; // one for all: a test may have a thousand peers
    while (batch.receive(socket_.fd.get()) > 0) {
        while (const auto datagram = batch.next())
            peer.handle_datagram(datagram->bytes);
    }
    if (peer.checks_answered > 0)
        peer.handle_timeout();
    send_outgoing();
}

void LoopbackPeer::run_until(const std::function<bool()> &done, int deadline_ms) {
    run_all_until({this}, done, deadline_ms);
}

void run_all_until(const std::vector<LoopbackPeer *> &peers, const std::function<bool()> &done, int deadline_ms) {
    const TimeNs deadline = monotonic_now() + deadline_ms * kNsPerMs;
    for (;;) {
        for (auto *peer : peers)
            peer->pump();
        if (done())
            return;
        if (monotonic_now() >= deadline)
            g_error("nothing of what was waited for happened in %d ms", deadline_ms);
        ::poll(nullptr, 0, kPollMs); // many sockets and conditions of other threads: a short nap serves all
    }
}

} // namespace peerwire::test
