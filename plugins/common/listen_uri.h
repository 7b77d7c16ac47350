// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The value of a `listen` property: "http://ADDRESS:PORT/PATH".

#pragma once

#include "wire/result.h"

#include <cstdint>
#include <string>

namespace rostrum {

struct ListenUri {
    std::string host;  // numeric address, IPv6 without brackets
    uint16_t port = 0; // 0 = any free port
    std::string path;  // begins with "/", no "/" at the end unless it is the root

    std::string to_string() const;
};

/// 400 with the reason. "localhost" means 127.0.0.1, an absent port 80, an absent path "/". Reentrant.
peerwire::Result<ListenUri> parse_listen_uri(const std::string &text);

} // namespace rostrum
