// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Wire bytes in test tables are written in hex; blanks are for the eye.

#pragma once

#include <glib.h>

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace peerwire::test {

inline std::vector<uint8_t> unhex(std::string_view text) {
    std::vector<uint8_t> bytes;
    std::string digits;
    for (const char c : text) {
        if (!std::isxdigit(static_cast<unsigned char>(c)))
            continue;
        digits.push_back(c);
        if (digits.size() == 2) {
            bytes.push_back(static_cast<uint8_t>(std::strtoul(digits.c_str(), nullptr, 16)));
            digits.clear();
        }
    }
    return bytes;
}

inline std::string hex(std::span<const uint8_t> bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
        text.push_back(kDigits[byte >> 4]);
        text.push_back(kDigits[byte & 15]);
    }
    return text;
}

/// g_assert_cmpstr() for strings that may be temporary.
inline void assert_text(const std::string &actual, const std::string &expected) {
    g_assert_cmpstr(actual.c_str(), ==, expected.c_str());
}

} // namespace peerwire::test
