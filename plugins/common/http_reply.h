// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Answers of the WHIP and WHEP endpoint: text, errors as {code, message, requestId}, CORS.

#pragma once

#include "wire/result.h"

#include <libsoup/soup.h>

#include <string>

namespace rostrum {

/// 128 random bits, in hexadecimal.
std::string random_id();

void add_common_headers(SoupServerMessage *message);
void reply_text(SoupServerMessage *message, unsigned status, const char *content_type, const std::string &text);

/// The Error's code is the status; 503 carries Retry-After.
void reply_error(SoupServerMessage *message, const peerwire::Error &error);
void reply_not_allowed(SoupServerMessage *message, const char *allowed_methods);
/// CORS preflight, and what else OPTIONS is asked for.
void reply_options(SoupServerMessage *message, const char *allowed_methods);

} // namespace rostrum
