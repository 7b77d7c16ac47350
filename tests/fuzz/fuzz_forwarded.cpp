// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What proxies say about clients, as lines: forwarded, x-forwarded-for, -proto, -host, host. Who is not a proxy is
// never believed, and what becomes part of links is an origin and nothing more.

#include "tools/rostrum/api/client_address.h"

#include <algorithm>
#include <cstdlib>

using rostrum::IpAddress;

namespace {

std::string line(std::string_view &rest) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string text(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return text;
}

void check_origin(const std::string &origin) {
    constexpr std::string_view kHost = "abcdefghijklmnopqrstuvwxyz0123456789-._:[]";
    if (origin.empty())
        return;
    const size_t scheme = origin.starts_with("https://") ? 8 : 7;
    if (scheme == 7 && !origin.starts_with("http://"))
        std::abort();
    if (origin.size() == scheme || origin.find_first_not_of(kHost, scheme) != std::string::npos)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    std::string_view rest(reinterpret_cast<const char *>(data), size);
    rostrum::ProxiedHeaders headers;
    headers.forwarded = line(rest);
    headers.forwarded_for = line(rest);
    headers.forwarded_proto = line(rest);
    headers.forwarded_host = line(rest);
    headers.host = line(rest);
    const IpAddress proxy = *IpAddress::parse("127.0.0.1"), stranger = *IpAddress::parse("203.0.113.9");
    for (const auto kind : {rostrum::ProxyHeaders::XForwarded, rostrum::ProxyHeaders::Forwarded}) {
        const rostrum::ProxyTrust trust{*rostrum::Networks::parse("127.0.0.1,10.0.0.0/8"), kind};
        check_origin(rostrum::find_client(proxy, trust, headers).origin);
        const auto client = rostrum::find_client(stranger, trust, headers);
        if (client.address != stranger || !client.origin.empty())
            std::abort();
    }
    (void)rostrum::Networks::parse(headers.forwarded);
    return 0;
}
