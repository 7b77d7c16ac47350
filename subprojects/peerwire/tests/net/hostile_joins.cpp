// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Strangers, and those who join without meaning to watch: STUN, handshakes, TCP connections, addresses.

#include "net/attack.h"
#include "support/tcp_peer.h"

#include <malloc.h>

using namespace peerwire;
using test::Aftermath;
using test::Arena;
using test::Attack;
using test::Bytes;
using test::LoopbackPeer;
using test::RemotePeer;
using test::repeat;
using test::TcpClient;

namespace {

void unknown_name(Arena &arena, unsigned) {
    arena.stranger.peer.send_check();
    repeat(arena.stranger, 200, arena.stranger.peer.outgoing.back());
    arena.stranger.peer.outgoing.clear();
}

/// In the name of a viewer who is there.
void wrong_integrity(Arena &arena, unsigned) {
    arena.attacker.peer.send_check(RemotePeer::Check::WrongPassword);
    repeat(arena.stranger, 200, arena.attacker.peer.outgoing.back());
    arena.attacker.peer.outgoing.pop_back();
}

void right_integrity(Arena &arena, unsigned) {
    arena.attacker.peer.send_check();
    repeat(arena.attacker, 200, arena.attacker.peer.outgoing.back());
}

/// More than a peer may have, each time others.
void from_everywhere(Arena &arena, unsigned) {
    arena.attacker.peer.send_check();
    const Bytes check = arena.attacker.peer.outgoing.back();
    for (int i = 0; i < 10; ++i) {
        LoopbackPeer elsewhere(DtlsRole::Client, "127.0.0.9");
        elsewhere.aim(arena.attacker_local);
        elsewhere.send_raw(check);
    }
}

void dtls_unchecked(Arena &arena, unsigned) {
    repeat(arena.stranger, 200, test::client_hello());
}

/// Every round another join that sends hellos only.
void hello_flood_of_joiners(Arena &arena, unsigned) {
    LoopbackPeer joiner;
    arena.invite(joiner, 200 * kNsPerMs);
    joiner.run_until([&] { return joiner.peer.checks_answered > 0; });
    repeat(joiner, 200, test::client_hello());
}

/// Every round another join that sends what OpenSSL keeps until it is its turn.
void hoard(Arena &arena, unsigned) {
    LoopbackPeer joiner;
    arena.invite(joiner, 200 * kNsPerMs);
    joiner.run_until([&] { return joiner.peer.checks_answered > 0; });
    Bytes early = test::unhex("16fefd 0001000000000000 0010 00000000000000000000000000000000");
    Bytes fragment = test::unhex("16fefd 0000000000000000 0010 0b 00ffff 0000 000000 000004 00000000");
    for (uint8_t i = 0; i < 100; ++i) {
        early[10] = fragment[10] = fragment[18] = i;
        joiner.send_raw(early);
        joiner.send_raw(fragment);
    }
}

/// Nor is the media of the one whose name is used led away.
void verify_not_answered(const Aftermath &a) {
    g_assert_cmpuint(a.arena.attacker.peer.rtp.size(), >=, 3 * test::kRounds);
    g_assert_cmpuint(a.grown(&ServerCounters::dropped_stun), >, test::kRounds);
    g_assert_cmpuint(a.grown(&ServerCounters::datagrams_out), <, 1000); // media and reports, no answers
}

void verify_answers_bounded(const Aftermath &a) {
    g_assert_cmpuint(a.grown(&ServerCounters::dropped_stun), >, test::kRounds);
    g_assert_cmpuint(a.arena.attacker.peer.checks_answered, <=,
                     100 + 100 * static_cast<unsigned>(a.lasted / kNsPerSecond + 2));
}

void verify_unchecked(const Aftermath &a) {
    g_assert_cmpuint(a.grown(&ServerCounters::dropped_unchecked), >, test::kRounds);
    g_assert_cmpuint(a.grown(&ServerCounters::handshake_datagrams), ==, 0);
}

void verify_dropped_handshake(const Aftermath &a) {
    g_assert_cmpuint(a.grown(&ServerCounters::dropped_handshake), >, 0);
}

void verify_connected(const Aftermath &a) {
    g_assert_cmpuint(a.after.peers_connected, ==, 2);
}

const std::vector<Attack> kAttacks{
    {"stun-of-a-stranger", unknown_name, verify_not_answered},
    {"stun-with-wrong-integrity", wrong_integrity, verify_not_answered},
    {"stun-flood-with-right-integrity", right_integrity, verify_answers_bounded},
    {"stun-from-everywhere", from_everywhere, verify_connected},
    {"dtls-before-a-check", dtls_unchecked, verify_unchecked},
    {"hello-flood-of-joiners", hello_flood_of_joiners, verify_dropped_handshake},
    {"hoarding-joiners", hoard, verify_dropped_handshake},
};

struct StallRow {
    const char *name;
    size_t total, per_address;
    bool crowd; ///< each from an address of its own
};

const StallRow kStallRows[] = {
    {"one-address", 100, 8, false},
    {"many-addresses", 8, 100, true},
};

/// Handshakes that begin and stop: only so many are under way, and whoever comes later gets in when they are over.
void test_stalled(gconstpointer data) {
    const auto &row = *static_cast<const StallRow *>(data);
    ServerConfig config;
    config.max_handshakes = row.total;
    config.max_handshakes_per_address = row.per_address;
    Arena arena(config);
    constexpr unsigned kStalled = 24, kPlaces = 8;
    std::vector<std::unique_ptr<LoopbackPeer>> stalled;
    for (unsigned i = 0; i < kStalled; ++i) {
        const std::string address = "127.0.1." + std::to_string(row.crowd ? i + 1 : 1);
        stalled.push_back(std::make_unique<LoopbackPeer>(DtlsRole::Client, address.c_str()));
        LoopbackPeer &joiner = *stalled.back();
        arena.invite(joiner, kNsPerSecond);
        joiner.run_until([&] { return joiner.peer.checks_answered > 0; }); // and the ClientHello is on its way
    }
    LoopbackPeer late(DtlsRole::Client, row.crowd ? "127.0.1.99" : "127.0.1.1");
    arena.invite(late, 20 * kNsPerSecond);
    late.run_until([&] {
        arena.play_frame();
        return late.peer.connected();
    });
    const auto counters = arena.server->counters();
    g_assert_cmpuint(counters.dropped_handshake, >=, kStalled - kPlaces);
    g_assert_cmpuint(counters.peers_closed, >=, kPlaces); // the stalled ones had to go first
    g_assert_cmpuint(counters.peers_connected, ==, 3);
}

/// Offers that nobody comes for: a little memory until they expire.
void test_half_open() {
    constexpr unsigned kJoins = 2000;
    Arena arena;
    arena.play_frame();
    const size_t before = mallinfo2().uordblks; // all zeros under a sanitizer
    LoopbackPeer nobody;
    for (unsigned i = 0; i < kJoins; ++i) {
        arena.invite(nobody, kNsPerSecond);
        if (i % 100 == 0)
            arena.play_frame();
    }
    arena.victim.run_until([&] { return arena.server->counters().peers_added == kJoins + 2; });
    g_test_message("%zu bytes each", (mallinfo2().uordblks - before) / kJoins);
    g_assert_cmpuint(mallinfo2().uordblks, <, before + kJoins * size_t{24 * 1024});
    arena.victim.run_until([&] {
        arena.play_frame();
        return arena.server->peer_count() == 2;
    });
    LoopbackPeer late;
    arena.invite(late, 20 * kNsPerSecond);
    late.run_until([&] { return late.peer.connected(); });
}

void test_restart_storm() {
    Arena arena;
    IceCredentials fresh;
    PeerLocal newest;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 200; ++i) {
            fresh = make_ice_credentials();
            newest = arena.server->restart_ice(arena.attacker_local.id, fresh.ufrag, fresh.pwd).value();
        }
        arena.play_frame();
    }
    arena.attacker.run_until([&] { return arena.attacker.peer.rtp.size() >= 60; }); // media did not stop
    const auto dropped = arena.server->counters().dropped_stun;
    arena.attacker.peer.send_check(); // of 4,000 sessions ago
    arena.attacker.run_until([&] { return arena.server->counters().dropped_stun == dropped + 1; });
    arena.attacker.peer.restart(newest, fresh);
    const unsigned answered = arena.attacker.peer.checks_answered;
    arena.attacker.peer.send_check();
    arena.attacker.run_until([&] { return arena.attacker.peer.checks_answered == answered + 1; });
}

