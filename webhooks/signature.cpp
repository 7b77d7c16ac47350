// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/signature.h"

#include <glib.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

namespace rostrum {

namespace {

std::string base64(const void *bytes, size_t size) {
    g_autofree gchar *text = g_base64_encode(static_cast<const guchar *>(bytes), size);
    return text;
}

/// g_base64_decode() skips what it does not know; a mistyped secret must not become a different one.
bool is_base64(std::string_view text) {
    const size_t pad = text.find('=');
    const std::string_view digits = text.substr(0, pad);
    return !digits.empty() && text.size() % 4 == 0 && digits.size() + 2 >= text.size() &&
           digits.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") == digits.npos;
}

Result<std::vector<std::string>> decode_secrets(std::string_view text) {
    constexpr std::string_view kPrefix = "whsec_";
    std::vector<std::string> secrets;
    while (!text.empty()) {
        const size_t space = text.find(' ');
        std::string_view word = text.substr(0, space);
        text.remove_prefix(space == text.npos ? text.size() : space + 1);
        if (word.empty())
            continue;
        if (word.starts_with(kPrefix))
            word.remove_prefix(kPrefix.size());
        if (!is_base64(word))
            return Error{400, "the webhook secret is not \"whsec_\" and base64"};
        gsize size = 0;
        g_autofree guchar *bytes = g_base64_decode(std::string(word).c_str(), &size);
        secrets.emplace_back(reinterpret_cast<const char *>(bytes), size);
    }
    return secrets;
}

using BioPtr = std::unique_ptr<BIO, decltype([](BIO *bio) { BIO_free(bio); })>;

} // namespace

Result<Signer> Signer::create(std::string_view secrets, std::string_view key) {
    Signer signer;
    auto decoded = decode_secrets(secrets);
    if (!decoded)
        return decoded.error();
    signer.secrets_ = std::move(decoded).value();
    if (key.empty())
        return signer;
    const bool is_pem = key.find("-----BEGIN") != key.npos;
    const BioPtr bio(is_pem ? BIO_new_mem_buf(key.data(), static_cast<int>(key.size()))
                            : BIO_new_file(std::string(key).c_str(), "r"));
    if (!bio)
        return Error{400, "the webhook signing key cannot be read"};
    char no_passphrase[] = ""; // without one OpenSSL asks at the terminal
    signer.key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, no_passphrase));
    if (!signer.key_ || !EVP_PKEY_is_a(signer.key_.get(), "RSA"))
        return Error{400, "the webhook signing key is not an RSA private key in PEM without a passphrase"};
    return signer;
}

std::string Signer::sign_body(std::string_view body) const {
    if (!key_)
        return {};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::string signature(static_cast<size_t>(EVP_PKEY_get_size(key_.get())), '\0');
    size_t size = signature.size();
    // PKCS #1 v1.5 is the padding of RSA keys by default.
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), reinterpret_cast<unsigned char *>(signature.data()), &size,
                       reinterpret_cast<const unsigned char *>(body.data()), body.size()) != 1)
        return {};
    return base64(signature.data(), size);
}

Headers Signer::sign(std::string_view id, int64_t timestamp, std::string_view body,
                     const std::string &body_signature) const {
    Headers headers{{"webhook-id", std::string(id)}, {"webhook-timestamp", std::to_string(timestamp)}};
    const std::string content = std::string(id) + "." + std::to_string(timestamp) + "." + std::string(body);
    std::string signatures;
    for (const std::string &secret : secrets_) {
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             reinterpret_cast<const unsigned char *>(content.data()), content.size(), mac, &size);
        signatures += (signatures.empty() ? "v1," : " v1,") + base64(mac, size);
    }
    if (!signatures.empty())
        headers.emplace_back("webhook-signature", signatures);
    if (!body_signature.empty())
        headers.emplace_back("videosdk-signature", body_signature);
    return headers;
}

} // namespace rostrum
