// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who is behind a reverse proxy. Only what a trusted proxy says counts, and of that only what it and other trusted
// proxies have added themselves.

#pragma once

#include "tools/rostrum/base/networks.h"

namespace rostrum {

/// Which headers the proxies set. Only those are read: the others pass through a proxy as a client wrote them.
enum class ProxyHeaders { XForwarded, Forwarded };

struct ProxyTrust {
    Networks proxies;
    ProxyHeaders headers = ProxyHeaders::XForwarded;
};

/// Headers of a request, lists with all their values joined by commas; untrusted.
struct ProxiedHeaders {
    std::string forwarded, forwarded_for, forwarded_proto, forwarded_host, host;
};

struct Client {
    IpAddress address;
    /// What the client called the server, `https://live.example.org`; "" when no trusted proxy says it.
    std::string origin;
};

/// One element of a Forwarded header, RFC 7239 section 4; what is missing is "".
struct ForwardedElement {
    std::string node, proto, host; ///< node: the value of `for`
};

/// In the order of the header. Nothing when it is not one.
std::optional<std::vector<ForwardedElement>> parse_forwarded(std::string_view header);

/// The address of a node, RFC 7239 section 6, or of an entry of X-Forwarded-For: with or without port and brackets.
std::optional<IpAddress> address_of_node(std::string_view node);

Client find_client(const IpAddress &peer, const ProxyTrust &trust, const ProxiedHeaders &headers);

} // namespace rostrum
