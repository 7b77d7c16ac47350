// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/address_guard.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

namespace rostrum {

namespace {

constexpr size_t kV4Bytes = 4, kV6Bytes = 16;
constexpr size_t kMaxLiteralBytes = 64; // the longest IPv6 address has 45

struct V4Block {
    std::array<uint8_t, kV4Bytes> prefix;
    unsigned bits;
    AddressRange range;
};

constexpr V4Block kV4Blocks[] = {
    {{0, 0, 0, 0}, 8, AddressRange::Unspecified},
    {{10, 0, 0, 0}, 8, AddressRange::Private},
    {{100, 64, 0, 0}, 10, AddressRange::Shared},
    {{127, 0, 0, 0}, 8, AddressRange::Loopback},
    {{169, 254, 0, 0}, 16, AddressRange::LinkLocal},
    {{172, 16, 0, 0}, 12, AddressRange::Private},
    {{192, 0, 0, 0}, 24, AddressRange::Reserved}, // protocol assignments
    {{192, 0, 2, 0}, 24, AddressRange::Documentation},
    {{192, 88, 99, 0}, 24, AddressRange::Reserved}, // 6to4 relays, RFC 7526
    {{192, 168, 0, 0}, 16, AddressRange::Private},
    {{198, 18, 0, 0}, 15, AddressRange::Reserved}, // benchmarks, RFC 2544
    {{198, 51, 100, 0}, 24, AddressRange::Documentation},
    {{203, 0, 113, 0}, 24, AddressRange::Documentation},
    {{224, 0, 0, 0}, 4, AddressRange::Multicast},
    {{255, 255, 255, 255}, 32, AddressRange::Broadcast},
    {{240, 0, 0, 0}, 4, AddressRange::Reserved},
};

using V6 = std::array<uint8_t, kV6Bytes>;

struct V6Block {
    V6 prefix;
    unsigned bits;
    AddressRange range;
};

/// The first that matches counts.
constexpr V6Block kV6Blocks[] = {
    {{0x00, 0x64, 0xff, 0x9b, 0, 1}, 48, AddressRange::Private}, // NAT64 of a network's own, RFC 8215
    {{0xfc}, 7, AddressRange::Private},
    {{0xfe, 0x80}, 10, AddressRange::LinkLocal},
    {{0xfe, 0xc0}, 10, AddressRange::Private}, // site-local, RFC 3879
    {{0xff}, 8, AddressRange::Multicast},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, AddressRange::Documentation},
    {{0x3f, 0xff}, 20, AddressRange::Documentation},
    {{0x20, 0x01}, 23, AddressRange::Reserved}, // protocol assignments, RFC 2928
    {{0x20}, 3, AddressRange::Public},
};

/// Where an IPv6 address carries an IPv4 one.
struct Carrier {
    V6 prefix;
    unsigned bits;
    size_t at;       // of the four bytes
    uint8_t flipped; // each byte was xor-ed with it
};

constexpr Carrier kCarriers[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, 0}, // mapped, RFC 4291
    {{}, 96, 12, 0},                                         // compatible, RFC 4291
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12, 0},       // translated, RFC 2765
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, 0},                   // NAT64, RFC 6052
    {{0x20, 0x02}, 16, 2, 0},                                // 6to4, RFC 3056
    {{0x20, 0x01, 0, 0}, 32, 12, 0xff},                      // Teredo, RFC 4380
};

bool has_prefix(const uint8_t *bytes, const uint8_t *prefix, unsigned bits) {
    const size_t whole = bits / 8;
    if (std::memcmp(bytes, prefix, whole) != 0)
        return false;
    const unsigned rest = bits % 8;
    return rest == 0 || ((bytes[whole] ^ prefix[whole]) >> (8 - rest)) == 0;
}

AddressRange range_of_v4(const uint8_t *bytes) {
    for (const V4Block &block : kV4Blocks)
        if (has_prefix(bytes, block.prefix.data(), block.bits))
            return block.range;
    return AddressRange::Public;
}

