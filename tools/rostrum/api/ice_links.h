// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What WHIP and WHEP clients are told about STUN and TURN servers (RFC 9725 section 4.6). Reentrant.

#pragma once

#include "tools/rostrum/base/ice_servers.h"

#include <cstdint>

namespace rostrum {

/// Long-term credentials of limited life (draft-uberti-behave-turn-rest), as coturn's `use-auth-secret` checks them.
struct TurnCredentials {
    std::string username; ///< "{expiry, seconds since 1970}:{participant, percent-encoded}"
    std::string password; ///< base64(HMAC-SHA1(secret, username))
};

TurnCredentials mint_turn_credentials(const std::string &secret, const std::string &participant_id, int64_t expiry_s);

class IceLinks {
  public:
    IceLinks(std::vector<IceServer> servers, std::string turn_secret, unsigned lifetime_s)
        : servers_(std::move(servers)), turn_secret_(std::move(turn_secret)), lifetime_s_(lifetime_s) {}

    /// One value of the header `Link` for each server, with credentials for this participant where it is a TURN server.
    std::vector<std::string> values(const std::string &participant_id, int64_t now_s) const;

  private:
    const std::vector<IceServer> servers_;
    const std::string turn_secret_;
    const unsigned lifetime_s_;
};

} // namespace rostrum
