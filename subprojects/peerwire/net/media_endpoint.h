// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The seam between a peer's connection (ICE, DTLS, SRTP) and what it sends and receives.

#pragma once

#include "wire/time.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace peerwire {

/// Why a peer ended.
enum class CloseReason {
    Local,          ///< the endpoint itself called Transport::close()
    Removed,        ///< Server::remove_peer()
    RemoteClose,    ///< DTLS close_notify from the other side
    ConsentExpired, ///< nothing authenticated arrived for too long
    ConnectTimeout, ///< ICE and DTLS did not finish in time
    DtlsFailed,     ///< handshake failure or a certificate that does not match the fingerprint
    Replaced,       ///< another peer took its place
    Shutdown,       ///< the Server is being destroyed
};

/// "local", "removed", "remote-close", "consent-expired", …: stable words for logs, signals and events.
const char *to_string(CloseReason reason);

/// The largest plaintext RTP or RTCP packet that a Transport carries: 1500 bytes of Ethernet less IPv6 and UDP (48),
/// the authentication tag (16) and the SRTCP index (4). What GStreamer's payloaders make by default (1400) has room for
/// header extensions in it.
inline constexpr size_t kMaxPacketSize = 1432;

/// How long a busy shard may let a packet wait for company: a frame interval at 25 fps.
inline constexpr TimeNs kMaxHoldNs = 40 * kNsPerMs;

/// What a peer's media logic sends through. Thread-bound: the peer's shard thread, inside a MediaEndpoint callback.
class Transport {
  public:
    virtual ~Transport() = default;

    /// Room for one plaintext packet of up to `plaintext_max` (<= kMaxPacketSize) bytes; the tail for the
    /// authentication tag is behind it. Empty when the peer cannot send (not connected, closing): skip the packet.
    /// A reserve() without a commit costs nothing; the next reserve() gives the same room again.
    virtual std::span<uint8_t> reserve(size_t plaintext_max) = 0;

    /// Protects the first `size` bytes of the reserved room in place and queues them into this peer's run. The shard
    /// sends the run when the callback returns, or earlier when its buffer is full. An SSRC starts below sequence
    /// number 2^15: a receiver that misses the first packets could not guess a rollover (RFC 3711 §3.3.1).
    virtual void commit_rtp(size_t size) = 0;
    virtual void commit_rtcp(size_t size) = 0;

    /// The shard is short of time, and what a message costs it hardly depends on what is in it: send whole frames, and
    /// sound behind a picture. Never lasts longer than kMaxHoldNs.
    virtual bool busy() const { return false; }

    /// Ends the peer after the callback returns: close_notify is sent, on_closed() follows.
    virtual void close(CloseReason reason) = 0;
};

/// Media logic of one peer. Thread-bound: every call comes from the shard's thread (construction may be elsewhere).
class MediaEndpoint {
  public:
    virtual ~MediaEndpoint() = default;

    /// Once, before all else; the transport outlives the endpoint's on_closed().
    virtual void attach(Transport &transport) = 0;
    /// SRTP keys are there: from now on packets can be sent.
    virtual void on_connected(TimeNs now) = 0;
    /// Decrypted and replay-checked RTP, valid during the call.
    virtual void on_rtp(TimeNs now, std::span<const uint8_t> packet) = 0;
    /// Decrypted and replay-checked compound RTCP, valid during the call.
    virtual void on_rtcp(TimeNs now, std::span<const uint8_t> compound) = 0;
    /// Server::wake() was called since the last time (new packets in the feed, a request flag). Only while connected.
    virtual void on_wake(TimeNs now) = 0;
    /// When on_timeout() is wanted; kNever when not. Read again after each callback. Only used while connected.
    virtual TimeNs next_timeout() const = 0;
    virtual void on_timeout(TimeNs now) = 0;
    /// on_wake() comes soon: fetch into the cache what it will need (see prefetch()).
    virtual void prefetch() const {}
    /// The last call; afterwards the endpoint is destroyed on the shard's thread.
    virtual void on_closed(TimeNs now, CloseReason reason) = 0;
};

} // namespace peerwire