/// The last half is 0:5efe or 200:5efe and the address of a machine that tunnels, RFC 5214.
bool is_isatap(const uint8_t *bytes) {
    return (bytes[8] & ~0x02) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
}

AddressRange range_of_v6(const uint8_t *bytes) {
    static constexpr V6 kUnspecified{}, kLoopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    if (std::equal(kUnspecified.begin(), kUnspecified.end(), bytes))
        return AddressRange::Unspecified;
    if (std::equal(kLoopback.begin(), kLoopback.end(), bytes))
        return AddressRange::Loopback;
    for (const Carrier &carrier : kCarriers) {
        if (!has_prefix(bytes, carrier.prefix.data(), carrier.bits))
            continue;
        uint8_t carried[kV4Bytes];
        std::transform(bytes + carrier.at, bytes + carrier.at + kV4Bytes, carried,
                       [&](uint8_t byte) { return static_cast<uint8_t>(byte ^ carrier.flipped); });
        return range_of_v4(carried);
    }
    const auto *block = std::find_if(std::begin(kV6Blocks), std::end(kV6Blocks), [&](const V6Block &each) {
        return has_prefix(bytes, each.prefix.data(), each.bits);
    });
    const AddressRange range = block == std::end(kV6Blocks) ? AddressRange::Reserved : block->range;
    return range == AddressRange::Public && is_isatap(bytes) ? range_of_v4(bytes + 12) : range;
}

bool is_name_of_this_machine(std::string_view host) {
    static constexpr std::string_view kLocalhost = "localhost";
    if (host.ends_with('.'))
        host.remove_suffix(1);
    if (host.size() < kLocalhost.size())
        return false;
    const std::string_view rest = host.substr(0, host.size() - kLocalhost.size());
    return strncasecmp(host.data() + rest.size(), kLocalhost.data(), kLocalhost.size()) == 0 &&
           (rest.empty() || rest.ends_with('.'));
}

} // namespace

const char *to_string(AddressRange range) {
    static constexpr const char *kNames[] = {"public", "unspecified", "loopback",  "private",       "link-local",
                                             "shared", "multicast",   "broadcast", "documentation", "reserved"};
    return kNames[static_cast<size_t>(range)];
}

AddressRange range_of(const uint8_t *bytes, size_t size) {
    if (size == kV4Bytes)
        return range_of_v4(bytes);
    return size == kV6Bytes ? range_of_v6(bytes) : AddressRange::Reserved;
}

AddressRange range_of(const sockaddr *address) {
    if (address->sa_family == AF_INET)
        return range_of_v4(
            reinterpret_cast<const uint8_t *>(&reinterpret_cast<const sockaddr_in *>(address)->sin_addr));
    if (address->sa_family == AF_INET6)
        return range_of_v6(reinterpret_cast<const sockaddr_in6 *>(address)->sin6_addr.s6_addr);
    return AddressRange::Reserved;
}

std::optional<AddressRange> range_of_literal(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    if (is_name_of_this_machine(host))
        return AddressRange::Loopback;
    const std::string text(host.substr(0, host.find('%'))); // without a zone
    if (text.empty() || text.size() > kMaxLiteralBytes)
        return std::nullopt;
    if (in6_addr v6; inet_pton(AF_INET6, text.c_str(), &v6) == 1)
        return range_of_v6(v6.s6_addr);
    if (in_addr v4; inet_aton(text.c_str(), &v4) != 0)
        return range_of_v4(reinterpret_cast<const uint8_t *>(&v4));
    return std::nullopt;
}

std::string refusal_text(std::string_view host, AddressRange range) {
    return std::string(host) + " is a " + to_string(range) +
           " address; destinations there are refused unless allow-private-destinations (allow-private of the element) "
           "is set";
}

} // namespace rostrum
