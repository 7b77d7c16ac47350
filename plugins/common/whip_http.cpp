// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/whip_http.h"

#include <algorithm>
#include <cctype>

namespace rostrum {

namespace {

std::string_view trim(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// The trimmed piece up to the first `separator`; `rest` becomes what follows it.
std::string_view take(std::string_view &rest, char separator) {
    const size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view piece = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return piece;
}

bool same(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

/// 3: the type itself, 2: "application/*", 1: "*/*", 0: another one.
int how_exact(std::string_view range, std::string_view type) {
    if (range == "*/*")
        return 1;
    if (same(range, type))
        return 3;
    const std::string_view family = type.substr(0, type.find('/') + 1);
    return range.size() == family.size() + 1 && range.back() == '*' && same(range.substr(0, family.size()), family) ? 2
                                                                                                                    : 0;
}

/// q=0, q=0.0 and so on: "not this one".
bool is_refused(std::string_view parameters) {
    while (!parameters.empty()) {
        std::string_view value = take(parameters, ';');
        const std::string_view name = take(value, '=');
        if (same(name, "q"))
            return !value.empty() && value.find_first_not_of("0.") == std::string_view::npos;
    }
    return false;
}

} // namespace

std::string ice_ufrag_of(std::string_view sdp) {
    constexpr std::string_view kName = "a=ice-ufrag:";
    while (!sdp.empty()) {
        const std::string_view line = take(sdp, '\n');
        if (line.substr(0, kName.size()) == kName)
            return std::string(trim(line.substr(kName.size())));
    }
    return {};
}

std::string entity_tag(std::string_view ice_ufrag) {
    return "\"" + std::string(ice_ufrag) + "\"";
}

bool if_match(std::string_view field, std::string_view tag) {
    while (!field.empty()) {
        const std::string_view one = take(field, ','); // a username fragment has no comma (RFC 8839 §5.4)
        if (one == "*" || one == "\"*\"" || (!one.empty() && one == tag))
            return true;
    }
    return false;
}

bool accepts(std::string_view field, std::string_view type) {
    if (trim(field).empty())
        return true;
    int exactness = 0;
    bool taken = false;
    while (!field.empty()) {
        std::string_view parameters = take(field, ',');
        const int exact = how_exact(take(parameters, ';'), type);
        if (exact > exactness) {
            exactness = exact;
            taken = !is_refused(parameters);
        }
    }
    return taken;
}

} // namespace rostrum
