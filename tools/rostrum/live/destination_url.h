// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace rostrum {

/// Where a livestream may go, taken apart: `rtmp[s]://[user:password@]host[:port]/application[/key]` or
/// `srt://host:port?streamid=…&passphrase=…`. What is in it is not decoded, for keys are opaque. Its members except
/// scheme, host and port may be secrets.
struct DestinationUrl {
    std::string scheme; ///< "rtmp", "rtmps", "srt"
    std::string host;   ///< IPv6 without brackets
    std::string port;   ///< "" = the scheme's own
    std::string path;   ///< with its slash
    std::string query;  ///< without its question mark

    bool is_srt() const { return scheme == "srt"; }
};

constexpr size_t kMaxUrlBytes = 1024, kMaxStreamKeyBytes = 512;

/// The URL, or what is wrong with it as one phrase that quotes nothing secret. `stream_key` "": the URL has it.
/// Reentrant.
std::variant<DestinationUrl, std::string> parse_destination_url(std::string_view url, std::string_view stream_key);

/// A destination's URL without what may be a secret in it: user info, query, and, when there is no separate key, the
/// last path segment. "" for what is no such URL.
std::string public_destination_url(const std::string &url, bool has_stream_key);

} // namespace rostrum
