// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/whip_http.h"

#include <glib.h>

using namespace rostrum;

namespace {

struct Row {
    const char *name, *field, *against;
    bool expected;
};

const Row kIfMatch[] = {
    {"the tag", "\"abcd\"", "\"abcd\"", true},
    {"any", "*", "\"abcd\"", true},
    {"any as RFC 9725 writes it", "\"*\"", "\"abcd\"", true},
    {"one of several", "\"x\" ,\t\"abcd\"", "\"abcd\"", true},
    {"another", "\"abce\"", "\"abcd\"", false},
    {"another case", "\"ABCD\"", "\"abcd\"", false},
    {"without quotes", "abcd", "\"abcd\"", false},
    {"weak", "W/\"abcd\"", "\"abcd\"", false},
    {"none", "", "\"abcd\"", false},
    {"commas", ",,,", "\"abcd\"", false},
};

const Row kAccept[] = {
    {"not given", "", kSdpType, true},
    {"blank", "  ", kSdpType, true},
    {"itself", "application/sdp", kSdpType, true},
    {"in capitals", "Application/SDP", kSdpType, true},
    {"everything", "*/*", kSdpType, true},
    {"of its family", "text/html, application/*;q=0.1", kSdpType, true},
    {"other family", "text/*, video/*", kSdpType, false},
    {"another", "application/json", kSdpType, false},
    {"a longer one", "application/sdpx", kSdpType, false},
    {"not wanted", "application/sdp;q=0", kSdpType, false},
    {"not wanted, but all else", "*/*, application/sdp; q=0.000", kSdpType, false},
    {"wanted, but nothing else", "*/*;q=0, application/sdp;q=0.001", kSdpType, true},
    {"a parameter that is not q", "application/sdp;level=0", kSdpType, true},
};

void test_if_match() {
    for (const Row &row : kIfMatch) {
        g_test_message("%s", row.name);
        g_assert_cmpint(if_match(row.field, row.against), ==, row.expected);
    }
}

void test_accept() {
    for (const Row &row : kAccept) {
        g_test_message("%s", row.name);
        g_assert_cmpint(accepts(row.field, row.against), ==, row.expected);
    }
}

void test_tag() {
    g_assert_true(ice_ufrag_of("v=0\r\na=ice-lite\r\na=ice-ufrag:abcd\r\na=ice-ufrag:late\r\n") == "abcd");
    g_assert_true(ice_ufrag_of("a=ice-ufrag:abcd") == "abcd");
    g_assert_true(ice_ufrag_of("a=ice-pwd:abcd\r\n").empty());
    g_assert_true(entity_tag("abcd") == "\"abcd\"");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/whip-http/if-match", test_if_match);
    g_test_add_func("/whip-http/accept", test_accept);
    g_test_add_func("/whip-http/tag", test_tag);
    return g_test_run();
}
