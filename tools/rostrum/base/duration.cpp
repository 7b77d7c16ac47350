// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/duration.h"

#include <charconv>

namespace rostrum {

std::optional<int64_t> parse_duration(const std::string &text) {
    constexpr int64_t kMost = 999'999'999;
    int64_t number = 0;
    const char *end = text.data() + text.size();
    const auto [unit, error] = std::from_chars(text.data(), end, number);
    const std::string suffix(unit, end);
    const int64_t scale = suffix.empty() || suffix == "s" ? 1
                          : suffix == "m"                 ? 60
                          : suffix == "h"                 ? 3600
                          : suffix == "d"                 ? 86400
                                                          : 0;
    if (error != std::errc() || scale == 0 || number < 0 || number > kMost)
        return std::nullopt;
    return number * scale;
}

} // namespace rostrum
