// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A connected viewer who sends what no viewer sends: SRTP, SRTCP and DTLS of its own connection.

#include "net/attack.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"

using namespace peerwire;
using test::Aftermath;
using test::Arena;
using test::Attack;
using test::Bytes;
using test::kRounds;
using test::repeat;

namespace {

/// Protected as the attacker's own, so that it is listened to.
void send_rtcp(Arena &arena, std::span<const uint8_t> compound, unsigned times = 1) {
    for (unsigned i = 0; i < times; ++i)
        arena.attacker.peer.send_rtcp(compound);
}

void replayed_srtp(Arena &arena, unsigned round) {
    arena.attacker.peer.send_rtp(test::rtp_packet(static_cast<uint16_t>(round), 99));
    repeat(arena.attacker, 100, arena.attacker.peer.outgoing.back());
}

void replayed_srtcp(Arena &arena, unsigned) {
    send_rtcp(arena, test::unhex("81ce0002 00000001 11111111"));
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

/// OpenSSL is not to begin anew.
void hello_flood(Arena &arena, unsigned) {
    for (unsigned i = 0; i < 20; ++i)
        repeat(arena.attacker, 10, test::client_hello());
}

/// As many alerts as fit: each would have to be opened.
void alert_flood(Arena &arena, unsigned) {
    Bytes alerts;
    for (int i = 0; i < 35; ++i) {
        const auto one =
            test::unhex("15fefd 0001000000000000 001a 0000000000000000 0000 00000000000000000000000000000000");
        alerts.insert(alerts.end(), one.begin(), one.end());
    }
    repeat(arena.attacker, 100, alerts);
    repeat(arena.attacker, 100, test::unhex("17fefd 0001000000000001 0010 00000000000000000000000000000000"));
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

/// Within what a viewer's feedback may cost, but more than its repairs may.
void nack_all_there_is(Arena &arena, unsigned) {
    send_rtcp(arena, test::unhex("81cd0006 00000001 11111111 0000ffff 0011ffff 0022ffff 0033ffff"), 5);
}

void pli_storm(Arena &arena, unsigned) {
    send_rtcp(arena, test::unhex("81ce0002 00000001 11111111"), 100);
}

void fir_storm(Arena &arena, unsigned round) {
    Bytes fir = test::unhex("84ce0000 00000001 00000000");
    for (uint8_t i = 0; i < 150; ++i) {
        const Bytes entry{0x11, 0x11, 0x11, 0x11, static_cast<uint8_t>(round * 150 + i), 0, 0, 0};
        fir.insert(fir.end(), entry.begin(), entry.end());
    }
    store_be16(&fir[2], static_cast<uint16_t>(fir.size() / 4 - 1));
    send_rtcp(arena, fir, 50);
}

/// 65535 packets in four bytes of run lengths each, forty times in a datagram.
void transport_cc_of_millions(Arena &arena, unsigned) {
    Bytes compound;
    for (int i = 0; i < 40; ++i) {
        const auto one = test::unhex("8fcd0008 00000001 11111111 0000ffff 00000000"
                                     "1fff1fff 1fff1fff 1fff1fff 1fff1fff");
        compound.insert(compound.end(), one.begin(), one.end());
    }
    send_rtcp(arena, compound, 10);
}

/// The same packets lost, received long ago, received in the future, and never sent at all.
void transport_cc_contradicting(Arena &arena, unsigned round) {
    const char *const feedback[] = {
        "8fcd0005 00000001 11111111 0000 0020 7fffff 00 0020 0000",                     // all lost, at the end of time
        "afcd0006 00000001 11111111 0000 0004 800000 01 d540 00000000 0000 0000 0002",  // received, at its beginning
        "8fcd0006 00000001 11111111 fff0 0007 000001 ff eaaa 8000 7fff 8000 7fff 8000", // leaps of 8 s, both ways
        "8fcd0005 00000001 11111111 8000 0020 000000 00 2020 0000", // of packets that were never sent
        "8fcd0005 00000001 11111111 0000 0000 000000 00 0000 0000", // about nothing
        "8fcd0005 00000001 11111111 0000 0010 000000 00 6010 0000", // the reserved symbol
    };
    for (const char *one : feedback)
        send_rtcp(arena, test::unhex(one), 20 + round);
}

void rtcp_flood(Arena &arena, unsigned) {
    send_rtcp(arena, test::unhex("80c90001 00000001"), 200);
}

void verify_forged(const Aftermath &a) {
    g_assert_cmpuint(a.grown(&ServerCounters::dropped_auth), >, kRounds);
}

void verify_no_handshake(const Aftermath &a) {
    g_assert_cmpuint(a.grown(&ServerCounters::handshake_datagrams), ==, 0);
    g_assert_cmpuint(a.grown(&ServerCounters::datagrams_out), <, 1000); // media and reports, no answers
}

void verify_replayed(const Aftermath &a) {
    g_assert_cmpuint(a.grown(&ServerCounters::dropped_replay), >, kRounds);
    g_assert_cmpuint(a.arena.attacker_counters->keyframe_requests.get(), <=, kRounds);
}

void verify_budget(const Aftermath &a) {
    const auto &counters = *a.arena.attacker_counters;
    g_assert_cmpuint(counters.rtcp_ignored.get() + counters.nack_over_budget.get(), >, 0);
    // A third of what it got, and the 32 KiB that everybody has.
    g_assert_cmpuint(counters.retransmitted.get() * 1000, <=, counters.bytes.get() / 3 + 33 * 1024);
}

/// Frames come faster than anybody would be asked for one: hardly anybody is.
void verify_few_keyframes(const Aftermath &a) {
    g_assert_cmpuint(a.arena.attacker_counters->keyframe_requests.get(), >, kRounds);
    g_assert_cmpuint(a.arena.keyframe_requests, <=, 5 + static_cast<unsigned>(a.lasted / (2 * kNsPerSecond)) + 1);
}

void verify_ignored(const Aftermath &a) {
    g_assert_cmpuint(a.arena.attacker_counters->rtcp_ignored.get(), >=, kRounds);
}

/// Whatever was said, it is no news of a path.
void verify_sane(const Aftermath &a) {
    g_assert_cmpuint(a.arena.attacker_counters->round_trip_us.get(), <=, 10'000'000);
    g_assert_cmpuint(a.arena.attacker_counters->retransmitted.get(), ==, 0);
    g_assert_cmpuint(a.grown(&ServerCounters::peers_closed), ==, 0);
}

const std::vector<Attack> kAttacks{
    {"replayed-srtp", replayed_srtp, verify_replayed},
    {"replayed-srtcp", replayed_srtcp, verify_replayed},
    {"forged-srtp", forged, verify_forged},
    {"hello-flood", hello_flood, verify_no_handshake},
    {"alert-flood", alert_flood, verify_no_handshake},
    {"nack-everything", nack_everything, verify_budget},
    {"nack-all-there-is", nack_all_there_is, verify_budget},
    {"pli-storm", pli_storm, verify_few_keyframes},
    {"fir-storm", fir_storm, verify_few_keyframes},
    {"transport-cc-of-millions", transport_cc_of_millions, verify_ignored},
    {"transport-cc-contradicting", transport_cc_contradicting, verify_sane},
    {"rtcp-flood", rtcp_flood, verify_ignored},
};

/// One compound, a thousand times.
struct Lie {
    const char *name, *compound;
    uint64_t remb = 0;
};

const Lie kLies[] = {
    {"remb/0", "8fce0005 00000001 00000000 52454d42 01000000 11111111"},
    {"remb/2^63", "8fce0005 00000001 00000000 52454d42 01ba0000 11111111", uint64_t{1} << 63},
    {"remb/2^81", "8fce0005 00000001 00000000 52454d42 01ffffff 11111111", UINT64_MAX},
    {"remb/no-mantissa", "8fce0005 00000001 00000000 52454d42 01fc0000 11111111", 0},
    {"remb/255-ssrcs-one-there", "8fce0005 00000001 00000000 52454d42 ff100000 11111111"},
    {"length/longer-than-the-datagram", "81cd ffff 00000001 11111111 00000000"},
    {"length/ends-inside", "81cd 0001 00000001 11111111 00000000"},
    {"length/31-blocks-none-there", "9fc9 0001 00000001"},
    {"length/31-sources-one-there", "9fcb 0001 00000001"},
    {"length/padding-larger-than-the-packet", "a1ce 0002 00000001 111111ff"},
    {"length/nothing-but-a-header", "81cd 0000 80cd 0000"},
    {"length/statuses-without-chunks", "8fcd 0004 00000001 11111111 0000ffff 00000000"},
    {"length/fir-without-an-entry", "84ce 0002 00000001 11111111"},
    {"sdes/cname-of-255-bytes-in-two", "81ca 0002 00000001 01ff6161"},
    {"sdes/31-chunks-one-there", "9fca 0002 00000001 01016100"},
    {"sdes/no-end", "81ca 0002 00000001 02020202"},
    {"bye/of-the-viewer", "81cb 0001 00000001"},
    {"bye/of-our-own", "81cb 0001 11111111"},
    {"report/of-the-future", "81c9 0007 00000001 11111111 00000000 00000000 00000000 ffffffff 00000000"},
    {"report/delay-of-18-hours", "81c9 0007 00000001 11111111 00000000 00000000 00000000 00000001 ffffffff"},
    {"report/all-ones", "81c9 0007 00000001 11111111 ffffffff ffffffff ffffffff ffffffff ffffffff"},
    {"report/sender", "81c8 000c 11111111 ffffffff ffffffff ffffffff ffffffff ffffffff"
                      "11111111 80800000 80000000 80000000 80000000 80000000"},
    {"report/of-31-strangers",
     "80c9 0001 00000001 81c9 0007 00000001 22222222 ff7fffff 0000ffff 00000000 00000001 00000001"},
};

void test_lie(gconstpointer data) {
    const auto &lie = *static_cast<const Lie *>(data);
    const Attack attack{lie.name, [&lie](Arena &arena, unsigned) { send_rtcp(arena, test::unhex(lie.compound), 50); },
                        [&lie](const Aftermath &a) {
                            verify_sane(a);
                            g_assert_cmpuint(a.arena.attacker_counters->keyframe_requests.get(), ==, 0);
                            g_assert_cmpuint(a.arena.attacker_counters->nack_unknown.get(), ==, 0);
                            g_assert_cmpuint(a.arena.attacker_counters->remb_bps.get(), ==, lie.remb);
                        }};
    test::test_attack(&attack);
}

/// Its buffer fills, then everything is lost on its side.
void test_never_reads() {
    Arena arena;
    for (unsigned frame = 0; frame < 300; ++frame)
        arena.play_frame();
    g_assert_cmpuint(arena.server->counters().dropped_send_full, ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    test::add_attacks(kAttacks);
    for (const auto &lie : kLies)
        g_test_add_data_func((std::string("/hostile/") + lie.name).c_str(), &lie, test_lie);
    g_test_add_func("/hostile/never-reads", test_never_reads);
    return g_test_run();
}
