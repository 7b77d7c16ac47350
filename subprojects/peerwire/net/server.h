// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The WebRTC server: shards, each with its own thread, UDP socket, peers and timers.

#pragma once

#include "net/media_endpoint.h"
#include "net/tcp_limits.h"
#include "wire/result.h"
#include "wire/time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace peerwire {

struct ServerConfig {
    unsigned shards = 1;
    /// Each shard takes the first free port of the range; 0, 0 means any free port.
    uint16_t port_min = 0;
    uint16_t port_max = 0;
    std::string bind_address = "127.0.0.1"; ///< IPv4 or IPv6, numeric
    size_t max_peers = 10000;
    double max_load = 1; ///< of a shard, beyond which it takes nobody; from 1 on everybody is taken
    /// Handshakes that may be under way on a shard: each holds some 60 KiB until it ends, 15 s at the longest. Who
    /// comes later waits.
    size_t max_handshakes = 4096;
    /// With one IP address, or one /64 of IPv6: a hall behind one NAT that joins at once, and no more than a quarter
    /// for one attacker.
    size_t max_handshakes_per_address = 1024;
    /// Every shard listens on TCP as well (RFC 6544, passive): at the number of its UDP port when that is free, else at
    /// another one of the range.
    bool ice_tcp = false;
    TcpLimits tcp_limits;
};

struct PeerSetup {
    std::string remote_ufrag;
    std::string remote_pwd;
    std::string remote_fingerprint; ///< as in SDP: "sha-256 AA:BB:…" (RFC 8122 §5)
    bool dtls_client = false;       ///< we are the active side
    std::unique_ptr<MediaEndpoint> endpoint;
    TimeNs connect_timeout = 15 * kNsPerSecond;
    /// The peer ends when nothing authenticated (STUN, SRTP, SRTCP) arrived for this long (RFC 7675 §5.1: 30 s).
    TimeNs consent_timeout = 30 * kNsPerSecond;
};

/// What goes into the SDP answer.
struct PeerLocal {
    uint64_t id = 0;
    std::string ufrag;
    std::string pwd;
    std::string fingerprint; ///< "sha-256 AA:BB:…"
    uint16_t port = 0;
    uint16_t tcp_port = 0; ///< 0: no ICE-TCP
};

/// Sums over all shards since the start; each number is exact, the set is not one instant.
struct ServerCounters {
    uint64_t datagrams_in = 0, bytes_in = 0;
    uint64_t datagrams_out = 0, bytes_out = 0, send_calls = 0;
    // Received and dropped, by reason.
    uint64_t dropped_unknown = 0;   ///< not STUN, DTLS, RTP or RTCP, or from an address that no peer owns
    uint64_t dropped_stun = 0;      ///< malformed, unknown USERNAME or wrong MESSAGE-INTEGRITY
    uint64_t dropped_unchecked = 0; ///< DTLS before a connectivity check passed
    uint64_t dropped_auth = 0;      ///< SRTP or SRTCP whose tag does not verify
    uint64_t dropped_replay = 0;    ///< seen before, or older than the replay window
    uint64_t dropped_early = 0;     ///< media before the keys
    uint64_t dropped_malformed = 0; ///< RTP, RTCP that does not parse; oversized datagrams
    uint64_t dropped_handshake = 0; ///< DTLS of connecting peers beyond what may wait; they repeat it
    // Not sent, by reason.
    uint64_t dropped_send_full = 0; ///< the socket buffer stayed full
    uint64_t dropped_send_error = 0;
    // ICE-TCP connections.
    uint64_t tcp_accepted = 0;
    uint64_t tcp_refused = 0; ///< too many without an authentic check, or too many at all
    uint64_t tcp_stuck = 0;   ///< ended because the reader took nothing for seconds
    uint64_t peers_added = 0, peers_connected = 0, peers_closed = 0;
    uint64_t peers_refused = 0;       ///< by max_load
    uint64_t handshake_datagrams = 0; ///< of connecting peers, worked on between rounds of media
    uint64_t longest_wake_us = 0;     ///< the longest that media waited for its shard since the start
};

/// Thread-safe. Endpoints run on shard threads and must not call back into Server::remove_peer()/destructor waits.
class Server {
  public:
    static Result<std::unique_ptr<Server>> create(const ServerConfig &config);

    /// Closes every peer (close_notify, CloseReason::Shutdown) and joins the threads.
    virtual ~Server() = default;

    /// Error 503 when max_peers are there or every shard is at max_load, 400 for credentials or a fingerprint that
    /// cannot be.
    virtual Result<PeerLocal> add_peer(PeerSetup setup) = 0;

    /// New local credentials for a running peer (RFC 8445 §9); media goes on over the old ones until a check with the
    /// new ones is nominated. Error 404 when there is no such peer.
    virtual Result<PeerLocal> restart_ice(uint64_t id, std::string remote_ufrag, std::string remote_pwd) = 0;

    virtual void set_max_load(double max) = 0;

    /// Returns at once; the shard sends close_notify and calls on_closed(). An unknown id is ignored.
    virtual void remove_peer(uint64_t id, CloseReason reason) = 0;

    /// Calls on_wake() of every connected peer soon; calls in between are merged. Cheap, never blocks.
    virtual void wake() = 0;

    /// The same for what may wait a little (a part of a frame, sound): a busy shard waits for the next wake(),
    /// kMaxHoldNs at the longest.
    virtual void wake_lazily() = 0;

    /// One port per shard.
    virtual std::vector<uint16_t> ports() const = 0;
    virtual size_t peer_count() const = 0;
    virtual ServerCounters counters() const = 0;
    /// The share of its time, 0 to 1, that the busiest shard works.
    virtual double load() const = 0;
};

} // namespace peerwire
