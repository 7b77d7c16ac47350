// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/ice_links.h"

#include <glib.h>

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

struct ListRow {
    const char *list;
    const char *fault;   // a part of it, "" when there is none
    const char *servers; // uri:turn, in order
};

const ListRow kLists[] = {
    {"", "", ""},
    {"stun:stun.example.org", "", "stun:stun.example.org=0"},
    {"stun:192.0.2.7:3478, turn:turn.example.org?transport=udp,turns:[2001:db8::7]:443?transport=tcp", "",
     "stun:192.0.2.7:3478=0 turn:turn.example.org?transport=udp=1 turns:[2001:db8::7]:443?transport=tcp=1"},
    {"turn:turn.example.org:3478", "", "turn:turn.example.org:3478=1"},
    {"http://stun.example.org", "neither a stun: nor a turn: URI", nullptr},
    {"stun.example.org", "neither a stun: nor a turn: URI", nullptr},
    {"stun:", "needs HOST or HOST:PORT", nullptr},
    {"stun:a b", "needs HOST or HOST:PORT", nullptr},
    {"turn:user@turn.example.org", "needs HOST or HOST:PORT", nullptr},
    {"turn:turn.example.org:0", "needs HOST or HOST:PORT", nullptr},
    {"turn:turn.example.org:99999", "needs HOST or HOST:PORT", nullptr},
    {"turn:turn.example.org:", "needs HOST or HOST:PORT", nullptr},
    {"turn:[2001:db8::zz]", "needs HOST or HOST:PORT", nullptr},
    {"turn:turn.example.org?transport=sctp", "may only end with", nullptr},
    {"stun:stun.example.org?transport=udp", "may only end with", nullptr},
    {"turn:a>; rel=\"x\"", "needs HOST or HOST:PORT", nullptr},
};

void lists() {
    for (const auto &row : kLists) {
        g_test_message("%s", row.list);
        const auto result = rostrum::parse_ice_servers(row.list);
        if (*row.fault)
            g_assert_nonnull(strstr(result.fault.c_str(), row.fault));
        else
            expect_text(result.fault, "");
        std::string servers;
        for (const auto &server : result.servers)
            servers += (servers.empty() ? "" : " ") + server.uri + "=" + (server.turn ? "1" : "0");
        if (row.servers)
            expect_text(servers, row.servers);
    }
}

/// Checked against `openssl dgst -sha1 -hmac`.
void credentials() {
    const auto ann = rostrum::mint_turn_credentials("north", "ann", 1700000000);
    expect_text(ann.username, "1700000000:ann");
    expect_text(ann.password, "jeamH6dA5l2I9g3jmieza7CzEDo=");
    const auto hostile = rostrum::mint_turn_credentials("north", "\";x=\"é,", 1700000000);
    expect_text(hostile.username, "1700000000:%22%3Bx%3D%22%C3%A9%2C");
}

void links() {
    const rostrum::IceLinks links(rostrum::parse_ice_servers("stun:s.example,turn:t.example?transport=tcp").servers,
                                  "north", 100);
    const auto values = links.values("ann", 1699999900);
    g_assert_cmpuint(values.size(), ==, 2);
    expect_text(values[0], "<stun:s.example>; rel=\"ice-server\"");
    expect_text(values[1], "<turn:t.example?transport=tcp>; rel=\"ice-server\"; username=\"1700000000:ann\"; "
                           "credential=\"jeamH6dA5l2I9g3jmieza7CzEDo=\"; credential-type=\"password\"");
    g_assert_true(rostrum::IceLinks({}, "", 100).values("ann", 0).empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/ice/lists", lists);
    g_test_add_func("/ice/credentials", credentials);
    g_test_add_func("/ice/links", links);
    return g_test_run();
}
