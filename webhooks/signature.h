// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The two signatures of a delivery: VideoSDK's (RSA) and Standard Webhooks' (HMAC, standardwebhooks.com).

#pragma once

#include "wire/result.h"

#include <memory>
#include <openssl/evp.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Errors never quote a secret. Reentrant once made.
class Signer {
  public:
    /// `secrets`: "whsec_" and base64, several (during a rotation) with spaces between; empty: none. `key`: an RSA
    /// private key as PEM, or the path of a file with one; empty: none.
    static Result<Signer> create(std::string_view secrets, std::string_view key);

    bool has_key() const { return key_ != nullptr; }
    /// VideoSDK's signature, which all attempts of a body share: base64, empty without a key. Takes as long as all the
    /// rest of a delivery.
    std::string sign_body(std::string_view body) const;
    /// The signature headers of one attempt. `timestamp`: seconds since 1970, of this attempt: receivers compare it
    /// with their clock. `body_signature`: of sign_body().
    Headers sign(std::string_view id, int64_t timestamp, std::string_view body,
                 const std::string &body_signature) const;

  private:
    struct FreeKey {
        void operator()(EVP_PKEY *key) const { EVP_PKEY_free(key); }
    };

    std::vector<std::string> secrets_;
    std::unique_ptr<EVP_PKEY, FreeKey> key_;
};

} // namespace rostrum
