// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "support/tcp_peer.h"

#include "net/clock.h"

#include <glib.h>
#include <poll.h>

#include <cerrno>
#include <utility>

namespace peerwire::test {

namespace {

constexpr TimeNs kCheckInterval = 50 * kNsPerMs;
constexpr int kPollMs = 2;

} // namespace

TcpClient::TcpClient(uint16_t port, int receive_buffer) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0)
        ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const auto to = to_socket_address(Address::v4(127, 0, 0, 1, port), AF_INET);
    g_assert_cmpint(::connect(fd_.get(), reinterpret_cast<const sockaddr *>(&to.storage), to.size), ==, 0);
}

void TcpClient::send_raw(std::span<const uint8_t> bytes) {
    while (!bytes.empty() && !closed_) {
        const auto sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        closed_ = sent < 0 && errno != EINTR;
        bytes = bytes.subspan(static_cast<size_t>(std::max<ssize_t>(sent, 0)));
    }
}

void TcpClient::send_datagram(std::span<const uint8_t> datagram) {
    Bytes framed{static_cast<uint8_t>(datagram.size() >> 8), static_cast<uint8_t>(datagram.size())};
    framed.insert(framed.end(), datagram.begin(), datagram.end());
    send_raw(framed);
}

void TcpClient::receive(const std::function<void(std::span<uint8_t>)> &on_datagram) {
    uint8_t bytes[4096];
    for (;;) {
        const auto size = ::recv(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        if (size > 0) {
            g_assert_true(deframer_.feed(std::span(bytes).first(static_cast<size_t>(size)), on_datagram));
            continue;
        }
        closed_ |= size == 0 || (errno != EAGAIN && errno != EINTR);
        return;
    }
}

PeerLocal TcpPeer::connect(Server &server, std::unique_ptr<MediaEndpoint> endpoint) {
    PeerSetup setup = peer.setup();
    setup.endpoint = std::move(endpoint);
    const auto added = server.add_peer(std::move(setup));
    g_assert_true(added.ok());
    server_ = added.value();
    g_assert_cmpuint(server_.tcp_port, !=, 0);
    client = std::make_unique<TcpClient>(server_.tcp_port);
    peer.set_remote(server_);
    run_until([this] { return peer.connected(); });
    return server_;
}

void TcpPeer::reconnect() {
    client = std::make_unique<TcpClient>(server_.tcp_port);
    peer.send_check();
}

void TcpPeer::pump() {
    const TimeNs now = monotonic_now();
    if (!peer.connected() && !peer.failed() && now >= next_check_) {
        peer.send_check();
        next_check_ = now + kCheckInterval;
    }
    if (reading)
        client->receive([this](std::span<uint8_t> datagram) { peer.handle_datagram(datagram); });
    if (peer.checks_answered > 0)
        peer.handle_timeout();
    for (; !peer.outgoing.empty(); peer.outgoing.pop_front())
        client->send_datagram(peer.outgoing.front());
}

void TcpPeer::run_until(const std::function<bool()> &done, int deadline_ms) {
    const TimeNs deadline = monotonic_now() + deadline_ms * kNsPerMs;
    for (;;) {
        pump();
        if (done())
            return;
        if (monotonic_now() >= deadline)
            g_error("nothing of what was waited for happened in %d ms", deadline_ms);
        ::poll(nullptr, 0, kPollMs); // conditions of other threads as well: a short nap serves all
    }
}

} // namespace peerwire::test
