// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Access tokens: HS256 JWT with VideoSDK's claims and one of our own, `mode`.

#pragma once

#include "tools/rostrum/auth/key_ring.h"
#include "tools/rostrum/auth/refusal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rostrum {

/// What a participant may do with media, from least to most.
enum class Mode { SignallingOnly, RecvOnly, SendAndRecv };

/// Takes the old names CONFERENCE and VIEWER too.
std::optional<Mode> parse_mode(std::string_view name);
const char *mode_name(Mode mode);

struct Claims {
    std::string api_key;
    bool allow_join = false, ask_join = false, allow_mod = false;
    std::vector<std::string> roles; ///< empty: any role
    std::string room_id;            ///< empty: any room
    std::string participant_id;     ///< empty: any participant
    Mode mode = Mode::SendAndRecv;
    int64_t issued_at = 0, expires_at = 0;

    std::vector<std::string> permissions() const;
    bool only_role(std::string_view role) const { return roles.size() == 1 && roles[0] == role; }
};

/// `authorization`: header or `token` parameter as it came, raw or after `Bearer`. `now_s`: seconds since 1970.
/// Reads untrusted bytes and never throws. The `apikey` claim chooses the pair, any of its secrets may have signed.
std::variant<Claims, Refusal> verify_token(std::string_view authorization, const KeyRing &ring, int64_t now_s);

/// Signs a token; `claims.api_key` is taken from the key.
std::string mint_token(const Claims &claims, const TokenKey &key);

} // namespace rostrum
