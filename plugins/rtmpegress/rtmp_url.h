// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where to publish, taken apart, and how to talk about it without giving its secrets away.

#pragma once

#include "wire/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

/// One RTMP destination. `stream` (the stream key) and `password` are secrets.
struct RtmpUrl {
    bool tls = false;
    std::string host; // IPv6 without brackets
    uint16_t port = 0;
    std::string application;
    std::string stream;
    std::string username, password;

    /// Scheme, host, port if not the usual one.
    std::string origin() const;

    /// For people and logs: scheme, host, port if not the usual one, application without its query.
    std::string display() const;

    /// `text` with every secret of this destination masked, also where it stands escaped.
    std::string sanitize(std::string_view text) const;
};

/// `rtmp://` or `rtmps://`, `[user:password@]host[:port]/application`. The stream key is `stream_key`, or with an empty
/// one the last path segment (with the query, if any). Keys are opaque: nothing in them is decoded. Errors never quote
/// the text that was given. Reentrant.
Result<RtmpUrl> parse_rtmp_url(std::string_view url, std::string_view stream_key = {});

} // namespace rostrum
