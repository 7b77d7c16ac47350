// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The receiver's side of the two signatures, with the reasons why one does not hold.

#pragma once

#include "webhooks/signature.h"

#include <optional>

namespace rostrum {

/// Names in lower case.
struct ReceivedWebhook {
    Headers headers;
    std::string body;

    /// The first of that name; nothing without.
    std::optional<std::string_view> header(std::string_view name) const;
};

/// "Name: value", as in HTTP. Never throws.
Result<std::pair<std::string, std::string>> parse_header(std::string_view line);
/// A raw HTTP/1.1 request: request line, headers, an empty line, the body. Lines of the head may end with LF alone.
/// Never throws.
Result<ReceivedWebhook> parse_request(std::string_view bytes);

struct SignatureCheck {
    bool holds = false;
    std::string text; // what holds, or why it does not: a sentence for a person, without secrets
};

/// webhook-signature (Standard Webhooks). `secrets`: as Signer takes them. `now_s`: seconds since 1970; a timestamp
/// further away than `tolerance_s` does not hold. Reentrant.
Result<SignatureCheck> check_hmac(const ReceivedWebhook &webhook, std::string_view secrets, int64_t now_s,
                                  int64_t tolerance_s);
/// videosdk-signature. `public_key`: PEM. An error: it is none. Reentrant.
Result<SignatureCheck> check_rsa(const ReceivedWebhook &webhook, const std::string &public_key);

} // namespace rostrum
