// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/counters.h"

#include <algorithm>

namespace peerwire {

void ShardCounters::add_to(ServerCounters &sum) const {
    sum.datagrams_in += datagrams_in.get();
    sum.bytes_in += bytes_in.get();
    sum.datagrams_out += datagrams_out.get();
    sum.bytes_out += bytes_out.get();
    sum.send_calls += send_calls.get();
    sum.dropped_unknown += dropped_unknown.get();
    sum.dropped_stun += dropped_stun.get();
    sum.dropped_unchecked += dropped_unchecked.get();
    sum.dropped_auth += dropped_auth.get();
    sum.dropped_replay += dropped_replay.get();
    sum.dropped_early += dropped_early.get();
    sum.dropped_malformed += dropped_malformed.get();
    sum.dropped_handshake += dropped_handshake.get();
    sum.dropped_send_full += dropped_send_full.get();
    sum.dropped_send_error += dropped_send_error.get();
    sum.tcp_accepted += tcp_accepted.get();
    sum.tcp_refused += tcp_refused.get();
    sum.tcp_stuck += tcp_stuck.get();
    sum.peers_added += peers_added.get();
    sum.peers_connected += peers_connected.get();
    sum.peers_closed += peers_closed.get();
    sum.handshake_datagrams += handshake_datagrams.get();
    sum.longest_wake_us = std::max(sum.longest_wake_us, longest_wake_us.get());
}

} // namespace peerwire
