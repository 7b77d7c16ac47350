// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One viewer attacks, the other one gets every packet, and what the attack costs is bounded.

#include "net/arena.h"
#include "support/hex.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"

#include <vector>

using namespace peerwire;
using test::Arena;
using test::Bytes;

namespace {

constexpr unsigned kRounds = 20;

struct Attack {
    const char *name;
    void (*round)(Arena &arena, unsigned round);
    void (*verdict)(const Arena &arena, const ServerCounters &before, const ServerCounters &after);
};

class Capture final : public DtlsSession::Output {
  public:
    void send_dtls(std::span<const uint8_t> datagram) override { sent.assign(datagram.begin(), datagram.end()); }
    Bytes sent;
};

Bytes client_hello() {
    Capture capture;
    const auto session = DtlsSession::create(DtlsRole::Client,
                                             Fingerprint::parse(Certificate::process().fingerprint()).value(), capture);
    session->start();
    return capture.sent;
}

void repeat(test::LoopbackPeer &peer, unsigned times, const Bytes &datagram) {
    for (unsigned i = 0; i < times; ++i)
        peer.send_raw(datagram);
}

/// Protected as the attacker's own, so that it is listened to.
void send_rtcp(Arena &arena, std::span<const uint8_t> compound, unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i)
        arena.attacker.peer.send_rtcp(compound);
}

void wrong_integrity(Arena &arena, unsigned) {
    arena.stranger.peer.send_check(test::RemotePeer::Check::WrongPassword);
    repeat(arena.stranger, 200, arena.stranger.peer.outgoing.back());
    arena.stranger.peer.outgoing.clear();
}

void dtls_unchecked(Arena &arena, unsigned) {
    repeat(arena.stranger, 200, client_hello());
}

/// On a connection that is there: OpenSSL is not to begin anew.
void hello_flood(Arena &arena, unsigned) {
    for (unsigned i = 0; i < 20; ++i)
        repeat(arena.attacker, 10, client_hello());
}

/// Every round another join that sends hellos only.
void hello_flood_of_joiners(Arena &arena, unsigned) {
    test::LoopbackPeer joiner;
    auto setup = joiner.peer.setup();
    auto counters = std::make_shared<ViewerCounters>();
    setup.endpoint = arena.make_viewer(counters);
    setup.connect_timeout = 200 * kNsPerMs;
    joiner.aim(arena.server->add_peer(std::move(setup)).value());
    joiner.run_until([&] { return joiner.peer.checks_answered > 0; });
    repeat(joiner, 200, client_hello());
}

void replayed(Arena &arena, unsigned) {
    send_rtcp(arena, test::unhex("80c90001 00000001"));
    repeat(arena.attacker, 100, arena.attacker.peer.outgoing.back());
    arena.attacker.peer.send_rtp(test::rtp_packet(1, 99));
    repeat(arena.attacker, 100, arena.attacker.peer.outgoing.back());
}

void forged(Arena &arena, unsigned) {
    Bytes packet(200, 0x42);
    packet[0] = 0x80;
    for (const uint8_t type : {uint8_t{96}, uint8_t{200}, uint8_t{205}}) {
        packet[1] = type;
        repeat(arena.attacker, 70, packet);
    }
}

void nack_everything(Arena &arena, unsigned) {
    constexpr size_t kEntries = 250;
    for (uint32_t first = 0; first < 65536; first += kEntries * 17) {
        Bytes nack = test::unhex("81cd0000 00000001 11111111");
        for (size_t i = 0; i < kEntries; ++i) {
            const auto pid = static_cast<uint16_t>(first + i * 17);
            nack.insert(nack.end(), {static_cast<uint8_t>(pid >> 8), static_cast<uint8_t>(pid), 0xff, 0xff});
        }
        store_be16(&nack[2], 2 + kEntries);
        send_rtcp(arena, nack);
    }
}

void pli_storm(Arena &arena, unsigned) {
    send_rtcp(arena, test::unhex("81ce0002 00000001 11111111"), 100);
    send_rtcp(arena, test::unhex("84ce0004 00000001 00000000 11111111 01000000"), 100);
}

void absurd_remb(Arena &arena, unsigned round) {
    const char *const rembs[] = {
        "8fce0005 00000001 00000000 52454d42 01000000 11111111", // 0
        "8fce0005 00000001 00000000 52454d42 01baffff 11111111", // about 2^63
        "8fce0005 00000001 00000000 52454d42 01ffffff 11111111", // 2^81: does not fit
        "8fce0005 00000001 00000000 52454d42 ff100000 11111111", // 255 SSRCs, one there
    };
    send_rtcp(arena, test::unhex(rembs[round % 4]), 20);
}

/// 65535 packets in four bytes of run lengths each, sixty times in a datagram.
void transport_cc_of_millions(Arena &arena, unsigned) {
    Bytes compound;
    for (int i = 0; i < 40; ++i) {
        const auto one = test::unhex("8fcd0008 00000001 11111111 0000ffff 00000000"
                                     "1fff1fff 1fff1fff 1fff1fff 1fff1fff");
        compound.insert(compound.end(), one.begin(), one.end());
    }
    send_rtcp(arena, compound, 10);
}

