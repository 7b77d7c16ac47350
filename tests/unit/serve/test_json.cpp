// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/json.h"
#include "tools/rostrum/base/json_member.h"

#include <glib.h>

#include <algorithm>

using rostrum::Json;

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void refused() {
    const std::string deep = std::string(33, '[') + std::string(33, ']');
    const struct {
        const char *name;
        std::string text;
    } rows[] = {{"empty", ""},
                {"blank", " \n"},
                {"number", "5"},
                {"text", "\"a\""},
                {"assignment", "var a = {};"},
                {"cut object", R"({"a":1)"},
                {"cut string", R"({"a":"b)"},
                {"cut escape", R"({"a":"\)"},
                {"two documents", "{}{}"},
                {"garbage behind", "{} x"},
                {"comment", "{/* */}"},
                {"single quotes", "{'a':1}"},
                {"bare key", "{a:1}"},
                {"trailing comma", R"({"a":1,})"},
                {"no comma", R"({"a":1 "b":2})"},
                {"wrong bracket", "[1}"},
                {"not UTF-8", "{\"a\":\"\xff\"}"},
                {"NUL", std::string("{\"a\":\"\0\"}", 9)},
                {"escaped NUL", R"(["a\u0000b"])"},
                {"half a surrogate pair", R"(["\ud83d"])"},
                {"half a pair and text", R"(["\ud83dx\ude00"])"},
                {"second half first", R"(["\ude00\ud83d"])"},
                {"cut unicode escape", R"(["\u12"])"},
                {"too deep", deep},
                {"a million deep", std::string(1000000, '[')}};
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        std::string error;
        g_assert_false(rostrum::parse_json(row.text, &error).has_value());
        g_assert_cmpuint(error.size(), >, 0);
    }
}

void read_and_written() {
    const auto json = rostrum::parse_json(R"( {"s":"ä\"\\\n","i":-5,"b":true,"n":null,"a":[1,"x",{}],"d":1.5} )");
    g_assert_true(json.has_value());
    expect_text(json->text("s"), "ä\"\\\n");
    g_assert_cmpint(json->get("i").as_integer(), ==, -5);
    g_assert_true(json->get("b").as_bool());
    g_assert_true(json->has("n") && json->get("n").is_null());
    g_assert_cmpuint(json->get("a").items().size(), ==, 3);
    g_assert_cmpuint(json->get("a").strings().size(), ==, 1);
    expect_text(json->text("i", "fallback"), "fallback");
    g_assert_true(json->get("missing").get("deeper").is_null());
    expect_text(json->dump(), R"({"s":"ä\"\\\n","i":-5,"b":true,"n":null,"a":[1,"x",{}],"d":1.5})");
    expect_text(rostrum::parse_json(R"(["\ud83d\ude00\u00e4"])")->dump(), "[\"😀ä\"]");
    const std::string depth = std::string(32, '[') + std::string(32, ']');
    expect_text(rostrum::parse_json(depth)->dump(), depth);
}

void built() {
    Json json = Json::object({{"a", 1}, {"b", Json::array({"x", false, nullptr})}});
    json.set("c", std::vector<std::string>{"y"}).set("a", 2);
    expect_text(json.dump(), R"({"a":2,"b":["x",false,null],"c":["y"]})");
}

void identifiers() {
    for (const char *good : {"ann", "a@b.c", "Zoë", "a:b-c_d"})
        g_assert_true(rostrum::is_participant_id(good));
    for (const std::string &bad : {std::string(), std::string("a b"), std::string("a/b"), std::string("a\nb"),
                                   std::string("\xff"), std::string(129, 'a'), std::string("a\xe2\x80\x89z")})
        g_assert_false(rostrum::is_participant_id(bad));
    g_assert_true(rostrum::equal_constant_time("abc", "abc"));
    g_assert_false(rostrum::equal_constant_time("abc", "abd"));
    g_assert_false(rostrum::equal_constant_time("abc", "abcd"));
    expect_text(rostrum::iso_time(1700000000007), "2023-11-14T22:13:20.007Z");
    g_assert_true(rostrum::is_document_id(rostrum::new_document_id()));
    g_assert_false(rostrum::new_room_id() == rostrum::new_room_id());
}

void only_members() {
    const struct {
        const char *name, *json, *expected;
    } rows[] = {
        {"one line", R"({"a":{"b":{"c":1}}})", R"({"c":1})"},
        {"lines stay", "{\"x\":\n[1,\n2],\"a\":{\n\"b\" : [3]}}", "[3]"},
        {"not there", R"({"a":{"c":1}})", ""},
        {"no object", R"({"a":[{"b":1}]})", ""},
        {"an array", R"([{"a":{"b":1}}])", ""},
        {"in a text", R"({"x":"\"a\":{\"b\":1}","a":{"b":2}})", "2"},
        {"twice: the last", R"({"a":{"b":1,"b":3}})", "3"},
        {"deeper only", R"({"x":{"a":{"b":1}}})", ""},
        {"cut", R"({"a":{"b":[1)", "[1"},
        {"cut name", R"({")", ""},
        {"empty", "", ""},
    };
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        const std::string got = rostrum::only_member(row.json, {"a", "b"}), json = row.json;
        const size_t begin = json.rfind(row.expected);
        expect_text(got.substr(std::min(got.find_first_not_of(" \n"), got.size())), row.expected);
        for (size_t i = 0; i < got.size(); ++i) // at its place, with the lines before it
            g_assert_cmpint(got[i], ==, i >= begin || json[i] == '\n' ? json[i] : ' ');
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/json/refused", refused);
    g_test_add_func("/json/read-and-written", read_and_written);
    g_test_add_func("/json/built", built);
    g_test_add_func("/json/only-member", only_members);
    g_test_add_func("/json/identifiers", identifiers);
    return g_test_run();
}
