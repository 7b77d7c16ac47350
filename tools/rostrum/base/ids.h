// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Identifiers and secrets, from the system's random source.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rostrum {

std::string random_hex(size_t digits);
inline std::string new_document_id() {
    return random_hex(24);
}
/// `xxxx-xxxx-xxxx` of lower-case letters and digits.
std::string new_room_id();
/// URL-safe text with `bytes` bytes of randomness.
std::string random_token(size_t bytes);
/// A Standard Webhooks secret: `whsec_` and base64.
std::string new_webhook_secret();

bool is_document_id(std::string_view text);
/// 1 to 128 bytes of printable UTF-8 without whitespace or '/': it is a path segment.
bool is_participant_id(std::string_view text);

/// Takes the same time whatever differs; only the lengths leak.
bool equal_constant_time(std::string_view a, std::string_view b);

/// Milliseconds since 1970, and the way VideoSDK writes it: `2026-01-31T12:00:00.000Z`.
int64_t now_ms();
std::string iso_time(int64_t ms);

} // namespace rostrum
