// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One attacks, the viewer beside gets every packet, and what the attack costs is bounded.

#pragma once

#include "net/arena.h"
#include "support/hex.h"

#include <functional>
#include <string>
#include <vector>

namespace peerwire::test {

/// An attack that is over.
struct Aftermath {
    const Arena &arena;
    const ServerCounters before, after;
    const TimeNs lasted;

    uint64_t grown(uint64_t ServerCounters::*counter) const { return after.*counter - before.*counter; }
};

struct Attack {
    const char *name;
    std::function<void(Arena &arena, unsigned round)> round;
    std::function<void(const Aftermath &)> verdict;
};

constexpr unsigned kRounds = 20;

inline void repeat(LoopbackPeer &peer, unsigned times, const Bytes &datagram) {
    for (unsigned i = 0; i < times; ++i)
        peer.send_raw(datagram);
}

/// A ClientHello of nobody's connection.
inline Bytes client_hello() {
    class Capture final : public DtlsSession::Output {
      public:
        void send_dtls(std::span<const uint8_t> datagram) override { sent.assign(datagram.begin(), datagram.end()); }
        Bytes sent;
    } capture;
    const auto session = DtlsSession::create(DtlsRole::Client,
                                             Fingerprint::parse(Certificate::process().fingerprint()).value(), capture);
    session->start();
    return capture.sent;
}

inline void test_attack(gconstpointer data) {
    const auto &attack = *static_cast<const Attack *>(data);
    Arena arena;
    const auto before = arena.server->counters();
    const TimeNs began = monotonic_now();
    for (unsigned round = 0; round < kRounds; ++round) {
        arena.write_frame();
        attack.round(arena, round);
        arena.attacker.pump();
        arena.victim.run_until([&] { return arena.victim_has_all(); });
    }
    arena.attacker.pump();
    arena.victim.run_until([&] { return arena.server->counters().datagrams_in > before.datagrams_in + kRounds; });
    attack.verdict({arena, before, arena.server->counters(), monotonic_now() - began});
    g_assert_cmpuint(arena.victim_counters->jumps.get(), ==, 0);
    g_assert_cmpuint(arena.victim.peer.undecryptable, ==, 0);
    arena.attacker.pump(); // it is still connected
    g_assert_false(arena.attacker.peer.closed());
}

inline void add_attacks(const std::vector<Attack> &attacks) {
    for (const auto &attack : attacks)
        g_test_add_data_func((std::string("/hostile/") + attack.name).c_str(), &attack, test_attack);
}

} // namespace peerwire::test
