// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/ranges.h"

#include <algorithm>
#include <charconv>

namespace rostrum {
namespace {

constexpr size_t kMaxRanges = 16; // a player asks for one; more of them are an attack (RFC 9110 section 17.15)
constexpr char kUnit[] = "bytes=";

std::optional<uint64_t> number(std::string_view text) {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

} // namespace

std::optional<std::vector<ByteRange>> parse_ranges(const std::string &header, uint64_t size) {
    if (!header.starts_with(kUnit))
        return std::nullopt;
    std::vector<ByteRange> ranges;
    size_t wishes = 0;
    for (std::string_view rest = std::string_view(header).substr(std::string_view(kUnit).size()); !rest.empty();) {
        const size_t comma = std::min(rest.find(','), rest.size());
        const std::string_view wish = trimmed(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        if (wish.empty())
            continue;
        const size_t dash = wish.find('-');
        if (dash == std::string_view::npos || ++wishes > kMaxRanges)
            return std::nullopt;
        const auto first = number(wish.substr(0, dash)), last = number(wish.substr(dash + 1));
        if (dash == 0) { // the last so many bytes
            if (!last)
                return std::nullopt;
            if (*last > 0 && size > 0)
                ranges.push_back({size - std::min(*last, size), size - 1});
        } else {
            const bool open = dash + 1 == wish.size();
            if (!first || (!open && (!last || *last < *first)))
                return std::nullopt;
            if (*first < size)
                ranges.push_back({*first, open ? size - 1 : std::min(*last, size - 1)});
        }
    }
    return wishes > 0 ? std::optional(ranges) : std::nullopt;
}

} // namespace rostrum