/// A NAT rebinding: from the new address nothing counts before a check, then media follows.
void test_moves() {
    Arena arena;
    arena.write_frame();
    arena.attacker.run_until([&] { return arena.attacker.peer.rtp.size() >= 3; });
    arena.attacker.rebind();
    const auto before = arena.server->counters();
    arena.attacker.peer.send_rtcp(test::unhex("80c90001 00000001"));
    arena.attacker.run_until([&] { return arena.server->counters().dropped_unknown > before.dropped_unknown; });
    arena.play_frame();
    const size_t lost = arena.attacker.peer.rtp.size();
    arena.attacker.pump();
    g_assert_cmpuint(arena.attacker.peer.rtp.size(), ==, lost); // still sent to the old one

    arena.attacker.peer.send_check();
    const unsigned answered = arena.attacker.peer.checks_answered;
    arena.attacker.run_until([&] { return arena.attacker.peer.checks_answered > answered; });
    arena.write_frame();
    arena.attacker.run_until([&] { return arena.attacker.peer.rtp.size() >= lost + 3; });
    arena.victim.run_until([&] { return arena.victim_has_all(); });
}

/// The attacker's check with the victim's address as its source, which a forger can do: the victim is heard again from
/// its next check on.
void test_claims_an_address() {
    Arena arena;
    arena.play_frame();
    arena.attacker.peer.send_check(RemotePeer::Check::Plain);
    const auto before = arena.server->counters();
    arena.victim.send_raw(arena.attacker.peer.outgoing.back());
    arena.attacker.peer.outgoing.clear();
    arena.victim.peer.foreign_answers_allowed = true;
    arena.victim.run_until([&] { return arena.victim.peer.foreign_answers == 1; });
    const auto ask = [&arena] { arena.victim.peer.send_rtcp(test::unhex("81ce0002 00000001 11111111")); };
    ask();
    arena.victim.run_until([&] { return arena.server->counters().dropped_auth == before.dropped_auth + 1; });
    arena.play_frame(); // media goes on all the same

    const unsigned answered = arena.victim.peer.checks_answered;
    arena.victim.peer.send_check();
    arena.victim.run_until([&] { return arena.victim.peer.checks_answered == answered + 1; });
    ask();
    arena.victim.run_until([&] { return arena.victim_counters->keyframe_requests.get() == 1; });
    arena.play_frame();
}

