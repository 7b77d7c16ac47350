// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Counters of one shard: written by its thread only, read by any.

#pragma once

#include "net/server.h"
#include "sync/counter.h"

namespace peerwire {

struct ShardCounters {
    Counter datagrams_in, bytes_in, datagrams_out, bytes_out, send_calls;
    Counter dropped_unknown, dropped_stun, dropped_unchecked, dropped_auth, dropped_replay, dropped_early,
        dropped_malformed, dropped_handshake;
    Counter dropped_send_full, dropped_send_error;
    Counter tcp_accepted, tcp_refused, tcp_stuck;
    Counter peers_added, peers_connected, peers_closed;
    Counter handshake_datagrams, longest_wake_us;

    void add_to(ServerCounters &sum) const;
};

} // namespace peerwire
