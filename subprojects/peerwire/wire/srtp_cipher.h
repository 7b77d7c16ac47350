// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The cryptographic transforms of SRTP and SRTCP on one packet: AEAD GCM (RFC 7714 §8, §9) and AES-CM with HMAC-SHA1-80
// (RFC 3711 §3.3, §3.4, §4.1.1, §4.2.1). Indices, rollover and replay are srtp.h's business.

#pragma once

#include "wire/hmac_sha1.h"
#include "wire/openssl_ptr.h"
#include "wire/srtp_keys.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace peerwire {

enum class CipherDirection { Seal, Open };

/// One direction's cipher for RTP or for RTCP. The key is set up once; per packet only the IV changes and nothing is
/// allocated. Works in place. Thread-bound to its peer.
class SrtpCipher {
  public:
    /// Null when OpenSSL refuses.
    static std::unique_ptr<SrtpCipher> create(const SrtpSessionKeys &keys, CipherDirection direction);
    virtual ~SrtpCipher() = default;

    /// Protects room[0, size), the header in clear; room has the tag's size more. Returns the protected size, 0 on
    /// failure. `index` is the 48-bit ROC ‖ SEQ.
    virtual size_t seal_rtp(std::span<uint8_t> room, size_t size, size_t header_size, uint32_t ssrc,
                            uint64_t index) = 0;
    /// The plaintext's size, nothing when the tag does not verify.
    virtual std::optional<size_t> open_rtp(std::span<uint8_t> packet, size_t header_size, uint32_t ssrc,
                                           uint64_t index) = 0;
    /// Appends tag and E ‖ index (31 bits).
    virtual size_t seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc, uint32_t index) = 0;
    /// `e_index` is the packet's own E ‖ index word, which the caller has read by way of rtcp_index().
    virtual std::optional<size_t> open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t e_index) = 0;
    /// The E ‖ index word; nothing when the packet is too short to be SRTCP.
    virtual std::optional<uint32_t> rtcp_index(std::span<const uint8_t> packet) const = 0;
};

} // namespace peerwire
