// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/master_key.h"

#include "tools/rostrum/base/base64url.h"
#include "tools/rostrum/base/digest.h"

#include <memory>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdexcept>

namespace rostrum {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kNonceBytes = 12; // NIST SP 800-38D section 8.2.2: random, far below 2^32 uses of one key
constexpr size_t kTagBytes = 16;
constexpr std::string_view kVersion = "1:";

struct CipherDeleter {
    void operator()(EVP_CIPHER_CTX *context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherDeleter>;

const unsigned char *bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char *>(text.data());
}

int size_of(std::string_view text) {
    return static_cast<int>(text.size());
}

void demand(int result) {
    if (result != 1)
        throw std::runtime_error("OpenSSL gives no AES-256-GCM");
}

} // namespace

std::optional<MasterKey> MasterKey::parse(std::string_view base64) {
    std::string text(base64);
    while (!text.empty() && text.back() == '=')
        text.pop_back();
    for (char &c : text)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    auto bytes = base64url_decode(text);
    return bytes && bytes->size() == kKeyBytes ? std::optional(MasterKey(std::move(*bytes))) : std::nullopt;
}

std::string MasterKey::seal(std::string_view secret, std::string_view context) const {
    unsigned char nonce[kNonceBytes], tag[kTagBytes];
    demand(RAND_bytes(nonce, kNonceBytes));
    std::string text(secret.size(), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int size = 0;
    demand(EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(bytes_), nonce));
    demand(EVP_EncryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), size_of(context)));
    demand(EVP_EncryptUpdate(cipher.get(), reinterpret_cast<unsigned char *>(text.data()), &size, bytes_of(secret),
                             size_of(secret)));
    demand(EVP_EncryptFinal_ex(cipher.get(), nullptr, &size));
    demand(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, tag));
    const std::string sealed = std::string(nonce, nonce + kNonceBytes) + text + std::string(tag, tag + kTagBytes);
    return std::string(kVersion) + base64url_encode(sealed);
}

std::optional<std::string> MasterKey::open(std::string_view sealed, std::string_view context) const {
    if (!sealed.starts_with(kVersion))
        return std::nullopt;
    const auto bytes = base64url_decode(sealed.substr(kVersion.size()));
    if (!bytes || bytes->size() < kNonceBytes + kTagBytes)
        return std::nullopt;
    const std::string_view nonce = std::string_view(*bytes).substr(0, kNonceBytes),
                           text = std::string_view(*bytes).substr(kNonceBytes, bytes->size() - kNonceBytes - kTagBytes);
    std::string tag = bytes->substr(bytes->size() - kTagBytes), secret(text.size(), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new());
    int size = 0;
    demand(EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, bytes_of(bytes_), bytes_of(nonce)));
    demand(EVP_DecryptUpdate(cipher.get(), nullptr, &size, bytes_of(context), size_of(context)));
    demand(EVP_DecryptUpdate(cipher.get(), reinterpret_cast<unsigned char *>(secret.data()), &size, bytes_of(text),
                             size_of(text)));
    demand(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()));
    return EVP_DecryptFinal_ex(cipher.get(), nullptr, &size) == 1 ? std::optional(secret) : std::nullopt;
}

std::string MasterKey::derive(const char *purpose) const {
    return hmac_sha256(bytes_, purpose);
}

} // namespace rostrum
