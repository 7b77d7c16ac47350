// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/srtp_keys.h"

#include "wire/openssl_ptr.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace peerwire {

namespace {

/// AES in counter mode over zeros (RFC 3711 §4.3.3) with x = label ‖ index, index 0, XORed into the master salt.
bool derive(std::span<const uint8_t> master_key, std::span<const uint8_t> master_salt, uint8_t label,
            std::span<uint8_t> out) {
    std::array<uint8_t, 16> iv{};
    std::copy(master_salt.begin(), master_salt.end(), iv.begin()); // a 96-bit salt is shifted up (RFC 7714 §11)
    iv[7] ^= label;
    const EVP_CIPHER *cipher = master_key.size() == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
    CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    std::fill(out.begin(), out.end(), uint8_t{0});
    int written = 0;
    return ctx && EVP_EncryptInit_ex(ctx.get(), cipher, nullptr, master_key.data(), iv.data()) == 1 &&
           EVP_EncryptUpdate(ctx.get(), out.data(), &written, out.data(), static_cast<int>(out.size())) == 1;
}

} // namespace

SrtpSessionKeys::~SrtpSessionKeys() {
    OPENSSL_cleanse(key.data(), key.size());
    OPENSSL_cleanse(auth.data(), auth.size());
    OPENSSL_cleanse(salt.data(), salt.size());
}

std::optional<SrtpProfile> srtp_profile_from_id(uint16_t id) {
    switch (static_cast<SrtpProfile>(id)) {
    case SrtpProfile::Aes128CmHmacSha1_80:
    case SrtpProfile::AeadAes128Gcm:
    case SrtpProfile::AeadAes256Gcm:
        return static_cast<SrtpProfile>(id);
    }
    return std::nullopt;
}

std::optional<SrtpSessionKeys> derive_session_keys(SrtpProfile profile, std::span<const uint8_t> master_key,
                                                   std::span<const uint8_t> master_salt, SrtpKeyUse use) {
    if (master_key.size() != srtp_key_size(profile) || master_salt.size() != srtp_salt_size(profile))
        return std::nullopt;
    // Labels 0, 1, 2 for RTP and 3, 4, 5 for RTCP: encryption, authentication, salt.
    const uint8_t base = use == SrtpKeyUse::Rtp ? 0 : 3;
    SrtpSessionKeys keys;
    keys.profile = profile;
    if (!derive(master_key, master_salt, base, std::span(keys.key).first(srtp_key_size(profile))) ||
        !derive(master_key, master_salt, static_cast<uint8_t>(base + 2),
                std::span(keys.salt).first(srtp_salt_size(profile))))
        return std::nullopt;
    if (!is_aead(profile) && !derive(master_key, master_salt, static_cast<uint8_t>(base + 1), keys.auth))
        return std::nullopt;
    return keys;
}

} // namespace peerwire
