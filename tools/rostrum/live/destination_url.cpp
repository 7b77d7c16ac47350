// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/destination_url.h"

#include <algorithm>
#include <glib.h>
#include <optional>

namespace rostrum {
namespace {

constexpr std::string_view kSchemes[] = {"rtmp", "rtmps", "srt"};
constexpr unsigned long kMaxSrtLatencyMs = 60'000;         // a minute of buffer is more than any path needs
constexpr size_t kMinPassphrase = 10, kMaxPassphrase = 79; // SRTO_PASSPHRASE
constexpr size_t kMaxSrtStreamId = 512;                    // SRTO_STREAMID

using Fault = std::optional<std::string>;

bool has_blank_or_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

/// Names may hold letters of other scripts.
bool is_host_name(std::string_view host) {
    return !host.empty() && std::all_of(host.begin(), host.end(), [](unsigned char c) {
        return g_ascii_isalnum(c) || c == '.' || c == '-' || c == '_' || c >= 0x80;
    });
}

bool is_number(std::string_view text, unsigned long least, unsigned long most) {
    if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != text.npos)
        return false;
    const unsigned long value = std::stoul(std::string(text));
    return least <= value && value <= most;
}

Fault take_scheme(std::string_view &rest, DestinationUrl &url) {
    const size_t end = rest.find("://");
    if (end == rest.npos)
        return "the url cannot be read; it is like rtmp://host/app";
    url.scheme = rest.substr(0, end);
    rest.remove_prefix(end + 3);
    if (std::find(std::begin(kSchemes), std::end(kSchemes), url.scheme) == std::end(kSchemes))
        return "the url has to begin with rtmp://, rtmps:// or srt://";
    return std::nullopt;
}

/// [user[:password]@]host[:port]
Fault take_authority(std::string_view authority, DestinationUrl &url) {
    if (const size_t at = authority.rfind('@'); at != authority.npos) {
        if (url.is_srt() || at == 0)
            return url.is_srt() ? "srt:// takes no user; give streamid and passphrase"
                                : "the url names no user before '@'";
        authority.remove_prefix(at + 1);
    }
    std::string_view port;
    if (authority.starts_with('[')) {
        const size_t end = authority.find(']');
        if (end == authority.npos)
            return "the bracket of the IPv6 address is not closed";
        url.host = authority.substr(1, end - 1);
        port = authority.substr(end + 1);
        if (!g_hostname_is_ip_address(url.host.c_str()))
            return "what stands in brackets is no IPv6 address";
    } else {
        if (std::count(authority.begin(), authority.end(), ':') > 1)
            return "an IPv6 address has to stand in brackets: rtmp://[2001:db8::1]/app";
        url.host = authority.substr(0, authority.find(':'));
        port = authority.substr(url.host.size());
        if (url.host.empty())
            return "the url names no host";
        if (!is_host_name(url.host))
            return "the host of the url has a character that no host has";
    }
    if (port.empty())
        return std::nullopt;
    url.port = port.substr(1);
    if (!port.starts_with(':') || !is_number(url.port, 1, 65535))
        return "the port has to be a number from 1 to 65535";
    return std::nullopt;
}

Fault fault_of_srt_option(std::string_view name, const std::string &value) {
    if (name == "streamid")
        return value.size() <= kMaxSrtStreamId ? Fault() : "streamid has more than 512 bytes";
    if (name == "passphrase")
        return value.size() >= kMinPassphrase && value.size() <= kMaxPassphrase
                   ? Fault()
                   : "the passphrase has to have 10 to 79 bytes";
    if (name == "latency")
        return is_number(value, 0, kMaxSrtLatencyMs) ? Fault() : "latency has to be 0 to 60000 ms";
    if (name == "mode")
        return value == "caller" ? Fault() : "mode has to be caller: this side connects";
    if (name == "pbkeylen")
        return value == "16" || value == "24" || value == "32" ? Fault() : "pbkeylen has to be 16, 24 or 32";
    return "srt:// takes streamid, passphrase, pbkeylen, latency and mode, nothing else";
}

Fault fault_of_srt(const DestinationUrl &url) {
    if (url.port.empty())
        return "an srt:// url needs a port: srt://host:port";
    if (url.path.size() > 1)
        return "an srt:// url has no path; give ?streamid=…";
    for (size_t at = 0; at < url.query.size();) {
        const std::string_view option = std::string_view(url.query).substr(at, url.query.find('&', at) - at);
        at += option.size() + 1;
        const size_t equals = std::min(option.find('='), option.size());
        const std::string_view raw = option.substr(std::min(equals + 1, option.size()));
        g_autofree gchar *value = g_uri_unescape_segment(raw.data(), raw.data() + raw.size(), nullptr);
        if (!value)
            return "the query of the url has a '%' that stands for nothing";
        if (Fault fault = fault_of_srt_option(option.substr(0, equals), value))
            return fault;
    }
    return std::nullopt;
}

Fault fault_of_rtmp(const DestinationUrl &url, std::string_view stream_key) {
    std::string_view path = url.path;
    while (path.starts_with('/'))
        path.remove_prefix(1);
    if (path.empty())
        return "the url has no application: rtmp://host/app";
    const size_t slash = path.rfind('/');
    if (stream_key.empty() && (slash == path.npos || slash + 1 == path.size()))
        return "there is no stream key: give streamKey, or end the url with it";
    return std::nullopt;
}

std::string without_secrets(const DestinationUrl &url, bool has_stream_key) {
    const bool v6 = url.host.find(':') != url.host.npos;
    std::string text = url.scheme + "://" + (v6 ? "[" + url.host + "]" : url.host);
    if (!url.port.empty())
        text += ":" + url.port;
    if (!url.is_srt())
        text += has_stream_key ? url.path : url.path.substr(0, url.path.rfind('/'));
    return text;
}

std::variant<DestinationUrl, std::string> take_apart(std::string_view text) {
    DestinationUrl url;
    if (Fault fault = take_scheme(text, url))
        return *fault;
    const std::string_view authority = text.substr(0, text.find_first_of("/?"));
    if (Fault fault = take_authority(authority, url))
        return *fault;
    text.remove_prefix(authority.size());
    url.path = text.substr(0, text.find('?'));
    if (url.path.size() < text.size())
        url.query = text.substr(url.path.size() + 1);
    return url;
}

} // namespace

std::variant<DestinationUrl, std::string> parse_destination_url(std::string_view url, std::string_view stream_key) {
    if (url.size() > kMaxUrlBytes)
        return "the url has more than " + std::to_string(kMaxUrlBytes) + " bytes";
    if (stream_key.size() > kMaxStreamKeyBytes)
        return "streamKey has more than " + std::to_string(kMaxStreamKeyBytes) + " bytes";
    if (has_blank_or_control(url) || has_blank_or_control(stream_key))
        return "blanks and control characters are not allowed in url and streamKey";
    auto result = take_apart(url);
    if (const auto *parsed = std::get_if<DestinationUrl>(&result))
        if (Fault fault = parsed->is_srt() ? fault_of_srt(*parsed) : fault_of_rtmp(*parsed, stream_key))
            return *fault;
    return result;
}

std::string public_destination_url(const std::string &url, bool has_stream_key) {
    const auto parsed = take_apart(url);
    const auto *good = std::get_if<DestinationUrl>(&parsed);
    return good ? without_secrets(*good, has_stream_key) : "";
}

} // namespace rostrum
