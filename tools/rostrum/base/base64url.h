// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// base64url without padding, RFC 4648 section 5 as RFC 7515 uses it. Reentrant.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rostrum {

std::string base64url_encode(std::string_view bytes);
/// Untrusted text; nothing when a character or the length is wrong.
std::optional<std::string> base64url_decode(std::string_view text);

} // namespace rostrum
