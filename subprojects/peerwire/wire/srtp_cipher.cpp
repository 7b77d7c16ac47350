// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/srtp_cipher.h"

#include "wire/bytes.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <algorithm>

namespace peerwire {

namespace {

constexpr size_t kRtcpClearSize = 8; // header and sender SSRC stay in clear
constexpr size_t kIndexSize = 4;     // E flag and SRTCP index
constexpr uint32_t kEncryptedFlag = 0x80000000;

CipherCtxPtr keyed_context(const EVP_CIPHER *cipher, std::span<const uint8_t> key, bool encrypt) {
    CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
    if (!ctx || EVP_CipherInit_ex(ctx.get(), cipher, nullptr, key.data(), nullptr, encrypt ? 1 : 0) != 1)
        return nullptr;
    return ctx;
}

/// RFC 7714.
class GcmCipher final : public SrtpCipher {
  public:
    GcmCipher(const SrtpSessionKeys &keys, CipherCtxPtr ctx) : ctx_(std::move(ctx)) {
        std::copy_n(keys.salt.begin(), salt_.size(), salt_.begin());
    }

    size_t seal_rtp(std::span<uint8_t> room, size_t size, size_t header_size, uint32_t ssrc, uint64_t index) override {
        if (size < header_size || room.size() < size + kTagSize)
            return 0;
        const bool ok = start(rtp_iv(ssrc, index)) && aad(room.first(header_size)) &&
                        update(room.subspan(header_size, size - header_size)) && make_tag(&room[size]);
        return ok ? size + kTagSize : 0;
    }

    std::optional<size_t> open_rtp(std::span<uint8_t> packet, size_t header_size, uint32_t ssrc,
                                   uint64_t index) override {
        if (packet.size() < header_size + kTagSize)
            return std::nullopt;
        const size_t size = packet.size() - kTagSize;
        const bool ok = start(rtp_iv(ssrc, index)) && aad(packet.first(header_size)) &&
                        update(packet.subspan(header_size, size - header_size)) && check_tag(&packet[size]);
        return ok ? std::optional(size) : std::nullopt;
    }

    size_t seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc, uint32_t index) override {
        if (size < kRtcpClearSize || room.size() < size + kTagSize + kIndexSize)
            return 0;
        uint8_t *trailer = &room[size + kTagSize];
        store_be32(trailer, kEncryptedFlag | index);
        const bool ok = start(rtcp_iv(ssrc, index)) && aad(room.first(kRtcpClearSize)) && aad({trailer, kIndexSize}) &&
                        update(room.subspan(kRtcpClearSize, size - kRtcpClearSize)) && make_tag(&room[size]);
        return ok ? size + kTagSize + kIndexSize : 0;
    }

    std::optional<size_t> open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t e_index) override {
        if (packet.size() < kRtcpClearSize + kTagSize + kIndexSize)
            return std::nullopt;
        const size_t size = packet.size() - kTagSize - kIndexSize;
        const bool encrypted = e_index & kEncryptedFlag;
        const auto clear = packet.first(encrypted ? kRtcpClearSize : size);
        const bool ok = start(rtcp_iv(ssrc, e_index & ~kEncryptedFlag)) && aad(clear) && aad(packet.last(kIndexSize)) &&
                        update(packet.subspan(clear.size(), size - clear.size())) && check_tag(&packet[size]);
        return ok ? std::optional(size) : std::nullopt;
    }

    std::optional<uint32_t> rtcp_index(std::span<const uint8_t> packet) const override {
        if (packet.size() < kRtcpClearSize + kTagSize + kIndexSize)
            return std::nullopt;
        return load_be32(&packet[packet.size() - kIndexSize]);
    }

  private:
    static constexpr int kTagSize = 16;
    using Iv = std::array<uint8_t, 12>;

    /// RFC 7714 §8.1: 0x0000 ‖ SSRC ‖ ROC ‖ SEQ, XORed with the salt.
    Iv rtp_iv(uint32_t ssrc, uint64_t index) const {
        Iv iv{};
        store_be32(&iv[2], ssrc);
        store_be16(&iv[6], static_cast<uint16_t>(index >> 32));
        store_be32(&iv[8], static_cast<uint32_t>(index));
        return salted(iv);
    }

    /// RFC 7714 §9.1: 0x0000 ‖ SSRC ‖ 0x0000 ‖ index, XORed with the salt.
    Iv rtcp_iv(uint32_t ssrc, uint32_t index) const {
        Iv iv{};
        store_be32(&iv[2], ssrc);
        store_be32(&iv[8], index);
        return salted(iv);
    }

    Iv salted(Iv iv) const {
        for (size_t i = 0; i < iv.size(); ++i)
            iv[i] ^= salt_[i];
        return iv;
    }

    bool start(const Iv &iv) { return EVP_CipherInit_ex(ctx_.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1; }
    bool aad(std::span<const uint8_t> bytes) {
        int written = 0;
        return EVP_CipherUpdate(ctx_.get(), nullptr, &written, bytes.data(), static_cast<int>(bytes.size())) == 1;
    }
    bool update(std::span<uint8_t> bytes) {
        int written = 0;
        return bytes.empty() ||
               EVP_CipherUpdate(ctx_.get(), bytes.data(), &written, bytes.data(), static_cast<int>(bytes.size())) == 1;
    }
    bool finish() {
        uint8_t none[16];
        int written = 0;
        return EVP_CipherFinal_ex(ctx_.get(), none, &written) == 1;
    }
    bool make_tag(uint8_t *tag) {
        // EVP_CTRL_AEAD_GET_TAG makes this list of parameters and a longer one.
        OSSL_PARAM wanted[] = {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, kTagSize),
                               OSSL_PARAM_construct_end()};
        return finish() && EVP_CIPHER_CTX_get_params(ctx_.get(), wanted) == 1;
    }
    bool check_tag(uint8_t *tag) {
        return EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag) == 1 && finish();
    }

    CipherCtxPtr ctx_;
    std::array<uint8_t, 12> salt_;
};