void lying_lengths(Arena &arena, unsigned) {
    const char *const lies[] = {
        "81cd ffff 00000001 11111111 00000000",                   // longer than the datagram
        "81cd 0001 00000001 11111111 00000000",                   // ends inside
        "9fc9 0001 00000001",                                     // 31 blocks, none there
        "bfca 0001 00000001",                                     // padding larger than the packet
        "81cd 0000 00000001",                                     // no SSRC, then none of ours
        "8fcd 0005 00000001 11111111 0000ffff 00000000 ffffffff", // statuses without chunks
        "81ca 0002 00000001 01ff6161",                            // a CNAME of 255 bytes in two
        "84ce 0002 00000001 11111111",                            // FIR without an entry
    };
    for (const char *lie : lies)
        send_rtcp(arena, test::unhex(lie), 20);
}

void nothing(const Arena &, const ServerCounters &, const ServerCounters &) {}

const Attack kAttacks[] = {
    {"stun-with-wrong-integrity", wrong_integrity,
     [](const Arena &, const ServerCounters &before, const ServerCounters &after) {
         g_assert_cmpuint(after.dropped_stun - before.dropped_stun, >, 0);
         g_assert_cmpuint(after.datagrams_out - before.datagrams_out, <, 1000); // media and reports, no answers
     }},
    {"dtls-before-a-check", dtls_unchecked,
     [](const Arena &, const ServerCounters &before, const ServerCounters &after) {
         g_assert_cmpuint(after.dropped_unchecked, >, before.dropped_unchecked);
         g_assert_cmpuint(after.handshake_datagrams, ==, before.handshake_datagrams);
     }},
    {"hello-flood", hello_flood, nothing},
    {"hello-flood-of-joiners", hello_flood_of_joiners,
     [](const Arena &, const ServerCounters &before, const ServerCounters &after) {
         g_assert_cmpuint(after.dropped_handshake, >, before.dropped_handshake);
     }},
    {"replayed-srtp", replayed,
     [](const Arena &, const ServerCounters &before, const ServerCounters &after) {
         g_assert_cmpuint(after.dropped_replay, >, before.dropped_replay);
     }},
    {"forged-srtp", forged,
     [](const Arena &, const ServerCounters &before, const ServerCounters &after) {
         g_assert_cmpuint(after.dropped_auth, >, before.dropped_auth);
     }},
    {"nack-everything", nack_everything,
     [](const Arena &arena, const ServerCounters &, const ServerCounters &) {
         const auto &counters = *arena.attacker_counters;
         g_assert_cmpuint(counters.rtcp_ignored.get(), >, 0);
         // A third of what it got, and the 32 KiB that everybody has.
         g_assert_cmpuint(counters.retransmitted.get() * 1000, <=, counters.bytes.get() / 3 + 33 * 1024);
     }},
    {"pli-storm", pli_storm,
     [](const Arena &arena, const ServerCounters &, const ServerCounters &) {
         g_assert_cmpuint(arena.attacker_counters->keyframe_requests.get(), >, 0);
         g_assert_cmpuint(arena.keyframe_requests, <, kRounds);
     }},
    {"absurd-remb", absurd_remb, nothing},
    {"transport-cc-of-millions", transport_cc_of_millions,
     [](const Arena &arena, const ServerCounters &, const ServerCounters &) {
         g_assert_cmpuint(arena.attacker_counters->rtcp_ignored.get(), >=, kRounds);
     }},
    {"lying-lengths", lying_lengths, nothing},
};

void test_attack(gconstpointer data) {
    const auto &attack = *static_cast<const Attack *>(data);
    Arena arena;
    const auto before = arena.server->counters();
    for (unsigned round = 0; round < kRounds; ++round) {
        arena.write_frame();
        attack.round(arena, round);
        arena.attacker.pump();
        arena.victim.run_until([&] { return arena.victim_has_all(); });
    }
    arena.attacker.pump();
    arena.victim.run_until([&] {
        return arena.server->counters().datagrams_in > before.datagrams_in + kRounds && arena.victim_has_all();
    });
    attack.verdict(arena, before, arena.server->counters());
    g_assert_cmpuint(arena.victim_counters->jumps.get(), ==, 0);
    g_assert_cmpuint(arena.victim.peer.undecryptable, ==, 0);
    arena.attacker.pump(); // it is still connected
    g_assert_false(arena.attacker.peer.closed());
}

/// Its buffer fills, then everything is lost on its side.
void test_never_reads() {
    Arena arena;
    for (unsigned frame = 0; frame < 300; ++frame) {
        arena.write_frame();
        arena.victim.run_until([&] { return arena.victim_has_all(); });
    }
    g_assert_cmpuint(arena.server->counters().dropped_send_full, ==, 0);
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
    arena.write_frame();
    arena.victim.run_until([&] { return arena.victim_has_all(); });
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

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &attack : kAttacks)
        g_test_add_data_func((std::string("/hostile/") + attack.name).c_str(), &attack, test_attack);
    g_test_add_func("/hostile/never-reads", test_never_reads);
    g_test_add_func("/hostile/moves", test_moves);
    return g_test_run();
}
