// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/ranges.h"
#include "tools/rostrum/base/s3.h"
#include "tools/rostrum/base/signed_links.h"

#include <glib.h>

using rostrum::SignedLinks;

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void ranges() {
    const struct {
        const char *header;
        uint64_t size;
        const char *expected; ///< "whole": not to be followed; "none": 416
    } rows[] = {
        {"", 10, "whole"},
        {"bytes=0-0", 10, "0-0"},
        {"bytes=0-", 10, "0-9"},
        {"bytes=9-", 10, "9-9"},
        {"bytes=10-", 10, "none"},
        {"bytes=-3", 10, "7-9"},
        {"bytes=-30", 10, "0-9"},
        {"bytes=-0", 10, "none"},
        {"bytes=0-99", 10, "0-9"},
        {"bytes=0-1, 4-5 ,-1", 10, "0-1 4-5 9-9"},
        {"bytes=0-1,20-30", 10, "0-1"},
        {"bytes=5-2", 10, "whole"},
        {"bytes=a-2", 10, "whole"},
        {"bytes=-", 10, "whole"},
        {"bytes=1", 10, "whole"},
        {"bytes=", 10, "whole"},
        {"bytes=,,", 10, "whole"},
        {"octets=0-1", 10, "whole"},
        {"bytes=0-18446744073709551615", 10, "0-9"},
        {"bytes=0-18446744073709551616", 10, "whole"},
        {"bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8,0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7", 10, "whole"},
        {"bytes=0-", 0, "none"},
        {"bytes=-1", 0, "none"},
    };
    for (const auto &row : rows) {
        g_test_message("%s of %d", row.header, static_cast<int>(row.size));
        const auto parsed = rostrum::parse_ranges(row.header, row.size);
        std::string text = !parsed ? "whole" : parsed->empty() ? "none" : "";
        if (parsed)
            for (const auto &range : *parsed)
                text += (text.empty() || text == "none" ? "" : " ") + std::to_string(range.first) + "-" +
                        std::to_string(range.last);
        expect_text(text, row.expected);
    }
}

void links() {
    const SignedLinks links("secret", 60), others("other secret", 60);
    const std::string link = links.sign("/v2/x", 1000);
    const std::string expires = "1060", signature = link.substr(link.find("signature=") + 10);
    expect_text(link.substr(0, link.find("&")), "/v2/x?expires=1060");
    g_assert_true(links.check("/v2/x", expires, signature, 1059) == SignedLinks::Verdict::Good);
    g_assert_true(links.check("/v2/x", expires, signature, 1060) == SignedLinks::Verdict::Expired);
    g_assert_true(links.check("/v2/y", expires, signature, 1000) == SignedLinks::Verdict::Wrong);
    g_assert_true(links.check("/v2/x", "1061", signature, 1000) == SignedLinks::Verdict::Wrong);
    g_assert_true(links.check("/v2/x", expires, "", 1000) == SignedLinks::Verdict::Wrong);
    g_assert_true(others.check("/v2/x", expires, signature, 1000) == SignedLinks::Verdict::Wrong);
}

void prefixes() {
    const struct {
        const char *given, *clean;
    } rows[] = {{"", ""},          {"shows", "shows/"}, {"/a//b/", "a/b/"}, {"../../etc", "etc/"},
                {"a/./b", "a/b/"}, {"a\nb\\c", "abc/"}, {"..", ""}};
    for (const auto &row : rows)
        expect_text(rostrum::clean_prefix(row.given), row.clean);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/files/ranges", ranges);
    g_test_add_func("/files/links", links);
    g_test_add_func("/files/prefixes", prefixes);
    return g_test_run();
}