/// RFC 3711.
class CmCipher final : public SrtpCipher {
  public:
    CmCipher(const SrtpSessionKeys &keys, CipherCtxPtr ctx)
        : ctx_(std::move(ctx)), hmac_(keys.auth), salt_(keys.salt) {}

    size_t seal_rtp(std::span<uint8_t> room, size_t size, size_t header_size, uint32_t ssrc, uint64_t index) override {
        if (size < header_size || room.size() < size + kTagSize)
            return 0;
        if (!crypt(room.subspan(header_size, size - header_size), ssrc, index))
            return 0;
        const auto mac = rtp_mac(room.first(size), index);
        std::copy_n(mac.begin(), kTagSize, &room[size]);
        return size + kTagSize;
    }

    std::optional<size_t> open_rtp(std::span<uint8_t> packet, size_t header_size, uint32_t ssrc,
                                   uint64_t index) override {
        if (packet.size() < header_size + kTagSize)
            return std::nullopt;
        const size_t size = packet.size() - kTagSize;
        const auto mac = rtp_mac(packet.first(size), index);
        if (!constant_time_equal(std::span(mac).first(kTagSize), packet.last(kTagSize)) ||
            !crypt(packet.subspan(header_size, size - header_size), ssrc, index))
            return std::nullopt;
        return size;
    }

    size_t seal_rtcp(std::span<uint8_t> room, size_t size, uint32_t ssrc, uint32_t index) override {
        if (size < kRtcpClearSize || room.size() < size + kIndexSize + kTagSize)
            return 0;
        if (!crypt(room.subspan(kRtcpClearSize, size - kRtcpClearSize), ssrc, index))
            return 0;
        store_be32(&room[size], kEncryptedFlag | index);
        const auto mac = hmac_.mac({room.first(size + kIndexSize)});
        std::copy_n(mac.begin(), kTagSize, &room[size + kIndexSize]);
        return size + kIndexSize + kTagSize;
    }

    std::optional<size_t> open_rtcp(std::span<uint8_t> packet, uint32_t ssrc, uint32_t e_index) override {
        if (packet.size() < kRtcpClearSize + kIndexSize + kTagSize)
            return std::nullopt;
        const size_t size = packet.size() - kIndexSize - kTagSize;
        const auto mac = hmac_.mac({packet.first(size + kIndexSize)});
        if (!constant_time_equal(std::span(mac).first(kTagSize), packet.last(kTagSize)))
            return std::nullopt;
        if ((e_index & kEncryptedFlag) &&
            !crypt(packet.subspan(kRtcpClearSize, size - kRtcpClearSize), ssrc, e_index & ~kEncryptedFlag))
            return std::nullopt;
        return size;
    }

    std::optional<uint32_t> rtcp_index(std::span<const uint8_t> packet) const override {
        if (packet.size() < kRtcpClearSize + kIndexSize + kTagSize)
            return std::nullopt;
        return load_be32(&packet[packet.size() - kTagSize - kIndexSize]);
    }

  private:
    static constexpr size_t kTagSize = 10;

    /// RFC 3711 §4.1.1: IV = (salt << 16) ^ (SSRC << 64) ^ (index << 16); the low 16 bits count blocks.
    bool crypt(std::span<uint8_t> bytes, uint32_t ssrc, uint64_t index) {
        if (bytes.empty())
            return true;
        std::array<uint8_t, 16> iv{};
        store_be32(&iv[4], ssrc);
        store_be64(&iv[8], index << 16);
        for (size_t i = 0; i < salt_.size(); ++i)
            iv[i] ^= salt_[i];
        int written = 0;
        return EVP_CipherInit_ex(ctx_.get(), nullptr, nullptr, nullptr, iv.data(), -1) == 1 &&
               EVP_CipherUpdate(ctx_.get(), bytes.data(), &written, bytes.data(), static_cast<int>(bytes.size())) == 1;
    }

    /// §4.2: over the packet and the ROC.
    HmacSha1::Digest rtp_mac(std::span<const uint8_t> packet, uint64_t index) const {
        uint8_t roc[4];
        store_be32(roc, static_cast<uint32_t>(index >> 16));
        return hmac_.mac({packet, roc});
    }

    CipherCtxPtr ctx_;
    HmacSha1 hmac_;
    std::array<uint8_t, 14> salt_;
};

} // namespace

std::unique_ptr<SrtpCipher> SrtpCipher::create(const SrtpSessionKeys &keys, CipherDirection direction) {
    const bool seal = direction == CipherDirection::Seal;
    if (!is_aead(keys.profile)) {
        auto ctx = keyed_context(EVP_aes_128_ctr(), keys.key_bytes(), true);
        return ctx ? std::make_unique<CmCipher>(keys, std::move(ctx)) : nullptr;
    }
    const bool wide = keys.profile == SrtpProfile::AeadAes256Gcm;
    auto ctx = keyed_context(wide ? EVP_aes_256_gcm() : EVP_aes_128_gcm(), keys.key_bytes(), seal);
    return ctx ? std::make_unique<GcmCipher>(keys, std::move(ctx)) : nullptr;
}

} // namespace peerwire
