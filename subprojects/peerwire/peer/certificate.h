// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The certificate that every peer of the process presents, and the fingerprints that bind certificates to SDP (RFC
// 8122).

#pragma once

#include "wire/openssl_ptr.h"
#include "wire/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace peerwire {

/// A hash of a certificate in DER, as `a=fingerprint` carries it. Reentrant.
class Fingerprint {
  public:
    /// "sha-256 AA:BB:…"; sha-256, sha-384 and sha-512 (RFC 8122 §5; older hashes are refused). Error 400.
    static Result<Fingerprint> parse(std::string_view text);
    /// sha-256 of `certificate`; empty on an OpenSSL failure.
    static std::string describe(X509 &certificate);

    /// In constant time.
    bool matches(X509 &certificate) const;

  private:
    Fingerprint() = default;

    const EVP_MD *hash_ = nullptr;
    std::vector<uint8_t> value_;
};

/// Self-signed, ECDSA on P-256: small, and cheap to sign with. Thread-safe (constant after construction).
class Certificate {
  public:
    /// Made at the first call, kept in memory only, one for the life of the process.
    static const Certificate &process();

    X509 &x509() const { return *x509_; }
    EVP_PKEY &key() const { return *key_; }
    const std::string &fingerprint() const { return fingerprint_; }

  private:
    Certificate();

    PkeyPtr key_;
    X509Ptr x509_;
    std::string fingerprint_;
};

} // namespace peerwire
