// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/cors.h"

#include <glib.h>

using rostrum::Cors;

namespace {

void origins() {
    const struct {
        const char *list, *origin, *allowed;
    } rows[] = {
        {"", "https://a.example", ""},
        {"*", "https://a.example", "*"},
        {"*", "null", "*"},
        {"*", "", "*"},
        {"https://a.example", "https://a.example", "https://a.example"},
        {"https://a.example", "http://a.example", ""},
        {"https://a.example", "https://a.example:8443", ""},
        {"https://a.example", "https://b.a.example", ""},
        {"https://a.example", "https://a.example.evil.example", ""},
        {"https://a.example", "null", ""},
        {"https://a.example", "", ""},
        {"HTTPS://A.example , http://localhost:5173", "http://localhost:5173", "http://localhost:5173"},
        {"HTTPS://A.example", "https://a.example", "https://a.example"},
        {"https://*.example.org", "https://a.example.org", "https://a.example.org"},
        {"https://*.example.org", "https://a.b.example.org", "https://a.b.example.org"},
        {"https://*.example.org", "https://example.org", ""},
        {"https://*.example.org", "https://.example.org", ""},
        {"https://*.example.org", "https://evilexample.org", ""},
        {"https://*.example.org", "http://a.example.org", ""},
        {"app://rostrum", "app://rostrum", "app://rostrum"},
    };
    for (const auto &row : rows) {
        g_test_message("%s from %s", row.origin, row.list);
        const auto cors = Cors::parse(row.list);
        g_assert_true(cors.has_value());
        g_assert_true(cors->allowed(row.origin) == row.allowed);
    }
    for (const char *wrong : {"a.example", "https://", "https://a.example/", "https://a.example/path", "https://*",
                              "://a.example", "https://a.example?x", "https://u@a.example"})
        g_assert_false(Cors::parse(wrong).has_value());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/cors/origins", origins);
    return g_test_run();
}
