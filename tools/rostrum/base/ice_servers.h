// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The STUN and TURN servers of the setting `ice-servers`. Reentrant.

#pragma once

#include <string>
#include <vector>

namespace rostrum {

struct IceServer {
    std::string uri; ///< RFC 7064 and RFC 7065: `stun:HOST[:PORT]`, `turn:HOST[:PORT][?transport=udp|tcp]`
    bool turn = false;
};

struct IceServerList {
    std::vector<IceServer> servers;
    std::string fault; ///< what is wrong with the first bad one, or ""
};

/// Of a comma list of URIs.
IceServerList parse_ice_servers(const std::string &list);

} // namespace rostrum
