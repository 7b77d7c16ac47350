// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/budget.h"

#include <charconv>

namespace rostrum {
namespace {

constexpr unsigned kMost = 1'000'000; // of either

std::optional<unsigned> number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value <= kMost ? std::optional(value)
                                                                                      : std::nullopt;
}

} // namespace

std::optional<Budget> parse_budget(std::string_view text) {
    if (text == "0")
        return Budget{};
    const size_t comma = text.find(',');
    if (comma == text.npos)
        return std::nullopt;
    const auto per_second = number(text.substr(0, comma)), burst = number(text.substr(comma + 1));
    if (!per_second || !burst || *per_second == 0 || *burst == 0)
        return std::nullopt;
    return Budget{*per_second, *burst};
}

} // namespace rostrum
