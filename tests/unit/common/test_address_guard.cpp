// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/address_guard.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <sys/un.h>

using rostrum::AddressRange;
using rostrum::range_of;
using rostrum::range_of_literal;

namespace {

void expect(const char *what, AddressRange range, const char *expected) {
    g_test_message("%s", what);
    g_assert_cmpstr(rostrum::to_string(range), ==, expected);
}

/// First and last address of each block, and the neighbours that are not in it.
const struct {
    const char *address, *range;
} kAddresses[] = {
    {"0.0.0.0", "unspecified"},
    {"0.255.255.255", "unspecified"},
    {"1.0.0.0", "public"},
    {"9.255.255.255", "public"},
    {"10.0.0.0", "private"},
    {"10.255.255.255", "private"},
    {"11.0.0.0", "public"},
    {"100.63.255.255", "public"},
    {"100.64.0.0", "shared"},
    {"100.127.255.255", "shared"},
    {"100.128.0.0", "public"},
    {"126.255.255.255", "public"},
    {"127.0.0.0", "loopback"},
    {"127.255.255.255", "loopback"},
    {"128.0.0.0", "public"},
    {"169.253.255.255", "public"},
    {"169.254.0.0", "link-local"},
    {"169.254.169.254", "link-local"},
    {"169.254.255.255", "link-local"},
    {"169.255.0.0", "public"},
    {"172.15.255.255", "public"},
    {"172.16.0.0", "private"},
    {"172.31.255.255", "private"},
    {"172.32.0.0", "public"},
    {"192.0.0.8", "reserved"},
    {"192.0.1.255", "public"},
    {"192.0.2.1", "documentation"},
    {"192.88.99.1", "reserved"},
    {"192.167.255.255", "public"},
    {"192.168.0.0", "private"},
    {"192.168.255.255", "private"},
    {"192.169.0.0", "public"},
    {"198.17.255.255", "public"},
    {"198.18.0.0", "reserved"},
    {"198.19.255.255", "reserved"},
    {"198.20.0.0", "public"},
    {"198.51.100.1", "documentation"},
    {"203.0.113.255", "documentation"},
    {"223.255.255.255", "public"},
    {"224.0.0.1", "multicast"},
    {"239.255.255.255", "multicast"},
    {"240.0.0.0", "reserved"},
    {"255.255.255.254", "reserved"},
    {"255.255.255.255", "broadcast"},

    {"::", "unspecified"},
    {"::1", "loopback"},
    {"2606:4700::1111", "public"},
    {"2a00:1450:4001:80b::200e", "public"},
    {"3ffe:ffff::", "public"},
    {"4000::1", "reserved"},
    {"100::1", "reserved"},
    {"fbff::1", "reserved"},
    {"fc00::", "private"},
    {"fdff:ffff::1", "private"},
    {"fe00::1", "reserved"},
    {"fe80::1", "link-local"},
    {"febf::1", "link-local"},
    {"fec0::1", "private"},
    {"ff02::1", "multicast"},
    {"2001:db8::1", "documentation"},
    {"3fff::1", "documentation"},
    {"3fff:fff::1", "documentation"},
    {"3fff:1000::1", "public"},
    {"2001:2::1", "reserved"},
    {"2001:200::1", "public"},

    {"::ffff:127.0.0.1", "loopback"},
    {"::ffff:8.8.8.8", "public"},
    {"::ffff:0:10.0.0.1", "private"},
    {"::10.0.0.1", "private"},
    {"::2", "unspecified"},
    {"64:ff9b::169.254.169.254", "link-local"},
    {"64:ff9b::8.8.8.8", "public"},
    {"64:ff9b:1::8.8.8.8", "private"},
    {"2002:7f00:1::", "loopback"},
    {"2002:c0a8:101::1", "private"},
    {"2002:808:808::1", "public"},
    {"2001:0:808:808:0:0:f5ff:fffe", "private"}, // Teredo of 10.0.0.1
    {"2001:0:808:808:0:0:f7f7:f7f7", "public"},  // of 8.8.8.8
    {"2a00::5efe:10.0.0.1", "private"},          // ISATAP
    {"2a00::200:5efe:8.8.8.8", "public"},
};

void addresses() {
    for (const auto &row : kAddresses) {
        uint8_t bytes[16];
        const bool v6 = g_strstr_len(row.address, -1, ":");
        g_assert_cmpint(inet_pton(v6 ? AF_INET6 : AF_INET, row.address, bytes), ==, 1);
        expect(row.address, range_of(bytes, v6 ? 16 : 4), row.range);
        expect(row.address, *range_of_literal(row.address), row.range);
    }
}

void socket_addresses() {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    inet_pton(AF_INET, "192.168.7.1", &v4.sin_addr);
    expect("IPv4", range_of(reinterpret_cast<sockaddr *>(&v4)), "private");
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    inet_pton(AF_INET6, "2606:4700::1111", &v6.sin6_addr);
    expect("IPv6", range_of(reinterpret_cast<sockaddr *>(&v6)), "public");
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    expect("a path", range_of(reinterpret_cast<sockaddr *>(&local)), "reserved");
    expect("no address", range_of(v6.sin6_addr.s6_addr, 5), "reserved");
}

/// What getaddrinfo() takes for an address, or knows by itself.
void literals() {
    const struct {
        const char *host, *range; // null: a name
    } rows[] = {
        {"localhost", "loopback"},
        {"LocalHost.", "loopback"},
        {"a.b.localhost", "loopback"},
        {"notlocalhost", nullptr},
        {"localhost.example.com", nullptr},
        {"example.com", nullptr},
        {"", nullptr},
        {"127.1", "loopback"},
        {"2130706433", "loopback"},
        {"0x7f000001", "loopback"},
        {"0177.0.0.1", "loopback"},
        {"0", "unspecified"},
        {"10.1", "private"},
        {"8.8.8.8", "public"},
        {"[::1]", "loopback"},
        {"[::ffff:7f00:1]", "loopback"},
        {"fe80::1%eth0", "link-local"},
        {"::g", nullptr},
        {"256.1.1.1", nullptr},
    };
    for (const auto &row : rows) {
        const auto range = range_of_literal(row.host);
        g_test_message("%s", row.host);
        g_assert_cmpint(range.has_value(), ==, row.range != nullptr);
        if (range)
            expect(row.host, *range, row.range);
    }
    const std::string text = rostrum::refusal_text("10.0.0.1", AddressRange::Private);
    g_assert_nonnull(g_strstr_len(text.c_str(), -1, "10.0.0.1 is a private address"));
    g_assert_nonnull(g_strstr_len(text.c_str(), -1, "allow-private-destinations"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/address-guard/addresses", addresses);
    g_test_add_func("/address-guard/socket-addresses", socket_addresses);
    g_test_add_func("/address-guard/literals", literals);
    return g_test_run();
}
