// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// OpenSSL 3.0's EVP_MAC and EVP_MD allocate a copy of the digest state for each message; the plain SHA_CTX functions do
// not, and they are what the providers run underneath.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "wire/hmac_sha1.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace peerwire {

struct HmacSha1::States {
    SHA_CTX inner, outer; ///< after the padded key's block
    ~States() { OPENSSL_cleanse(this, sizeof *this); }
};

HmacSha1::HmacSha1(std::span<const uint8_t> key) : states_(std::make_unique<States>()) {
    std::array<uint8_t, SHA_CBLOCK> block{};
    if (key.size() > block.size())
        SHA1(key.data(), key.size(), block.data());
    else
        std::copy(key.begin(), key.end(), block.begin());
    const auto start = [&block](SHA_CTX &state, uint8_t pad) {
        auto padded = block;
        for (auto &byte : padded)
            byte ^= pad;
        SHA1_Init(&state);
        SHA1_Update(&state, padded.data(), padded.size());
        OPENSSL_cleanse(padded.data(), padded.size());
    };
    start(states_->inner, 0x36);
    start(states_->outer, 0x5c);
    OPENSSL_cleanse(block.data(), block.size());
}

HmacSha1::~HmacSha1() = default;
HmacSha1::HmacSha1(HmacSha1 &&) noexcept = default;
HmacSha1 &HmacSha1::operator=(HmacSha1 &&) noexcept = default;

HmacSha1::Digest HmacSha1::mac(std::initializer_list<std::span<const uint8_t>> parts) const {
    Digest digest;
    SHA_CTX state = states_->inner;
    for (const auto part : parts)
        SHA1_Update(&state, part.data(), part.size());
    SHA1_Final(digest.data(), &state);
    state = states_->outer;
    SHA1_Update(&state, digest.data(), digest.size());
    SHA1_Final(digest.data(), &state);
    return digest;
}

bool constant_time_equal(std::span<const uint8_t> a, std::span<const uint8_t> b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace peerwire
