// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Adobe's login for RTMP ("authmod=adobe"): a challenge in the refusal of one `connect`, the response in the next one.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rostrum::rtmp {

/// One login, over as many connections as it takes. Reentrant.
class AdobeAuth {
  public:
    enum class Answer {
        NotAsked, // the refusal is about something else
        Again,    // connect anew, with query()
        Denied,   // for good: denial() says why
    };

    /// `nonce`: random, this side's challenge.
    AdobeAuth(std::string user, std::string password, uint32_t nonce);

    /// What the description of a refused `connect` asks for.
    Answer answer(std::string_view description);
    /// Belongs to the application name from now on; empty before the server asked.
    const std::string &query() const { return query_; }
    const std::string &denial() const { return denial_; }

  private:
    Answer deny(std::string why);
    std::string response(std::string_view challenge) const;

    const std::string user_, password_, nonce_;
    bool named_ = false, responded_ = false; // what query() has
    std::string query_, denial_;
};

} // namespace rostrum::rtmp
