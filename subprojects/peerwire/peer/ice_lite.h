// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The lite side of ICE (RFC 8445 §2.5): it answers connectivity checks and never sends one.

#pragma once

#include "peer/credentials.h"
#include "wire/address.h"
#include "wire/hmac_sha1.h"
#include "wire/stun.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace peerwire {

/// Always controlled. Thread-bound to its peer.
class IceLite {
  public:
    IceLite(IceCredentials local, std::string remote_ufrag);

    struct Outcome {
        bool authentic = false; ///< USERNAME and MESSAGE-INTEGRITY are right: the sender knows our password
        bool checked = false;   ///< a valid check: the address may receive
        bool nominated = false; ///< USE-CANDIDATE as well
        size_t response = 0;    ///< bytes written to the response room
    };

    /// Answers a binding request that came from `from`. Anything not authentic is ignored: an answer would serve
    /// nobody but a scanner.
    Outcome handle(std::span<const uint8_t> message, const Address &from, std::span<uint8_t> response);

    /// RFC 8445 §9: checks with the new and, until one of those is nominated, with the old credentials are answered.
    void restart(IceCredentials local, std::string remote_ufrag);

    const IceCredentials &local() const { return current_.local; }

    /// The part of a check's USERNAME that names its receiver.
    static std::string_view receiver_ufrag(std::string_view username) { return username.substr(0, username.find(':')); }

  private:
    struct Generation {
        IceCredentials local;
        std::string remote_ufrag;
        HmacSha1 key; ///< of our password: checks are signed with it, and so are their answers

        Generation(IceCredentials credentials, std::string remote);
        bool names(std::string_view username) const;
    };

    Generation current_;
    std::optional<Generation> previous_;
};

} // namespace peerwire
