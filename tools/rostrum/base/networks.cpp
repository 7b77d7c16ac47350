// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/networks.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace rostrum {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::string_view trimmed(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t");
    return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

} // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    char copy[INET6_ADDRSTRLEN] = {};
    if (text.empty() || text.size() >= sizeof copy || text.find('\0') != text.npos)
        return std::nullopt;
    std::memcpy(copy, text.data(), text.size());
    IpAddress address;
    if (inet_pton(AF_INET6, copy, address.bytes_.data()) == 1)
        return address;
    std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
    return inet_pton(AF_INET, copy, address.bytes_.data() + kMapped.size()) == 1 ? std::optional(address)
                                                                                 : std::nullopt;
}

bool IpAddress::is_ipv4() const {
    return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

std::string IpAddress::text() const {
    char text[INET6_ADDRSTRLEN] = {};
    if (is_ipv4())
        inet_ntop(AF_INET, bytes_.data() + kMapped.size(), text, sizeof text);
    else
        inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
    return text;
}

std::string IpAddress::household() const {
    if (is_ipv4())
        return text();
    IpAddress network = *this;
    std::fill(network.bytes_.begin() + 8, network.bytes_.end(), uint8_t(0));
    return network.text();
}

std::optional<Networks> Networks::parse(std::string_view list) {
    Networks networks;
    for (size_t from = 0; from <= list.size();) {
        const size_t comma = std::min(list.find(',', from), list.size());
        const std::string_view word = trimmed(list.substr(from, comma - from));
        from = comma + 1;
        if (word.empty())
            continue;
        const size_t slash = word.find('/');
        const auto address = IpAddress::parse(word.substr(0, slash));
        if (!address)
            return std::nullopt;
        const bool ipv6_text = word.substr(0, slash).find(':') != word.npos;
        const unsigned width = ipv6_text ? 128 : 32;
        unsigned bits = width;
        if (slash != word.npos) {
            const std::string_view digits = word.substr(slash + 1);
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
            if (error != std::errc() || end != digits.data() + digits.size() || bits > width)
                return std::nullopt;
        }
        networks.networks_.push_back({*address, bits + 128 - width});
    }
    return networks;
}

bool Networks::contain(const IpAddress &address) const {
    for (const auto &network : networks_) {
        const size_t whole = network.bits / 8, rest = network.bits % 8;
        const auto &bytes = address.bytes(), &own = network.address.bytes();
        if (std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(whole), own.begin()) &&
            (rest == 0 || ((bytes[whole] ^ own[whole]) >> (8 - rest)) == 0))
            return true;
    }
    return false;
}

} // namespace rostrum
