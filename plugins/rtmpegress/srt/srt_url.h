// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where to send an SRT stream, taken apart, and how to talk about it without giving its secrets away.

#pragma once

#include "wire/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace rostrum {

/// One SRT listener. `stream_id` and `passphrase` are secrets.
struct SrtUrl {
    std::string host; // IPv6 without brackets
    uint16_t port = 0;
    std::string stream_id, passphrase; // "" = none
    int key_bytes = 0;                 // 16, 24, 32; 0 = libsrt's choice
    int latency_ms = -1;               // of both ends the larger counts; -1 = libsrt's default of 120

    /// For people and logs: without the query.
    std::string display() const;
};

/// `srt://host:port[?streamid=…&passphrase=…&pbkeylen=…&latency=ms&mode=caller]`; values may be percent-encoded.
/// `stream_key` is the stream id of a URL that has none. Errors never quote the text that was given. Reentrant.
peerwire::Result<SrtUrl> parse_srt_url(std::string_view url, std::string_view stream_key = {});

} // namespace rostrum
