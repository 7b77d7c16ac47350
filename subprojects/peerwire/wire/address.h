// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// An IP address and port as a value, without a socket API.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace peerwire {

/// IPv4 addresses occupy the first four bytes, the rest is zero. Reentrant.
struct Address {
    std::array<uint8_t, 16> ip{};
    uint16_t port = 0;
    bool v6 = false;
    bool tcp = false; ///< the far end of a TCP connection (RFC 6544); otherwise UDP

    bool operator==(const Address &) const = default;

    static Address v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port) {
        Address address;
        address.ip = {a, b, c, d};
        address.port = port;
        return address;
    }
};

/// Whose it is, as far as one can tell: without port and transport. Who has IPv6 has a /64 of addresses.
constexpr Address host_of(Address address) {
    address.port = 0;
    address.tcp = false;
    for (size_t i = 8; i < address.ip.size() && address.v6; ++i)
        address.ip[i] = 0;
    return address;
}

struct AddressHash {
    size_t operator()(const Address &address) const {
        uint64_t halves[2];
        std::memcpy(halves, address.ip.data(), sizeof halves);
        // Multiply-shift over the parts; remote addresses are not secret, and a table is bounded by max_peers.
        const uint64_t mixed =
            (halves[0] ^ (halves[1] * 0x9e3779b97f4a7c15u) ^ (uint64_t{address.port} << 48)) * 0xff51afd7ed558ccdu;
        return static_cast<size_t>(mixed ^ mixed >> 32);
    }
};

} // namespace peerwire
