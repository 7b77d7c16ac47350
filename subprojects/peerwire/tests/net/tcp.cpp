// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// ICE-TCP: real shards, peers and strangers that speak TCP over the loopback interface.

#include "net/clock.h"
#include "net/server.h"
#include "support/hex.h"
#include "support/loopback_peer.h"
#include "support/tcp_peer.h"

#include <glib.h>

#include <atomic>
#include <vector>

using namespace peerwire;
using test::Bytes;
using test::LoopbackPeer;
using test::rtp_packet;
using test::TcpClient;
using test::TcpPeer;

namespace {

/// Returns every packet to its sender; floods at each wake when asked to.
class Echo final : public MediaEndpoint {
  public:
    explicit Echo(unsigned flood = 0) : flood_(flood) {}

    void attach(Transport &transport) override { transport_ = &transport; }
    void on_connected(TimeNs) override {}
    void on_rtp(TimeNs, std::span<const uint8_t> packet) override { send(packet); }
    void on_rtcp(TimeNs, std::span<const uint8_t>) override {}
    void on_wake(TimeNs) override {
        for (unsigned i = 0; i < flood_; ++i)
            send(rtp_packet(next_++, 7, 1200));
    }
    TimeNs next_timeout() const override { return kNever; }
    void on_timeout(TimeNs) override {}
    void on_closed(TimeNs, CloseReason) override {}

  private:
    void send(std::span<const uint8_t> packet) {
        const auto room = transport_->reserve(packet.size());
        if (room.empty())
            return;
        std::copy(packet.begin(), packet.end(), room.begin());
        transport_->commit_rtp(packet.size());
    }

