// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The browser's side of a connection, for tests: a controlling ICE agent, DTLS client or server, SRTP. Sans-I/O; see
// LoopbackPeer for one with a socket.

#pragma once

#include "net/server.h"
#include "peer/credentials.h"
#include "peer/dtls.h"
#include "wire/hmac_sha1.h"
#include "wire/srtp.h"
#include "wire/stun.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace peerwire::test {

using Bytes = std::vector<uint8_t>;

class RemotePeer final : private DtlsSession::Output {
  public:
    explicit RemotePeer(DtlsRole role = DtlsRole::Client);

    /// What the server needs to know; add the endpoint.
    PeerSetup setup() const;
    const IceCredentials &local() const { return local_; }
    std::string fingerprint() const;

    /// What the server's answer said. Again with other credentials after an ICE restart.
    void set_remote(const PeerLocal &remote);
    void restart(const PeerLocal &remote, IceCredentials local);

    enum class Check { Nominate, Plain, AsControlled, WrongPassword };
    void send_check(Check check = Check::Nominate);
    void handle_datagram(std::span<const uint8_t> datagram);
    void handle_timeout();
    void send_rtp(std::span<const uint8_t> packet);
    void send_rtcp(std::span<const uint8_t> compound);
    /// Sends close_notify.
    void close();

    bool connected() const { return sender_ != nullptr; }
    /// close_notify came from the server.
    bool closed() const { return dtls_ && dtls_->state() == DtlsState::Closed; }
    bool failed() const { return dtls_ && dtls_->state() == DtlsState::Failed; }
    SrtpProfile profile() const { return profile_; }

    std::deque<Bytes> outgoing;  ///< datagrams to be carried to the server
    std::deque<Bytes> rtp, rtcp; ///< opened
    unsigned checks_answered = 0;
    std::optional<uint16_t> check_error; ///< code of the last error response
    std::optional<Address> mapped;       ///< XOR-MAPPED-ADDRESS of the last success response
    unsigned undecryptable = 0;
    bool foreign_answers_allowed = false; ///< to checks of others; otherwise the test ends
    unsigned foreign_answers = 0;

  private:
    void send_dtls(std::span<const uint8_t> datagram) override;
    void handle_stun(std::span<const uint8_t> message);
    void advance();

    const DtlsRole role_;
    IceCredentials local_ = make_ice_credentials();
    PeerLocal remote_;
    uint8_t next_transaction_ = 0;
    SrtpProfile profile_ = SrtpProfile::AeadAes128Gcm;
    std::unique_ptr<SrtpSender> sender_;
    std::unique_ptr<SrtpReceiver> receiver_;
    std::unique_ptr<DtlsSession> dtls_;
};

/// A small valid RTP packet.
Bytes rtp_packet(uint16_t sequence, uint32_t ssrc, size_t payload_size = 100, uint8_t payload_type = 96);

} // namespace peerwire::test
