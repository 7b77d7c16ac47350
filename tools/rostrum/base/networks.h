// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum {

/// An IPv4 or IPv6 address. IPv4 within IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) is IPv4.
class IpAddress {
  public:
    /// Untrusted text: a literal without port, brackets or zone.
    static std::optional<IpAddress> parse(std::string_view text);

    std::string text() const;
    bool is_ipv4() const;
    /// The network that one customer gets: of IPv6 the /64, in which an address is anybody's choice.
    std::string household() const;
    const std::array<uint8_t, 16> &bytes() const { return bytes_; }
    bool operator==(const IpAddress &) const = default;

  private:
    std::array<uint8_t, 16> bytes_{}; // as IPv6
};

/// A list such as `127.0.0.1,10.0.0.0/8,fd00::/8`. Reentrant.
class Networks {
  public:
    /// Nothing when one of them is none.
    static std::optional<Networks> parse(std::string_view list);
    bool contain(const IpAddress &address) const;

  private:
    struct Network {
        IpAddress address;
        unsigned bits; ///< of the 128
    };
    std::vector<Network> networks_;
};

} // namespace rostrum
