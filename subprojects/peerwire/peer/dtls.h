// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One DTLS 1.2 association (RFC 6347) that only exists to agree on SRTP keys (RFC 5764) and to say goodbye.

#pragma once

#include "peer/certificate.h"
#include "peer/dtls_alerts.h"
#include "peer/handshake_filter.h"
#include "wire/openssl_ptr.h"
#include "wire/srtp_keys.h"
#include "wire/time.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace peerwire {

enum class DtlsRole { Server, Client };
enum class DtlsState { Handshaking, Connected, Closed, Failed };

/// Master keys of both directions (RFC 5764 §4.2). Wiped when destroyed.
struct SrtpMasterKeys {
    SrtpProfile profile = SrtpProfile::AeadAes128Gcm;
    std::vector<uint8_t> local_key, local_salt;   ///< we protect with these
    std::vector<uint8_t> remote_key, remote_salt; ///< and open with these
    ~SrtpMasterKeys();
};

/// Thread-bound to its peer. OpenSSL reads the wall clock for its retransmission timer; everything else here depends
/// on its arguments only.
class DtlsSession {
  public:
    /// Where datagrams go; called from inside start(), handle_datagram(), handle_timeout() and close().
    class Output {
      public:
        virtual ~Output() = default;
        virtual void send_dtls(std::span<const uint8_t> datagram) = 0;
    };

    /// Null when OpenSSL fails. `output` outlives the session.
    static std::unique_ptr<DtlsSession> create(DtlsRole role, Fingerprint remote, Output &output);
    ~DtlsSession();

    /// Client role: sends the ClientHello. Server role: nothing.
    void start();
    void handle_datagram(std::span<const uint8_t> datagram);
    /// Retransmits when OpenSSL's timer has run out.
    void handle_timeout();
    /// Until handle_timeout() is wanted; nothing when no flight waits for an answer.
    std::optional<TimeNs> time_left() const;
    /// The keys are taken: gives back most of the memory. Still answers a repeated last flight, and close_notify. Only
    /// when Connected.
    void settle();
    /// The other side has shown that it has its keys, and so has all of the handshake.
    void forget_handshake() { last_flight_ = {}; }
    /// Sends close_notify.
    void close();

    DtlsState state() const { return state_; }
    /// Why it is Failed, for a log.
    const std::string &failure() const { return failure_; }
    /// Only when Connected; nothing when no SRTP profile was agreed on.
    std::optional<SrtpMasterKeys> srtp_keys() const;

  private:
    DtlsSession(DtlsRole role, Fingerprint remote, Output &output);

    struct Bio;   ///< the custom BIO's callbacks
    struct Setup; ///< the SSL_CTX of each role

    void advance();
    void send(std::span<const uint8_t> datagram);
    void handle_settled(std::span<const uint8_t> datagram);
    void send_close_notify();
    void fail();

    const DtlsRole role_;
    const Fingerprint remote_;
    Output &output_;
    std::span<const uint8_t> incoming_; ///< the datagram that OpenSSL may read, during handle_datagram()
    DtlsState state_ = DtlsState::Handshaking;
    std::string failure_;
    HandshakeFilter filter_;
    std::vector<std::vector<uint8_t>>
        last_flight_;                    ///< what the server sent last; the client repeats its own when that is lost
    unsigned repeats_left_ = 16;         ///< more are no loss but a flood
    std::unique_ptr<DtlsAlerts> alerts_; ///< after settle(), in place of ssl_
    SslPtr ssl_;                         ///< last: its destruction still uses the BIO, and so this object
};

} // namespace peerwire
