// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/srt/srt_url.h"

#include <algorithm>
#include <charconv>
#include <glib.h>
#include <optional>

namespace rostrum {

namespace {

using peerwire::Error;

constexpr std::string_view kScheme = "srt://";
constexpr size_t kMaxUrlBytes = 4096;
constexpr size_t kMaxStreamIdBytes = 512;                            // SRTO_STREAMID
constexpr size_t kMinPassphraseBytes = 10, kMaxPassphraseBytes = 79; // SRTO_PASSPHRASE
constexpr int kMaxLatencyMs = 60'000;

Error bad(const char *text) {
    return {400, text};
}

std::optional<int> number(std::string_view text, int least, int most) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
        return std::nullopt;
    return value;
}

bool take_authority(std::string_view authority, SrtUrl &url) {
    size_t host_end = 0;
    if (authority.starts_with('[')) {
        host_end = authority.find(']');
        if (host_end == authority.npos)
            return false;
        url.host = authority.substr(1, host_end++ - 1);
    } else {
        host_end = std::min(authority.find(':'), authority.size());
        url.host = authority.substr(0, host_end);
    }
    const std::string_view port = authority.substr(host_end);
    const auto value = port.starts_with(':') ? number(port.substr(1), 1, 65535) : std::nullopt;
    url.port = static_cast<uint16_t>(value.value_or(0));
    return !url.host.empty() && value;
}

/// Null: fine.
const char *take_option(std::string_view name, const std::string &value, SrtUrl &url) {
    if (name == "streamid")
        url.stream_id = value;
    else if (name == "passphrase")
        url.passphrase = value;
    else if (name == "mode")
        return value == "caller" ? nullptr : "an SRT destination is called: mode can only be caller";
    else if (name == "latency") {
        const auto latency = number(value, 0, kMaxLatencyMs);
        url.latency_ms = latency.value_or(-1);
        return latency ? nullptr : "the latency of the SRT URL has to be 0 to 60000 ms";
    } else if (name == "pbkeylen") {
        url.key_bytes = number(value, 16, 32).value_or(0);
        return url.key_bytes % 8 == 0 && url.key_bytes > 0 ? nullptr : "pbkeylen has to be 16, 24 or 32";
    } else
        return "the SRT URL has an option other than streamid, passphrase, pbkeylen, latency and mode";
    return nullptr;
}

const char *take_query(std::string_view query, SrtUrl &url) {
    while (!query.empty()) {
        const std::string_view option = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(option.size() + 1, query.size()));
        const size_t equals = std::min(option.find('='), option.size());
        const std::string_view raw = option.substr(std::min(equals + 1, option.size()));
        g_autofree gchar *value = g_uri_unescape_segment(raw.data(), raw.data() + raw.size(), nullptr);
        if (!value)
            return "the query of the SRT URL is not percent-encoded as it should be";
        if (const char *fault = take_option(option.substr(0, equals), value, url))
            return fault;
    }
    if (url.stream_id.size() > kMaxStreamIdBytes)
        return "the stream id has more than 512 bytes";
    if (!url.passphrase.empty() &&
        (url.passphrase.size() < kMinPassphraseBytes || url.passphrase.size() > kMaxPassphraseBytes))
        return "the passphrase has to have 10 to 79 bytes";
    return nullptr;
}

} // namespace

peerwire::Result<SrtUrl> parse_srt_url(std::string_view text, std::string_view stream_key) {
    if (text.size() + stream_key.size() > kMaxUrlBytes)
        return bad("the SRT URL is too long");
    if (!text.starts_with(kScheme))
        return bad("an SRT destination starts with srt://");
    text.remove_prefix(kScheme.size());
    SrtUrl url;
    const std::string_view authority = text.substr(0, text.find_first_of("/?"));
    if (!take_authority(authority, url))
        return bad("the SRT URL has no valid host and port: srt://host:port");
    text.remove_prefix(authority.size());
    const size_t question = std::min(text.find('?'), text.size());
    if (question > 1)
        return bad("an SRT URL has no path: give ?streamid=");
    const std::string_view query = text.substr(std::min(question + 1, text.size()));
    if (const char *fault = take_query(query, url))
        return bad(fault);
    if (url.stream_id.empty())
        url.stream_id = stream_key;
    if (url.stream_id.size() > kMaxStreamIdBytes)
        return bad("the stream id has more than 512 bytes");
    return url;
}

std::string SrtUrl::display() const {
    const bool v6 = host.find(':') != host.npos;
    return std::string(kScheme) + (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

} // namespace rostrum
