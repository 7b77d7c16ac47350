// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/cors.h"

#include <algorithm>

namespace rostrum {
namespace {

std::string trimmed_lower(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (c != ' ' && c != '\t')
            result += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c;
    return result;
}

bool is_host_and_port(std::string_view text) {
    return !text.empty() && text.front() != ':' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._:[]") == text.npos;
}

} // namespace

std::optional<Cors> Cors::parse(std::string_view list) {
    Cors cors;
    for (size_t from = 0; from <= list.size();) {
        const size_t comma = std::min(list.find(',', from), list.size());
        const std::string word = trimmed_lower(list.substr(from, comma - from));
        from = comma + 1;
        if (word.empty())
            continue;
        if (word == "*") {
            cors.anybody_ = true;
            continue;
        }
        const size_t colon = word.find("://");
        if (colon == 0 || colon == word.npos)
            return std::nullopt;
        std::string host = word.substr(colon + 3);
        const bool wildcard = host.starts_with("*.");
        if (wildcard)
            host.erase(0, 1);
        if (!is_host_and_port(host))
            return std::nullopt;
        cors.patterns_.push_back({word.substr(0, colon), std::move(host), wildcard});
    }
    return cors;
}

std::string Cors::allowed(const std::string &origin) const {
    if (anybody_)
        return "*";
    const size_t colon = origin.find("://");
    if (colon == origin.npos)
        return "";
    const std::string_view scheme = std::string_view(origin).substr(0, colon),
                           host = std::string_view(origin).substr(colon + 3);
    for (const auto &pattern : patterns_)
        if (scheme == pattern.scheme &&
            (pattern.wildcard ? host.size() > pattern.host.size() && host.ends_with(pattern.host)
                              : host == pattern.host))
            return origin;
    return "";
}

} // namespace rostrum
