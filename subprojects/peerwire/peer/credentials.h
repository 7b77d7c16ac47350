// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// ICE credentials (RFC 8445 §5.3).

#pragma once

#include <string>
#include <string_view>

namespace peerwire {

struct IceCredentials {
    std::string ufrag;
    std::string pwd;
};

/// 8 characters of ufrag, 32 of password: 48 and 192 random bits (24 and 128 are the minimum).
IceCredentials make_ice_credentials();

/// Lengths and characters as RFC 8839 §5.4 allows them.
bool valid_ice_credentials(std::string_view ufrag, std::string_view pwd);

} // namespace peerwire
