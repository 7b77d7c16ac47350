// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/dtls_alerts.h"

#include "wire/bytes.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace peerwire {

namespace {

using KdfCtxPtr = std::unique_ptr<EVP_KDF_CTX, OpensslDelete<EVP_KDF_CTX_free>>;

constexpr size_t kHeaderSize = 13, kExplicitNonceSize = 8, kTagSize = 16, kAlertSize = 2;
constexpr size_t kRandomSize = 32; // RFC 5246 §7.4.1.2
constexpr uint8_t kAlertType = 21, kWarning = 1, kFatal = 2, kCloseNotify = 0;
constexpr uint16_t kDtls12 = 0xfefd, kEpoch = 1;
// Beyond whatever the handshake and its retransmissions used.
constexpr uint64_t kFirstSequence = uint64_t{1} << 32;

/// RFC 5246 §6.3: key_block = PRF(master_secret, "key expansion", server_random + client_random).
bool expand_keys(SSL &ssl, std::span<uint8_t> block) {
    std::array<uint8_t, SSL_MAX_MASTER_KEY_LENGTH> master;
    const size_t master_size = SSL_SESSION_get_master_key(SSL_get0_session(&ssl), master.data(), master.size());
    static constexpr std::string_view kLabel = "key expansion";
    std::vector<uint8_t> seed(kLabel.begin(), kLabel.end());
    seed.resize(kLabel.size() + 2 * kRandomSize);
    SSL_get_server_random(&ssl, &seed[kLabel.size()], kRandomSize);
    SSL_get_client_random(&ssl, &seed[kLabel.size() + kRandomSize], kRandomSize);

    EVP_KDF *kdf = EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr);
    const KdfCtxPtr ctx(EVP_KDF_CTX_new(kdf));
    EVP_KDF_free(kdf); // the context holds it
    char digest[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master.data(), master_size),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
        OSSL_PARAM_construct_end(),
    };
    const bool ok = ctx && master_size > 0 && EVP_KDF_derive(ctx.get(), block.data(), block.size(), parameters) == 1;
    OPENSSL_cleanse(master.data(), master.size());
    return ok;
}

bool is_supported(SSL &ssl) {
    const SSL_CIPHER *cipher = SSL_is_init_finished(&ssl) ? SSL_get_current_cipher(&ssl) : nullptr;
    return cipher != nullptr && SSL_version(&ssl) == DTLS1_2_VERSION &&
           SSL_CIPHER_get_cipher_nid(cipher) == NID_aes_128_gcm &&
           SSL_CIPHER_get_handshake_digest(cipher) == EVP_sha256();
}

/// RFC 5288 §3 and RFC 5246 §6.2.3.3: one alert in or out; `tag` is read when opening.
bool crypt(bool seal, std::span<const uint8_t> key, std::span<const uint8_t> nonce, std::span<const uint8_t> header,
           std::span<const uint8_t> in, uint8_t *out, uint8_t *tag) {
    std::array<uint8_t, kHeaderSize> aad;
    std::copy_n(&header[3], 8, aad.begin()); // epoch and sequence number
    std::copy_n(&header[0], 3, &aad[8]);     // type and version
    store_be16(&aad[11], static_cast<uint16_t>(in.size()));
    const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    int size = 0;
    return ctx &&
           EVP_CipherInit_ex(ctx.get(), EVP_aes_128_gcm(), nullptr, key.data(), nonce.data(), seal ? 1 : 0) == 1 &&
           (seal || EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag) == 1) &&
           EVP_CipherUpdate(ctx.get(), nullptr, &size, aad.data(), static_cast<int>(aad.size())) == 1 &&
           EVP_CipherUpdate(ctx.get(), out, &size, in.data(), static_cast<int>(in.size())) == 1 &&
           EVP_CipherFinal_ex(ctx.get(), out + size, &size) == 1 &&
           (!seal || EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) == 1);
}

