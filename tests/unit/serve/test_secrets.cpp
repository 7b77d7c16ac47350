// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/base64url.h"
#include "tools/rostrum/base/duration.h"
#include "tools/rostrum/base/master_key.h"

#include <glib.h>
#include <initializer_list>

using rostrum::MasterKey;

namespace {

constexpr char kOne[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
constexpr char kOther[] = "-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

void base64url() {
    const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},      {"foo", "Zm9v"},
                {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"\xfb\xff", "-_8"}};
    for (const auto &row : rows) {
        g_assert_true(rostrum::base64url_encode(row.bytes) == row.text);
        g_assert_true(rostrum::base64url_decode(row.text) == row.bytes);
    }
    for (const char *wrong : {"Z", "Zm9vY", "Zg==", "Zm+v", "Zm/v", "Zm 9", "Zm\n9", "\xc3\xa4"})
        g_assert_false(rostrum::base64url_decode(wrong).has_value());
}

void master_keys() {
    g_assert_true(MasterKey::parse(kOne).has_value());
    g_assert_true(MasterKey::parse(kOther).has_value());
    for (const char *wrong : {"", "AAAA", "lorem ipsum", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})
        g_assert_false(MasterKey::parse(wrong).has_value());
}

void sealing() {
    const MasterKey key = *MasterKey::parse(kOne);
    const std::string sealed = key.seal("a secret", "key-1");
    g_assert_true(key.open(sealed, "key-1") == "a secret");
    g_assert_true(key.open(key.seal("", ""), "") == "");
    g_assert_true(sealed.find("secret") == std::string::npos);
    g_assert_true(sealed != key.seal("a secret", "key-1")); // another nonce each time
    g_assert_false(key.open(sealed, "key-2").has_value());
    g_assert_false(MasterKey::parse(kOther)->open(sealed, "key-1").has_value());
    for (size_t i = 0; i < sealed.size(); ++i) {
        std::string damaged = sealed;
        damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
        g_assert_false(key.open(damaged, "key-1").has_value());
        g_assert_false(key.open(sealed.substr(0, i), "key-1").has_value());
    }
}

void derived() {
    const MasterKey key = *MasterKey::parse(kOne);
    g_assert_cmpuint(key.derive("links").size(), ==, 32);
    g_assert_true(key.derive("links") == MasterKey::parse(kOne)->derive("links"));
    g_assert_true(key.derive("links") != key.derive("other"));
    g_assert_true(key.derive("links") != MasterKey::parse(kOther)->derive("links"));
}

void durations() {
    const struct {
        const char *text;
        int64_t seconds; ///< -1: refused
    } rows[] = {{"0", 0},          {"90", 90},     {"90s", 90}, {"30m", 1800},
                {"2h", 7200},      {"7d", 604800}, {"", -1},    {"s", -1},
                {"-1s", -1},       {"1w", -1},     {"1 h", -1}, {"1hh", -1},
                {"1.5h", -1},      {"x", -1},      {"1h ", -1}, {"99999999999999999999", -1},
                {"1000000000", -1}};
    for (const auto &row : rows)
        g_assert_cmpint(rostrum::parse_duration(row.text).value_or(-1), ==, row.seconds);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/secrets/base64url", base64url);
    g_test_add_func("/secrets/master-keys", master_keys);
    g_test_add_func("/secrets/sealing", sealing);
    g_test_add_func("/secrets/derived", derived);
    g_test_add_func("/secrets/durations", durations);
    return g_test_run();
}
