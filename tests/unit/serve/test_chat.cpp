// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/chat_csv.h"
#include "tools/rostrum/live/pubsub_command.h"
#include "tools/rostrum/live/rate_limit.h"

#include <glib.h>

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void csv() {
    struct Row {
        const char *text, *field;
    };
    constexpr Row kRows[] = {{"", ""},
                             {"plain", "plain"},
                             {"a,b", "\"a,b\""},
                             {"say \"hi\"", "\"say \"\"hi\"\"\""},
                             {"two\r\nlines", "\"two\r\nlines\""},
                             {" padded", "\" padded\""},
                             {"=1+1", "\"'=1+1\""},
                             {"+1", "\"'+1\""},
                             {"-1", "\"'-1\""},
                             {"@SUM(A1)", "\"'@SUM(A1)\""},
                             {"\tx", "\"'\tx\""},
                             {"\rx", "\"'\rx\""},
                             {"\nx", "\"'\nx\""},
                             {"a=b", "a=b"},
                             {"grün", "grün"}};
    for (const Row &row : kRows)
        expect_text(rostrum::csv_field(row.text), row.field);
    expect_text(rostrum::csv_header(), "id,timestamp,topic,senderId,senderName,message,payload,sendOnly\r\n");
    expect_text(rostrum::csv_row({1, "i", "CHAT", "ann", "Ann, A.", "hi", "{\"a\":1}", "", 0}),
                "i,1970-01-01T00:00:00.000Z,CHAT,ann,\"Ann, A.\",hi,\"{\"\"a\"\":1}\",\r\n");
}

void publishing() {
    const auto parse = [](const char *text) { return rostrum::parse_publish(*rostrum::parse_json(text)); };
    auto good =
        parse(R"({"topic":"T","message":"m","payload":{"x":1},"options":{"persist":true,"sendOnly":["a","b"]}})");
    const auto *publish = std::get_if<rostrum::PublishCommand>(&good);
    g_assert_true(publish && publish->persist && publish->send_only.size() == 2);
    expect_text(publish->message.payload, R"({"x":1})");
    expect_text(publish->message.recipients, R"(["a","b"])");
    for (const char *bad : {R"({})", R"({"topic":"","message":"m"})", R"({"topic":"a\u0001","message":"m"})",
                            R"({"topic":"T","message":"m","options":{"sendOnly":["a",1]}})"})
        g_assert_true(std::holds_alternative<rostrum::Refusal>(parse(bad)));
    const auto subscribe = rostrum::parse_subscribe(*rostrum::parse_json(R"({"topic":"T","oldMessageLimit":1001})"));
    g_assert_true(std::holds_alternative<rostrum::Refusal>(subscribe));
}

void rates() {
    rostrum::RateLimit limit(10, 20);
    for (int i = 0; i < 20; ++i)
        g_assert_true(limit.take(1000));
    g_assert_false(limit.take(1000));
    g_assert_false(limit.take(500)); // a clock that was set back
    g_assert_true(limit.take(1000));
    rostrum::RateLimit large(10, 20);
    g_assert_true(large.take(1000, 1000)); // more than the bucket: a full one will do
    g_assert_false(large.take(1001));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/chat/csv", csv);
    g_test_add_func("/chat/publishing", publishing);
    g_test_add_func("/chat/rates", rates);
    return g_test_run();
}
