// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Small pieces of ASCII text handling for the parsers of SDP and HTTP fields. Reentrant.

#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum {

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

/// Pieces between `separator`, trimmed, empties dropped.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The piece up to the first `separator`; `rest` becomes what follows it ("" when there is none).
std::string_view split_off(std::string_view &rest, char separator);

/// A whole decimal number 0..max, nothing around it.
std::optional<unsigned long> parse_number(std::string_view text, unsigned long max);

} // namespace rostrum
