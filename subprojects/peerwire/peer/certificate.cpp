// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/certificate.h"

#include "wire/hmac_sha1.h"

#include <openssl/ec.h>
#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace peerwire {

namespace {

constexpr long kValidSeconds = 10L * 365 * 24 * 3600;
constexpr long kClockSkewSeconds = 24L * 3600; // a peer's clock may be behind ours

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// "AA:BB:…"; nothing when it is anything else.
std::optional<std::vector<uint8_t>> parse_colon_hex(std::string_view text) {
    std::vector<uint8_t> bytes;
    for (size_t at = 0; at + 2 <= text.size(); at += 3) {
        const int high = hex_digit(text[at]), low = hex_digit(text[at + 1]);
        const bool last = at + 2 == text.size();
        if (high < 0 || low < 0 || (!last && text[at + 2] != ':'))
            return std::nullopt;
        bytes.push_back(static_cast<uint8_t>(high << 4 | low));
        if (last)
            return bytes;
    }
    return std::nullopt;
}

const EVP_MD *hash_by_name(std::string_view name) {
    std::string lower(name);
    for (auto &c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (lower == "sha-256")
        return EVP_sha256();
    if (lower == "sha-384")
        return EVP_sha384();
    return lower == "sha-512" ? EVP_sha512() : nullptr;
}

} // namespace

Result<Fingerprint> Fingerprint::parse(std::string_view text) {
    const size_t blank = text.find(' ');
    if (blank == std::string_view::npos)
        return Error{400, "a fingerprint is a hash name, a blank and hex bytes"};
    Fingerprint fingerprint;
    fingerprint.hash_ = hash_by_name(text.substr(0, blank));
    if (fingerprint.hash_ == nullptr)
        return Error{400, "fingerprint hash is not one of sha-256, sha-384, sha-512"};
    const auto value = parse_colon_hex(text.substr(blank + 1));
    if (!value || value->size() != static_cast<size_t>(EVP_MD_get_size(fingerprint.hash_)))
        return Error{400, "fingerprint is not as long as its hash"};
    fingerprint.value_ = *value;
    return fingerprint;
}

std::string Fingerprint::describe(X509 &certificate) {
    std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1)
        return {};
    std::string text = "sha-256";
    for (unsigned i = 0; i < size; ++i) {
        char byte[4];
        std::snprintf(byte, sizeof byte, "%c%02X", i == 0 ? ' ' : ':', digest[i]);
        text += byte;
    }
    return text;
}

bool Fingerprint::matches(X509 &certificate) const {
    std::array<uint8_t, EVP_MAX_MD_SIZE> digest;
    unsigned size = 0;
    return X509_digest(&certificate, hash_, digest.data(), &size) == 1 &&
           constant_time_equal({digest.data(), size}, value_);
}

const Certificate &Certificate::process() {
    static const auto *certificate = new Certificate; // never destroyed: shards may outlive main()
    return *certificate;
}

Certificate::Certificate() : key_(EVP_EC_gen("P-256")), x509_(X509_new()) {
    // A random serial and a constant name say nothing about the machine (RFC 8827 §7).
    int64_t serial = 0;
    RAND_bytes(reinterpret_cast<uint8_t *>(&serial), sizeof serial);
    bool ok = key_ && x509_ && X509_set_version(x509_.get(), X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set_int64(X509_get_serialNumber(x509_.get()), serial & INT64_MAX) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(x509_.get()), -kClockSkewSeconds) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(x509_.get()), kValidSeconds) != nullptr &&
              X509_set_pubkey(x509_.get(), key_.get()) == 1;
    X509_NAME *name = ok ? X509_get_subject_name(x509_.get()) : nullptr;
    ok = ok &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char *>("peerwire"), -1,
                                    -1, 0) == 1 &&
         X509_set_issuer_name(x509_.get(), name) == 1 && X509_sign(x509_.get(), key_.get(), EVP_sha256()) > 0;
    fingerprint_ = ok ? Fingerprint::describe(*x509_) : std::string();
    if (fingerprint_.empty())
        std::abort(); // OpenSSL without P-256 or SHA-256: nothing here could work
}

} // namespace peerwire
