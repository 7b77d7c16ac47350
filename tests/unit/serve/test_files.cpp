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

/// The examples of "Authenticating Requests (AWS Signature Version 4)" in the S3 API reference. Their bucket is in the
/// host's name, so that what comes first in the path is the key.
void signatures() {
    constexpr int64_t kTime = 1369353600000; // 2013-05-24
    rostrum::S3Settings settings;
    settings.endpoint = "https://examplebucket.s3.amazonaws.com/";
    settings.bucket = "test.txt";
    settings.region = "us-east-1";
    settings.access_key_id = "AKIAIOSFODNN7EXAMPLE";
    settings.secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    expect_text(rostrum::s3_presigned_get(settings, "", 86400, kTime),
                "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential="
                "AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-"
                "Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
                "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    const auto headers = rostrum::s3_sign(settings, "GET", "/", {{"lifecycle", ""}},
                                          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", kTime);
    expect_text(headers.at("Authorization"),
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders="
                "host;x-amz-content-sha256;x-amz-date, Signature="
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
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
    g_test_add_func("/files/signatures", signatures);
    g_test_add_func("/files/prefixes", prefixes);
    return g_test_run();
}
