// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where sockets have to be bound so that all of the addresses in answers reach them.

#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace rostrum {

/// One loopback address stays on loopback. Anything else is bound everywhere, for a public address need not be one of
/// this machine's. Reentrant.
inline std::string bind_address(const std::vector<std::string> &addresses) {
    if (addresses.size() == 1 && (addresses[0].rfind("127.", 0) == 0 || addresses[0] == "::1"))
        return addresses[0];
    const bool ipv6 = std::any_of(addresses.begin(), addresses.end(),
                                  [](const std::string &a) { return a.find(':') != std::string::npos; });
    return ipv6 ? "::" : "0.0.0.0";
}

} // namespace rostrum
