// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum {

/// From which origins browsers may call (the CORS protocol of the Fetch standard). Reentrant.
class Cors {
  public:
    /// `list`: `*`, or origins such as `https://app.example.org` and `https://*.example.org`, comma-separated; empty:
    /// none. Nothing when one of them is no origin.
    static std::optional<Cors> parse(std::string_view list);

    bool anybody() const { return anybody_; }
    /// What Access-Control-Allow-Origin says to this Origin header; "" to one that may not.
    std::string allowed(const std::string &origin) const;

    bool credentials = false;   ///< cookies too, of a proxy in front; not with `*`
    unsigned max_age_s = 86400; ///< how long a preflight is remembered

  private:
    struct Pattern {
        std::string scheme, host; ///< host with its port; of a wildcard from the dot on
        bool wildcard;
    };
    bool anybody_ = false;
    std::vector<Pattern> patterns_;
};

} // namespace rostrum
