// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which addresses a stranger must not make this machine connect to: whoever names a destination (of a push, of a
// webhook) would otherwise reach what only this machine and its neighbours can (CWE-918). The address to look at is the
// one that the connection then uses, for a name may resolve to another one the next time.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr;

namespace rostrum {

/// What an address is for (IANA special-purpose registries, RFC 6890). Only Public ones are for strangers.
enum class AddressRange {
    Public,
    Unspecified,   // 0.0.0.0/8, ::
    Loopback,      // 127.0.0.0/8, ::1
    Private,       // RFC 1918, fc00::/7, fec0::/10, 64:ff9b:1::/48
    LinkLocal,     // 169.254.0.0/16 (where clouds answer with their secrets), fe80::/10
    Shared,        // 100.64.0.0/10, RFC 6598
    Multicast,     // 224.0.0.0/4, ff00::/8
    Broadcast,     // 255.255.255.255
    Documentation, // RFC 5737, 3849, 9637
    Reserved,      // everything else that is no global unicast
};

/// "loopback", "private", …
const char *to_string(AddressRange range);

/// 4 or 16 bytes in network order; any other size is Reserved. An IPv6 address that carries an IPv4 one (mapped,
/// compatible, translated, NAT64, 6to4, Teredo, ISATAP) is in that one's range. Reentrant.
AddressRange range_of(const uint8_t *bytes, size_t size);
/// Families other than IPv4 and IPv6 are Reserved.
AddressRange range_of(const sockaddr *address);
/// Of a host as it stands in a URL, brackets allowed: an address in any form that a resolver takes without asking
/// anybody ("127.1", "0x7f000001", "fe80::1%eth0"), or a name of this machine ("localhost", "a.localhost"). Nothing for
/// any other name.
std::optional<AddressRange> range_of_literal(std::string_view host);

/// One sentence for whoever gave that destination; it names the settings that allow it.
std::string refusal_text(std::string_view host, AddressRange range);

} // namespace rostrum
