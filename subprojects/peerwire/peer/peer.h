// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One WebRTC connection as a state machine without sockets or threads: ICE-lite, DTLS, SRTP. Datagrams and time go in;
// datagrams, plaintext media and two life signs come out.

#pragma once

#include "net/media_endpoint.h"
#include "peer/certificate.h"
#include "peer/dtls.h"
#include "peer/ice_lite.h"
#include "wire/address.h"
#include "wire/demux.h"
#include "wire/srtp.h"
#include "wire/time.h"
#include "wire/token_bucket.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace peerwire {

struct PeerConfig {
    IceCredentials local;
    std::string remote_ufrag;
    Fingerprint remote_fingerprint;
    DtlsRole role = DtlsRole::Server;
    TimeNs connect_timeout = 15 * kNsPerSecond;
    TimeNs consent_timeout = 30 * kNsPerSecond;
};

/// What became of a datagram.
enum class DatagramFate {
    Accepted,
    Unknown,   ///< no protocol of ours, or from an address that passed no check
    Stun,      ///< not an authentic connectivity check
    Unchecked, ///< DTLS from an address that passed no connectivity check
    Auth,      ///< SRTP or SRTCP whose tag does not verify
    Replay,
    Early, ///< media before the keys
    Malformed,
};

/// What a Peer tells its owner; called from inside handle_datagram(), handle_timeout() and close(). The owner must not
/// destroy the peer from inside.
class PeerEvents {
  public:
    virtual ~PeerEvents() = default;
    virtual void send_datagram(const Address &to, std::span<const uint8_t> datagram) = 0;
    /// `address` passed a check, the first or another one, and now speaks for this peer; `forgotten` did before and no
    /// longer does.
    virtual void on_address(const Address &address, const std::optional<Address> &forgotten) = 0;
    virtual void on_connected(TimeNs now) = 0;
    virtual void on_rtp(TimeNs now, std::span<const uint8_t> packet) = 0;
    virtual void on_rtcp(TimeNs now, std::span<const uint8_t> compound) = 0;
    /// Once, and the last call.
    virtual void on_closed(TimeNs now, CloseReason reason) = 0;
};

/// Thread-bound: its shard's thread.
class Peer final : private DtlsSession::Output {
  public:
    /// Addresses that a peer may have at a time: Wi-Fi, mobile, both IP versions.
    static constexpr size_t kMaxAddresses = 4;

    /// Null when OpenSSL fails. `events` outlives the peer.
    static std::unique_ptr<Peer> create(TimeNs now, PeerConfig config, PeerEvents &events);
    ~Peer() override;

    /// Media is decrypted in place, so the bytes change.
    DatagramFate handle_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram);
    void handle_timeout(TimeNs now);
    /// When handle_timeout() is wanted. It may have moved later at that time: then nothing happens but a new answer.
    TimeNs next_timeout(TimeNs now) const;

    /// Sends close_notify when there is somebody to read it; then on_closed(). A second call does nothing.
    void close(TimeNs now, CloseReason reason);

    /// New credentials (RFC 8445 §9); the old ones stay valid until a check with the new ones is nominated.
    void restart_ice(IceCredentials local, std::string remote_ufrag);

    /// Nothing reaches `address` any more. Media goes on to the address that passed a check last, if there is one.
    void forget(const Address &address);

    /// Protects room[0, size) in place, with kMaxSrtpTrailer bytes of room behind it. 0 when not connected or refused.
    size_t protect_rtp(std::span<uint8_t> room, size_t size);
    size_t protect_rtcp(std::span<uint8_t> room, size_t size);

    /// Handling such a datagram may cost the cryptography of a handshake, several tenths of a millisecond.
    bool expects_handshake(DatagramKind kind) const {
        const bool starts_dtls = kind == DatagramKind::Stun && role_ == DtlsRole::Client && !dtls_started_;
        return state_ == State::Connecting && (kind == DatagramKind::Dtls || starts_dtls);
    }

    /// Fetches what protect_rtp() needs; the peer itself should be in the cache.
    void prefetch() const;

    bool connected() const { return state_ == State::Connected; }
    bool closed() const { return state_ == State::Closed; }
    /// Where media goes: the last nominated address. Meaningful when connected.
    const Address &remote() const { return remote_; }
    std::span<const Address> addresses() const { return addresses_; }
    const IceLite &ice() const { return ice_; }
    SrtpProfile srtp_profile() const { return profile_; } ///< when connected

  private:
    enum class State { Connecting, Connected, Closed };

    Peer(TimeNs now, PeerConfig config, PeerEvents &events);

    void send_dtls(std::span<const uint8_t> datagram) override;

    DatagramFate handle_stun(TimeNs now, const Address &from, std::span<const uint8_t> message);
    DatagramFate handle_dtls(TimeNs now, std::span<const uint8_t> datagram);
    DatagramFate handle_media(TimeNs now, const Address &from, std::span<uint8_t> datagram, bool rtcp);
    void hear(TimeNs now, const Address &from);
    bool knows(const Address &address) const;
    void learn(const Address &address);
    void after_dtls(TimeNs now);
    void finish(TimeNs now, CloseReason reason);
    TimeNs deadline() const;

    PeerEvents &events_;
    const TimeNs connect_deadline_;
    const TimeNs consent_timeout_;
    const DtlsRole role_;
    IceLite ice_;
    State state_ = State::Connecting;
    TimeNs heard_;                   ///< when something authenticated arrived last
    TimeNs heard_remote_ = 0;        ///< the same from remote_
    TokenBucket answers_;            ///< to checks
    std::vector<Address> addresses_; ///< that passed a check, the most recent one last
    Address remote_;
    bool nominated_ = false;
    bool dtls_started_ = false;
    bool settled_ = false; ///< SRTP arrived: the handshake is over on both sides
    SrtpProfile profile_ = SrtpProfile::AeadAes128Gcm;
    std::unique_ptr<SrtpSender> sender_;
    std::unique_ptr<SrtpReceiver> receiver_;
    std::unique_ptr<DtlsSession> dtls_; ///< last: sends through this object
};

} // namespace peerwire