template <size_t N>
std::array<uint8_t, 12> nonce_of(const std::array<uint8_t, N> &fixed, const uint8_t *explicit_part) {
    std::array<uint8_t, 12> nonce;
    std::copy_n(fixed.begin(), N, nonce.begin());
    std::copy_n(explicit_part, kExplicitNonceSize, &nonce[N]);
    return nonce;
}

} // namespace

std::unique_ptr<DtlsAlerts> DtlsAlerts::take_over(SSL &ssl, bool server) {
    std::array<uint8_t, 2 * (kKeySize + kFixedIvSize)> block;
    if (!is_supported(ssl) || !expand_keys(ssl, block))
        return nullptr;
    std::unique_ptr<DtlsAlerts> alerts(new DtlsAlerts);
    alerts->next_sequence_ = kFirstSequence;
    Keys &client_keys = server ? alerts->remote_ : alerts->local_;
    Keys &server_keys = server ? alerts->local_ : alerts->remote_;
    const uint8_t *at = block.data();
    for (Keys *keys : {&client_keys, &server_keys}) { // AEAD: no MAC keys in front
        std::copy_n(at, kKeySize, keys->key.begin());
        at += kKeySize;
    }
    for (Keys *keys : {&client_keys, &server_keys}) {
        std::copy_n(at, kFixedIvSize, keys->iv.begin());
        at += kFixedIvSize;
    }
    OPENSSL_cleanse(block.data(), block.size());
    return alerts;
}

DtlsAlerts::~DtlsAlerts() {
    OPENSSL_cleanse(&local_, sizeof local_);
    OPENSSL_cleanse(&remote_, sizeof remote_);
}

std::optional<std::array<uint8_t, DtlsAlerts::kRecordSize>> DtlsAlerts::seal_close_notify() {
    std::array<uint8_t, kRecordSize> record;
    record[0] = kAlertType;
    store_be16(&record[1], kDtls12);
    store_be16(&record[3], kEpoch);
    store_be16(&record[5], static_cast<uint16_t>(next_sequence_ >> 32));
    store_be32(&record[7], static_cast<uint32_t>(next_sequence_));
    store_be16(&record[11], kExplicitNonceSize + kAlertSize + kTagSize);
    ++next_sequence_;
    uint8_t *nonce = &record[kHeaderSize], *alert = nonce + kExplicitNonceSize;
    const uint8_t plain[kAlertSize] = {kWarning, kCloseNotify};
    // OpenSSL counted its nonces from a random start: another random one meets none of them.
    if (RAND_bytes(nonce, kExplicitNonceSize) != 1 ||
        !crypt(true, local_.key, nonce_of(local_.iv, nonce), record, plain, alert, alert + kAlertSize))
        return std::nullopt;
    return record;
}

bool DtlsAlerts::ends(std::span<const uint8_t> datagram) const {
    while (datagram.size() >= kHeaderSize) {
        const size_t size = kHeaderSize + load_be16(&datagram[11]);
        if (size > datagram.size())
            return false;
        if (datagram[0] == kAlertType) // one is all that a datagram is worth: opening it costs as much as media does
            return ends_record(datagram.first(size));
        datagram = datagram.subspan(size);
    }
    return false;
}

bool DtlsAlerts::ends_record(std::span<const uint8_t> record) const {
    if (load_be16(&record[3]) != kEpoch || record.size() != kRecordSize)
        return false;
    const auto body = record.subspan(kHeaderSize + kExplicitNonceSize);
    std::array<uint8_t, kTagSize> tag;
    std::copy_n(&body[kAlertSize], kTagSize, tag.begin());
    uint8_t plain[kAlertSize];
    const auto nonce = nonce_of(remote_.iv, &record[kHeaderSize]);
    if (!crypt(false, remote_.key, nonce, record, body.first(kAlertSize), plain, tag.data()))
        return false;
    return plain[0] == kFatal || plain[1] == kCloseNotify;
}

} // namespace peerwire
