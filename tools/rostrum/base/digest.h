// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <string>

namespace rostrum {

/// HMAC-SHA256, 32 bytes.
std::string hmac_sha256(const std::string &key, const std::string &text);
/// SHA-256 in hexadecimal digits.
std::string sha256_hex(const std::string &bytes);
std::string hex(const std::string &bytes);

} // namespace rostrum
