// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <string>
#include <string_view>

namespace rostrum {

/// What a User-Agent header says (RFC 9110 section 10.1.5); "" is not known.
struct UserAgent {
    std::string browser, browser_version;
    std::string os, os_version;
    std::string platform; ///< "desktop", "mobile" or "tablet"
};

/// Reads untrusted bytes and never throws; looks at no more than the first 512. Reentrant.
UserAgent parse_user_agent(std::string_view header);

} // namespace rostrum
