// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/client_address.h"

#include <glib.h>

using rostrum::IpAddress;
using rostrum::Networks;
using rostrum::ProxyHeaders;

namespace {

IpAddress ip(const char *text) {
    return *IpAddress::parse(text);
}

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void addresses() {
    const struct {
        const char *text, *canonical, *household;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
        {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0:1::7", "2001:db8::1:0:0:7", "2001:db8::"},
        {"::1", "::1", "::"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
    };
    for (const auto &row : rows) {
        expect_text(ip(row.text).text(), row.canonical);
        expect_text(ip(row.text).household(), row.household);
    }
    for (const char *wrong : {"", "localhost", "192.0.2", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "1.2.3.4.5",
                              ":::", "2001:db8:1:2:3:4:5:6:7", " 1.2.3.4"})
        g_assert_false(IpAddress::parse(wrong).has_value());
    g_assert_false(IpAddress::parse(std::string_view("1.2.3.4\0", 8)).has_value());
}

void networks() {
    const struct {
        const char *list, *address;
        bool in;
    } rows[] = {
        {"", "127.0.0.1", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.1", false},
        {"192.168.4.0/22", "192.168.7.255", true},
        {"192.168.4.0/22", "192.168.8.0", false},
        {"10.1.2.3/8", "10.9.9.9", true},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"fd00::/8, 127.0.0.1", "fd12::1", true},
        {"fd00::/8,127.0.0.1", "127.0.0.1", true},
        {"fd00::/8", "fe00::1", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"10.0.0.1", "::ffff:10.0.0.1", true},
        {"::1/128", "::1", true},
    };
    for (const auto &row : rows) {
        g_test_message("%s in %s", row.address, row.list);
        g_assert_true(Networks::parse(row.list)->contain(ip(row.address)) == row.in);
    }
    for (const char *wrong : {"proxy.example", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
                              "10.0.0.0/8/8", "10.0.0.1 10.0.0.2", "[::1]"})
        g_assert_false(Networks::parse(wrong).has_value());
}

void nodes() {
    const struct {
        const char *node, *address;
    } rows[] = {
        {"192.0.2.43", "192.0.2.43"},
        {"192.0.2.43:47011", "192.0.2.43"},
        {"[2001:db8:cafe::17]", "2001:db8:cafe::17"},
        {"[2001:db8:cafe::17]:4711", "2001:db8:cafe::17"},
        {"[2001:db8:cafe::17]:_port", "2001:db8:cafe::17"},
        {"2001:db8:cafe::17", "2001:db8:cafe::17"}, // as nginx writes it into X-Forwarded-For
        {"unknown", ""},
        {"_hidden", ""},
        {"", ""},
        {"[192.0.2.43]", ""},
        {"[2001:db8::1", ""},
        {"[2001:db8::1]x", ""},
        {"192.0.2.43:", ""},
        {"192.0.2.43:a b", ""},
        {"localhost", ""},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.node);
        const auto address = rostrum::address_of_node(row.node);
        expect_text(address ? address->text() : "", row.address);
    }
}

void forwarded_headers() {
    const auto elements =
        rostrum::parse_forwarded("For=\"[2001:db8:cafe::17]:4711\" ; proto=https;host=\"live.\\example.org\";ext=1, "
                                 ",for=192.0.2.60;by=203.0.113.43;");
    g_assert_true(elements && elements->size() == 2);
    expect_text((*elements)[0].node, "[2001:db8:cafe::17]:4711");
    expect_text((*elements)[0].proto, "https");
    expect_text((*elements)[0].host, "live.example.org");
    expect_text((*elements)[1].node, "192.0.2.60");
    expect_text((*elements)[1].proto, "");
    g_assert_true(rostrum::parse_forwarded("")->empty());
    for (const char *wrong : {"for", "for=", "=a", "for=a b", "for=\"a", "for=\"a\\", "for=a;for=b", "for=[::1]",
                              "for=a,b", "for=\"a\"b", "for=\"\x01\""})
        g_assert_false(rostrum::parse_forwarded(wrong).has_value());
}

struct Row {
    const char *name, *peer;
    rostrum::ProxiedHeaders headers;
    const char *address, *origin;
};

void expect_clients(ProxyHeaders kind, std::initializer_list<Row> rows) {
    const rostrum::ProxyTrust trust{*Networks::parse("127.0.0.1,10.0.0.0/8,fd00::/8"), kind};
    for (const Row &row : rows) {
        g_test_message("%s", row.name);
        const auto client = rostrum::find_client(ip(row.peer), trust, row.headers);
        expect_text(client.address.text(), row.address);
        expect_text(client.origin, row.origin);
    }
}

void x_forwarded() {
    expect_clients(
        ProxyHeaders::XForwarded,
        {
            {"no headers", "127.0.0.1", {"", "", "", "", "h"}, "127.0.0.1", ""},
            {"one proxy",
             "127.0.0.1",
             {"", "203.0.113.9", "https", "", "live.example.org"},
             "203.0.113.9",
             "https://live.example.org"},
            {"host of its own",
             "127.0.0.1",
             {"", "203.0.113.9", "https", "Live.Example.org:8443", "upstream"},
             "203.0.113.9",
             "https://live.example.org:8443"},
            {"from somebody else",
             "203.0.113.9",
             {"", "198.51.100.1", "https", "evil.example", "h"},
             "203.0.113.9",
             ""},
            {"what the client made up",
             "127.0.0.1",
             {"", "127.0.0.1, 1.1.1.1, 203.0.113.9", "http, https", "", "h"},
             "203.0.113.9",
             "https://h"},
            {"through two proxies",
             "127.0.0.1",
             {"", "9.9.9.9, 203.0.113.9, 10.0.0.5", "https", "", "h"},
             "203.0.113.9",
             "https://h"},
            {"both add their protocol",
             "127.0.0.1",
             {"", "203.0.113.9, 10.0.0.5", "gopher, https, http", "", "h"},
             "203.0.113.9",
             "https://h"},
            {"all of them are trusted",
             "127.0.0.1",
             {"", "10.0.0.6, 10.0.0.5", "https", "", "h"},
             "10.0.0.6",
             "https://h"},
            {"no address", "127.0.0.1", {"", "203.0.113.9, lorem", "https", "", "h"}, "127.0.0.1", "https://h"},
            {"with a port", "127.0.0.1", {"", "203.0.113.9:4711", "", "", "h"}, "203.0.113.9", ""},
            {"IPv6",
             "fd00::1",
             {"", "2001:db8::7", "https", "", "[2001:db8::1]:8443"},
             "2001:db8::7",
             "https://[2001:db8::1]:8443"},
            {"protocol that is none", "127.0.0.1", {"", "203.0.113.9", "javascript", "", "h"}, "203.0.113.9", ""},
            {"host that is none", "127.0.0.1", {"", "203.0.113.9", "https", "a\"b", "h"}, "203.0.113.9", ""},
            {"host with a path", "127.0.0.1", {"", "203.0.113.9", "https", "a/b", "h"}, "203.0.113.9", ""},
            {"host with a login", "127.0.0.1", {"", "203.0.113.9", "https", "a@b", "h"}, "203.0.113.9", ""},
            {"the other header", "127.0.0.1", {"for=203.0.113.9;proto=https;host=h", "", "", "", "h"}, "127.0.0.1", ""},
        });
}

void forwarded() {
    expect_clients(
        ProxyHeaders::Forwarded,
        {
            {"one proxy",
             "127.0.0.1",
             {"for=203.0.113.9;proto=https;host=live.example.org", "", "", "", "h"},
             "203.0.113.9",
             "https://live.example.org"},
            {"what the client made up",
             "127.0.0.1",
             {"for=1.1.1.1;host=evil.example, for=203.0.113.9;proto=https", "", "", "", "h"},
             "203.0.113.9",
             "https://h"},
            {"through two proxies",
             "127.0.0.1",
             {"for=203.0.113.9;proto=https;host=out, for=10.0.0.5;proto=http;host=in", "", "", "", "h"},
             "203.0.113.9",
             "https://out"},
            {"hidden", "127.0.0.1", {"for=203.0.113.9, for=unknown", "", "", "", "h"}, "127.0.0.1", ""},
            {"broken", "127.0.0.1", {"for=203.0.113.9, for=", "", "", "", "h"}, "127.0.0.1", ""},
            {"from somebody else", "203.0.113.9", {"for=198.51.100.1;proto=https", "", "", "", "h"}, "203.0.113.9", ""},
            {"the other headers", "127.0.0.1", {"", "203.0.113.9", "https", "h", "h"}, "127.0.0.1", ""},
        });
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/clients/addresses", addresses);
    g_test_add_func("/clients/networks", networks);
    g_test_add_func("/clients/nodes", nodes);
    g_test_add_func("/clients/forwarded-headers", forwarded_headers);
    g_test_add_func("/clients/x-forwarded", x_forwarded);
    g_test_add_func("/clients/forwarded", forwarded);
    return g_test_run();
}
