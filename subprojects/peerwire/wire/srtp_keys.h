// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// SRTP protection profiles and the derivation of session keys (RFC 3711 §4.3, RFC 7714 §11, RFC 5764 §4.1.2).

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace peerwire {

/// Values of the DTLS use_srtp extension (RFC 5764 §4.1.2, RFC 7714 §14.2).
enum class SrtpProfile : uint16_t {
    Aes128CmHmacSha1_80 = 0x0001,
    AeadAes128Gcm = 0x0007,
    AeadAes256Gcm = 0x0008,
};

std::optional<SrtpProfile> srtp_profile_from_id(uint16_t id);

constexpr bool is_aead(SrtpProfile profile) {
    return profile != SrtpProfile::Aes128CmHmacSha1_80;
}
constexpr size_t srtp_key_size(SrtpProfile profile) {
    return profile == SrtpProfile::AeadAes256Gcm ? 32 : 16;
}
constexpr size_t srtp_salt_size(SrtpProfile profile) {
    return is_aead(profile) ? 12 : 14;
}
constexpr size_t srtp_tag_size(SrtpProfile profile) {
    return is_aead(profile) ? 16 : 10;
}

/// What protecting may add at most: the tag and, for RTCP, the word of E flag and index.
inline constexpr size_t kMaxSrtpTrailer = 16 + 4;

/// Key, authentication key and salt of one direction, for RTP or for RTCP. Wiped when destroyed.
struct SrtpSessionKeys {
    SrtpProfile profile = SrtpProfile::AeadAes128Gcm;
    std::array<uint8_t, 32> key{};
    std::array<uint8_t, 20> auth{}; ///< HMAC-SHA1 only
    std::array<uint8_t, 14> salt{};

    ~SrtpSessionKeys();
    std::span<const uint8_t> key_bytes() const { return std::span(key).first(srtp_key_size(profile)); }
    std::span<const uint8_t> salt_bytes() const { return std::span(salt).first(srtp_salt_size(profile)); }
};

enum class SrtpKeyUse { Rtp, Rtcp };

/// Key derivation rate 0. `master_key` and `master_salt` have the profile's sizes; nothing when they do not, or when
/// OpenSSL fails.
std::optional<SrtpSessionKeys> derive_session_keys(SrtpProfile profile, std::span<const uint8_t> master_key,
                                                   std::span<const uint8_t> master_salt, SrtpKeyUse use);

} // namespace peerwire
