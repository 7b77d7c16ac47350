// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/json_member.h"

#include <algorithm>
#include <cstddef>

namespace rostrum {
namespace {

struct Span {
    size_t begin = 0, end = 0;
    bool empty() const { return begin == end; }
};

constexpr std::string_view kSpace = " \t\r\n";

size_t past_space(std::string_view text, size_t at) {
    return std::min(text.find_first_not_of(kSpace, at), text.size());
}

/// `at` is on the opening quote.
size_t past_string(std::string_view text, size_t at) {
    for (++at; at < text.size() && text[at] != '"'; ++at)
        at += text[at] == '\\';
    return std::min(at + 1, text.size());
}

size_t past_value(std::string_view text, size_t at) {
    size_t depth = 0;
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"') {
            at = past_string(text, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            return at;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        ++at;
    }
    return at;
}

Span member(std::string_view text, Span object, std::string_view name) {
    Span found;
    size_t at = past_space(text, object.begin);
    if (at >= object.end || text[at] != '{')
        return found;
    while (at < object.end && (text[at] == '{' || text[at] == ',')) {
        const size_t key = past_space(text, at + 1);
        if (key >= object.end || text[key] != '"')
            break;
        const size_t key_end = past_string(text, key), colon = past_space(text, key_end);
        const size_t begin = past_space(text, colon + 1);
        at = past_value(text, begin);
        if (text.substr(key + 1, key_end - key - 2) == name)
            found = {begin, at};
    }
    return found;
}

} // namespace

std::string only_member(std::string_view json, std::initializer_list<std::string_view> path) {
    Span span{0, json.size()};
    for (const std::string_view name : path)
        span = member(json, span, name);
    if (span.empty())
        return "";
    std::string text(json.substr(0, span.end));
    std::replace_if(
        text.begin(), text.begin() + static_cast<ptrdiff_t>(span.begin), [](char c) { return c != '\n'; }, ' ');
    return text;
}

} // namespace rostrum