    const unsigned flood_;
    uint16_t next_ = 0;
    Transport *transport_ = nullptr;
};

std::unique_ptr<Server> make_server(const TcpLimits &limits = {}, unsigned shards = 1) {
    ServerConfig config;
    config.shards = shards;
    config.ice_tcp = true;
    config.tcp_limits = limits;
    auto server = Server::create(config);
    g_assert_true(server.ok());
    return std::move(server).value();
}

/// Packets come back, as many as were sent.
template <class Remote> void assert_echo(Remote &remote, uint16_t first, uint16_t count) {
    remote.peer.rtp.clear();
    for (uint16_t i = 0; i < count; ++i)
        remote.peer.send_rtp(rtp_packet(static_cast<uint16_t>(first + i), 1, 1000));
    remote.run_until([&] { return remote.peer.rtp.size() == count; });
}

void wait_for(const std::function<bool()> &done) {
    const TimeNs deadline = monotonic_now() + 10 * kNsPerSecond;
    while (!done()) {
        g_assert_cmpint(monotonic_now(), <, deadline);
        g_usleep(2000); // between two looks at the other thread's counters
    }
}

void test_session() {
    auto server = make_server({}, 2);
    TcpPeer first, second;
    const auto local = first.connect(*server, std::make_unique<Echo>());
    const auto other = second.connect(*server, std::make_unique<Echo>());
    g_assert_cmpuint(local.tcp_port, !=, other.tcp_port); // each shard has its own
    g_assert_true(first.peer.profile() == SrtpProfile::AeadAes128Gcm);
    assert_echo(first, 0, 300);
    assert_echo(second, 0, 10);
    g_assert_cmpuint(first.peer.undecryptable, ==, 0);

    server->remove_peer(local.id, CloseReason::Removed);
    first.run_until([&] { return first.peer.closed() && first.client->closed(); });
    assert_echo(second, 10, 10);
    g_assert_cmpuint(server->counters().dropped_send_error, ==, 0);
}

void test_close_notify() {
    auto server = make_server();
    TcpPeer remote;
    remote.connect(*server, std::make_unique<Echo>());
    remote.peer.close();
    remote.run_until([&] { return remote.client->closed() && server->peer_count() == 0; });
}

void test_new_connection() {
    auto server = make_server();
    TcpPeer remote;
    remote.connect(*server, std::make_unique<Echo>());
    assert_echo(remote, 0, 10);
    for (uint16_t round = 1; round < 8; ++round) { // more often than a peer may have addresses
        if (round % 2)
            remote.client->close();
        remote.reconnect();
        assert_echo(remote, static_cast<uint16_t>(round * 10), 10);
    }
    g_assert_cmpuint(server->counters().tcp_accepted, ==, 8);
}

void test_udp_as_well() {
    auto server = make_server();
    LoopbackPeer udp;
    udp.connect(*server, std::make_unique<Echo>());
    TcpPeer tcp;
    tcp.connect(*server, std::make_unique<Echo>());
    for (uint16_t i = 0; i < 100; i = static_cast<uint16_t>(i + 10)) {
        assert_echo(udp, i, 10);
        assert_echo(tcp, i, 10);
    }
}

// Strangers.

struct HostileRow {
    const char *name;
    std::string bytes; // hex
};

const std::vector<HostileRow> kHostile{
    {"nothing at all", ""},
    {"half a length", "00"},
    {"a length and silence", "0400"},
    {"half a datagram", "0010 0001 0000"},
    {"empty datagrams", "0000 0000 0000 0000"},
    {"a datagram of 65535 bytes", "ffff 0001"},
    {"HTTP", "474554202f20485454502f312e310d0a0d0a"},
    {"TLS", "160301020001000001fc0303"},
    {"DTLS before a check", "000d 16fefd00000000000000000000"},
    {"RTP before a check", "000c 80600001000000010000 0001"},
    {"a check for nobody", "0014 000100002112a442 000000000000000000000001"},
};

void test_strangers() {
    TcpLimits limits;
    limits.proof_timeout = 50 * kNsPerMs;
    auto server = make_server(limits);
    TcpPeer viewer;
    const auto port = viewer.connect(*server, std::make_unique<Echo>()).tcp_port;
    uint16_t sequence = 0;
    for (const HostileRow &row : kHostile) {
        g_test_message("%s", row.name);
        TcpClient stranger(port);
        stranger.send_raw(test::unhex(row.bytes));
        viewer.run_until([&stranger] {
            stranger.receive([](std::span<uint8_t>) { g_error("a stranger was answered"); });
            return stranger.closed();
        });
        assert_echo(viewer, sequence, 3);
        sequence = static_cast<uint16_t>(sequence + 3);
    }
    g_assert_cmpuint(server->counters().tcp_accepted, ==, kHostile.size() + 1);
}

void test_wrong_password() {
    TcpLimits limits;
    limits.proof_timeout = 50 * kNsPerMs;
    auto server = make_server(limits);
    TcpPeer viewer;
    const auto port = viewer.connect(*server, std::make_unique<Echo>()).tcp_port;
    TcpClient stranger(port);
    viewer.peer.send_check(test::RemotePeer::Check::WrongPassword);
    stranger.send_datagram(viewer.peer.outgoing.front());
    viewer.peer.outgoing.clear();
    viewer.run_until([&stranger] {
        stranger.receive();
        return stranger.closed();
    });
    assert_echo(viewer, 0, 10);
    g_assert_cmpuint(server->counters().dropped_stun, ==, 1);
}

void test_mid_frame() {
    auto server = make_server();
    TcpPeer viewer;
    const auto port = viewer.connect(*server, std::make_unique<Echo>()).tcp_port;
    for (const char *bytes : {"", "00", "0400 0001"}) {
        TcpClient stranger(port);
        stranger.send_raw(test::unhex(bytes));
    }
    wait_for([&] { return server->counters().tcp_accepted == 4; });
    assert_echo(viewer, 0, 10);
    viewer.client->send_raw(test::unhex("0400 8060"));
    viewer.reconnect(); // the old connection ends in the middle of a datagram
    assert_echo(viewer, 10, 10);
}

void test_too_many() {
    TcpLimits limits;
    limits.unproven_per_host = 4;
    auto server = make_server(limits);
    TcpPeer viewer;
    const auto port = viewer.connect(*server, std::make_unique<Echo>()).tcp_port;
    std::vector<std::unique_ptr<TcpClient>> strangers;
    for (int i = 0; i < 10; ++i)
        strangers.push_back(std::make_unique<TcpClient>(port));
    wait_for([&] { return server->counters().tcp_refused == 6; });
    assert_echo(viewer, 0, 10);
    strangers.clear();
    TcpPeer next; // there is room again
    next.connect(*server, std::make_unique<Echo>());
}

void test_oldest_makes_room() {
    TcpLimits limits;
    limits.unproven = 3;
    auto server = make_server(limits);
    TcpPeer viewer;
    const auto port = viewer.connect(*server, std::make_unique<Echo>()).tcp_port;
    std::vector<std::unique_ptr<TcpClient>> strangers;
    for (int i = 0; i < 4; ++i)
        strangers.push_back(std::make_unique<TcpClient>(port));
    wait_for([&] {
        strangers.front()->receive();
        return strangers.front()->closed();
    });
    for (int i = 1; i < 4; ++i) {
        strangers[static_cast<size_t>(i)]->receive();
        g_assert_false(strangers[static_cast<size_t>(i)]->closed());
    }
    TcpPeer next; // strangers that are many do not keep a viewer out
    next.connect(*server, std::make_unique<Echo>());
}

void test_no_reader() {
    TcpLimits limits;
    limits.stuck_after = 100 * kNsPerMs;
    auto server = make_server(limits);
    LoopbackPeer udp;
    udp.connect(*server, std::make_unique<Echo>());
    TcpPeer lazy;
    lazy.connect(*server, std::make_unique<Echo>(200));
    uint16_t sequence = 0;
    wait_for([&] { // nothing is read: the kernel's buffers fill, then ours, then packets are dropped
        server->wake();
        assert_echo(udp, sequence++, 1);
        return server->counters().dropped_send_full > 100;
    });
    wait_for([&] { return server->counters().tcp_stuck == 1; });
    assert_echo(udp, sequence, 10);
    lazy.run_until([&] { return lazy.client->closed(); });
    lazy.reconnect(); // the peer is still there
    assert_echo(lazy, 0, 1);
    server->wake();
    lazy.run_until([&] { return lazy.peer.rtp.size() >= 200; });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/net/tcp/session", test_session);
    g_test_add_func("/net/tcp/close-notify", test_close_notify);
    g_test_add_func("/net/tcp/new-connection", test_new_connection);
    g_test_add_func("/net/tcp/udp-as-well", test_udp_as_well);
    g_test_add_func("/net/tcp/strangers", test_strangers);
    g_test_add_func("/net/tcp/wrong-password", test_wrong_password);
    g_test_add_func("/net/tcp/mid-frame", test_mid_frame);
    g_test_add_func("/net/tcp/too-many", test_too_many);
    g_test_add_func("/net/tcp/oldest-makes-room", test_oldest_makes_room);
    g_test_add_func("/net/tcp/no-reader", test_no_reader);
    return g_test_run();
}