// ICE-TCP.

ServerConfig with_tcp(TimeNs proof_timeout) {
    ServerConfig config;
    config.ice_tcp = true;
    config.tcp_limits.proof_timeout = proof_timeout;
    return config;
}

/// A byte now and then keeps no connection open.
void test_slow_loris() {
    Arena arena(with_tcp(500 * kNsPerMs));
    TcpClient loris(arena.attacker_local.tcp_port);
    loris.send_raw(Bytes{0x04, 0x00});
    arena.victim.run_until([&] {
        loris.send_raw(Bytes{0x00});
        loris.receive();
        arena.play_frame();
        return loris.closed();
    });
}

/// Datagrams of one byte, as many as the connections take: media gets its turn in between.
void test_tiny_frames() {
    Arena arena(with_tcp(10 * kNsPerSecond));
    Bytes frames;
    for (int i = 0; i < 10'000; ++i)
        frames.insert(frames.end(), {0, 1, 0xff});
    std::vector<std::unique_ptr<TcpClient>> flood;
    for (int i = 0; i < 16; ++i)
        flood.push_back(std::make_unique<TcpClient>(arena.attacker_local.tcp_port));
    for (int round = 0; round < 10; ++round) {
        for (auto &client : flood)
            client->send_raw(frames);
        arena.play_frame();
    }
    arena.victim.run_until([&] { return arena.server->counters().dropped_unknown == 10u * 16 * 10'000; });
    arena.play_frame();
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    test::add_attacks(kAttacks);
    for (const auto &row : kStallRows)
        g_test_add_data_func((std::string("/hostile/stalled-handshakes/") + row.name).c_str(), &row, test_stalled);
    g_test_add_func("/hostile/half-open-joins", test_half_open);
    g_test_add_func("/hostile/restart-storm", test_restart_storm);
    g_test_add_func("/hostile/moves", test_moves);
    g_test_add_func("/hostile/claims-an-address", test_claims_an_address);
    g_test_add_func("/hostile/slow-loris", test_slow_loris);
    g_test_add_func("/hostile/tiny-frames", test_tiny_frames);
    return g_test_run();
}
