// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// JSON as a value, on json-glib. Keys keep their order, text is compact (`JSON.stringify` style).

#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <json-glib/json-glib.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rostrum {

/// A reference to a JSON value; copies share it. Thread-bound: one thread at a time.
class Json {
  public:
    using Member = std::pair<const char *, Json>;

    Json(std::nullptr_t = nullptr);
    Json(bool value);
    Json(std::integral auto value) : Json(Integer{static_cast<int64_t>(value)}) {}
    Json(double value);
    Json(const char *value);
    Json(std::string_view value);
    Json(const std::string &value) : Json(std::string_view(value)) {}
    Json(const std::vector<std::string> &values);
    Json(const Json &other);
    Json(Json &&other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Json &operator=(Json other) noexcept;
    ~Json();

    static Json object(std::initializer_list<Member> members = {});
    static Json array(std::initializer_list<Json> values = {});

    /// Builders; `this` has to be an object / an array.
    Json &set(const char *key, Json value);
    Json &set(const std::string &key, Json value) { return set(key.c_str(), std::move(value)); }
    Json &push(Json value);

    bool is_null() const;
    bool is_object() const { return JSON_NODE_HOLDS_OBJECT(node_); }
    bool is_array() const { return JSON_NODE_HOLDS_ARRAY(node_); }
    bool is_string() const;
    bool is_integer() const;
    bool is_bool() const;

    /// Lookups never fail: a missing member, or one of another type, is null / empty / the fallback.
    bool has(const char *key) const;
    Json get(const char *key) const;
    std::string text(const char *key, std::string_view fallback = {}) const;
    std::string as_string(std::string_view fallback = {}) const;
    int64_t as_integer(int64_t fallback = 0) const;
    double as_number(double fallback = 0) const; ///< an integer too
    bool as_bool(bool fallback = false) const;
    std::vector<Json> items() const;
    std::vector<std::string> keys() const;
    /// The strings of an array; other values in it are left out.
    std::vector<std::string> strings() const;

    std::string dump() const;

    friend struct JsonAccess;

  private:
    struct Integer {
        int64_t value;
    };
    explicit Json(Integer value);
    explicit Json(JsonNode *adopted) : node_(adopted) {}
    JsonNode *node_;
};

/// parse_json refuses deeper nesting before json-glib's recursive parser sees it.
constexpr size_t kMaxJsonDepth = 32;

/// Reads untrusted text: an object or an array, valid UTF-8, bounded depth. Never throws.
std::optional<Json> parse_json(std::string_view text, std::string *error = nullptr);

} // namespace rostrum
