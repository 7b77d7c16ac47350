// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp_url.h"

#include <algorithm>
#include <charconv>
#include <glib.h>
#include <vector>

namespace rostrum {

namespace {

constexpr size_t kMaxUrlBytes = 4096; // longer than any service's URL; keeps a hostile one out of RTMP commands
constexpr uint16_t kRtmpPort = 1935;
constexpr uint16_t kRtmpsPort = 443;

Error bad(const char *text) {
    return {400, text};
}

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
}

std::string unescape(std::string_view text) {
    g_autofree gchar *plain = g_uri_unescape_segment(text.data(), text.data() + text.size(), nullptr);
    return plain ? plain : std::string(text);
}

bool take_userinfo(std::string_view &authority, RtmpUrl &url) {
    const size_t at = authority.rfind('@');
    if (at == authority.npos)
        return true;
    const std::string_view info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const size_t colon = info.find(':');
    url.username = unescape(info.substr(0, colon));
    if (colon != info.npos)
        url.password = unescape(info.substr(colon + 1));
    return !url.username.empty();
}

bool take_port(std::string_view text, RtmpUrl &url) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.port);
    return error == std::errc() && end == text.data() + text.size() && url.port != 0;
}

bool take_host(std::string_view authority, RtmpUrl &url) {
    size_t host_end;
    if (authority.starts_with('[')) {
        host_end = authority.find(']');
        if (host_end == authority.npos)
            return false;
        url.host = authority.substr(1, host_end - 1);
        host_end++;
    } else {
        host_end = std::min(authority.find(':'), authority.size());
        url.host = authority.substr(0, host_end);
    }
    if (url.host.empty())
        return false;
    const std::string_view rest = authority.substr(host_end);
    return rest.empty() || (rest.starts_with(':') && take_port(rest.substr(1), url));
}

/// Without a separate key, the last segment of the path is the key; a query belongs to it.
void split_key(std::string_view path, RtmpUrl &url) {
    const size_t slash = path.substr(0, path.find('?')).rfind('/');
    url.application = path.substr(0, slash == path.npos ? 0 : slash);
    url.stream = path.substr(slash == path.npos ? 0 : slash + 1);
}

void replace_all(std::string &text, const std::string &secret) {
    for (size_t at = 0; (at = text.find(secret, at)) != text.npos; at += 3)
        text.replace(at, secret.size(), "***");
}

/// The query itself and what it says; a value of three letters stands in too many innocent words.
void add_query_secrets(const std::string &part, std::vector<std::string> &secrets) {
    const size_t mark = part.find('?');
    if (mark == part.npos)
        return;
    const std::string query = part.substr(mark + 1);
    secrets.push_back(query);
    for (size_t at = 0; at < query.size();) {
        const size_t end = std::min(query.find('&', at), query.size());
        const std::string pair = query.substr(at, end - at);
        if (const size_t equals = pair.find('='); equals != pair.npos && pair.size() - equals > 4)
            secrets.push_back(pair.substr(equals + 1));
        at = end + 1;
    }
}

} // namespace

Result<RtmpUrl> parse_rtmp_url(std::string_view text, std::string_view stream_key) {
    if (text.size() + stream_key.size() > kMaxUrlBytes)
        return bad("the RTMP URL is too long");
    if (!is_printable(text) || !is_printable(stream_key))
        return bad("the RTMP URL or stream key has a space or control character in it");
    RtmpUrl url;
    if (text.starts_with("rtmps://"))
        url.tls = true;
    else if (!text.starts_with("rtmp://"))
        return bad("an RTMP destination starts with rtmp:// or rtmps://");
    url.port = url.tls ? kRtmpsPort : kRtmpPort;
    text.remove_prefix(url.tls ? 8 : 7);

    const size_t slash = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, slash);
    if (!take_userinfo(authority, url) || !take_host(authority, url))
        return bad("the RTMP URL has no valid host and port");
    std::string_view path = text.substr(slash);
    while (path.starts_with('/'))
        path.remove_prefix(1);
    if (stream_key.empty()) {
        split_key(path, url);
    } else {
        while (path.ends_with('/'))
            path.remove_suffix(1);
        url.application = path;
        url.stream = stream_key;
    }
    if (url.application.empty())
        return bad("the RTMP URL has no application: rtmp://host/application");
    if (url.stream.empty())
        return bad("there is no stream key: give it, or end the URL with it");
    return url;
}

std::string RtmpUrl::origin() const {
    const bool v6 = host.find(':') != host.npos;
    std::string text = (tls ? "rtmps://" : "rtmp://") + (v6 ? "[" + host + "]" : host);
    if (port != (tls ? kRtmpsPort : kRtmpPort))
        text += ":" + std::to_string(port);
    return text;
}

std::string RtmpUrl::display() const {
    return origin() + "/" + application.substr(0, application.find('?')) + "/***";
}

std::string RtmpUrl::sanitize(std::string_view text) const {
    std::vector<std::string> plain_secrets{stream, stream.substr(0, stream.find('?')), password};
    add_query_secrets(stream, plain_secrets);
    add_query_secrets(application, plain_secrets);
    std::vector<std::string> secrets;
    for (const std::string &plain : plain_secrets) {
        if (plain.empty())
            continue;
        g_autofree gchar *percent = g_uri_escape_string(plain.c_str(), nullptr, FALSE);
        g_autofree gchar *quoted = g_strescape(plain.c_str(), nullptr);
        secrets.insert(secrets.end(), {plain, unescape(plain), percent ? percent : plain, quoted});
    }
    // The longest first, so that no rest of a longer secret stays behind.
    std::sort(secrets.begin(), secrets.end(), [](const auto &a, const auto &b) { return a.size() > b.size(); });
    std::string clean(text);
    for (const std::string &secret : secrets)
        if (!secret.empty())
            replace_all(clean, secret);
    return clean;
}

} // namespace rostrum
