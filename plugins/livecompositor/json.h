// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A JSON reader (RFC 8259) that remembers where every value stood, for error messages with line and column.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace livecompositor {

struct JsonValue {
    enum class Kind { Null, Bool, Number, String, Array, Object };
    Kind kind = Kind::Null;
    bool boolean = false;
    double number = 0;
    std::string string;
    std::vector<std::string> names; ///< of an object, unique, in order
    std::vector<JsonValue> items;   ///< of an array, or what the names stand for
    int line = 1;
    int column = 1;

    const JsonValue *find(std::string_view name) const;
};

struct JsonResult {
    std::optional<JsonValue> value;
    std::string error;
};

/// "line L, column C: text"
std::string json_error(const JsonValue &at, const std::string &text);

/// Untrusted text: bounded in length (64 KiB) and depth (16). Never throws.
JsonResult parse_json(std::string_view text);

} // namespace livecompositor
