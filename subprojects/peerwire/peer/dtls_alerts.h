// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is left of a DTLS 1.2 association when its handshake is over for good: saying goodbye. OpenSSL keeps some 35 KiB
// for that, this 80 bytes.

#pragma once

#include "wire/openssl_ptr.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace peerwire {

/// Seals and opens alert records (RFC 6347 §4.1, RFC 5246 §7.2) under ECDHE-*-AES128-GCM-SHA256 (RFC 5288).
/// Thread-bound to its peer.
class DtlsAlerts {
  public:
    /// Record header, explicit nonce, level and description, tag.
    static constexpr size_t kRecordSize = 13 + 8 + 2 + 16;

    /// Takes the keys over; null when the association is not finished, or uses another cipher.
    static std::unique_ptr<DtlsAlerts> take_over(SSL &ssl, bool server);
    ~DtlsAlerts();

    /// The datagram to send; nothing when OpenSSL fails.
    std::optional<std::array<uint8_t, kRecordSize>> seal_close_notify();
    /// True when an authentic alert in the datagram ends the association: close_notify, or a fatal one. Untrusted bytes
    /// in.
    bool ends(std::span<const uint8_t> datagram) const;

  private:
    static constexpr size_t kKeySize = 16, kFixedIvSize = 4;
    struct Keys {
        std::array<uint8_t, kKeySize> key;
        std::array<uint8_t, kFixedIvSize> iv;
    };

    DtlsAlerts() = default;
    bool ends_record(std::span<const uint8_t> record) const;

    Keys local_{}, remote_{};
    uint64_t next_sequence_ = 0; ///< of 48 bits
};

} // namespace peerwire
