// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/json.h"

#include "tools/rostrum/base/glib_handles.h"

#include <algorithm>
#include <cmath>

namespace rostrum {
namespace {

JsonNode *string_node(std::string_view value) {
    JsonNode *node = json_node_new(JSON_NODE_VALUE);
    json_node_set_string(node, std::string(value).c_str());
    return node;
}

bool holds(JsonNode *node, GType type) {
    return JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type;
}

/// The number of `\uXXXX` at `at`, or -1 when there is none.
int unicode_escape(std::string_view text, size_t at) {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u')
        return -1;
    int value = 0;
    for (const char c : text.substr(at + 2, 4)) {
        if (!g_ascii_isxdigit(c))
            return -1;
        value = value * 16 + g_ascii_xdigit_value(c);
    }
    return value;
}

/// The length of the number at `at`, or 0 for one that is not finite or that json-glib would write as `1e+17.0`.
size_t number_length(std::string_view text, size_t at) {
    constexpr size_t kMaxLength = 40;
    const size_t end = std::min(text.find_first_not_of("0123456789+-.eE", at), text.size());
    const std::string number(text.substr(at, end - at));
    if (number.size() > kMaxLength)
        return 0;
    if (number.find_first_of(".eE") == std::string::npos)
        return number.size();
    const double value = g_ascii_strtod(number.c_str(), nullptr);
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    const std::string_view written = g_ascii_dtostr(buffer, sizeof buffer, value);
    const bool bare_exponent =
        written.find('e') != std::string_view::npos && written.find('.') == std::string_view::npos;
    return std::isfinite(value) && std::abs(value) < 1e15 && !bare_exponent ? number.size() : 0;
}

/// The length of the escape at `at`, or 0 for one that json-glib would turn into something that is not UTF-8 or cuts
/// the string: half of a surrogate pair, NUL.
size_t escape_length(std::string_view text, size_t at) {
    if (at + 1 < text.size() && text[at + 1] != 'u')
        return std::string_view("\"\\/bfnrt").find(text[at + 1]) != std::string_view::npos ? 2 : 0; // RFC 8259 §7
    const int first = unicode_escape(text, at);
    if (first <= 0 || (first >= 0xdc00 && first <= 0xdfff))
        return 0;
    if (first < 0xd800 || first > 0xdfff)
        return 6;
    const int second = unicode_escape(text, at + 6);
    return second >= 0xdc00 && second <= 0xdfff ? 12 : 0;
}

/// What json-glib leaves to the caller: a document (not `var x = …`), its depth, its encoding, nothing but space after
/// it.
const char *find_fault(std::string_view text) {
    if (!g_utf8_validate_len(text.data(), text.size(), nullptr))
        return "not valid UTF-8";
    const size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos)
        return "empty";
    if (text[first] != '{' && text[first] != '[')
        return "not a JSON object or array";
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = first; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '"') {
                quoted = false;
            } else if (c == '\\') {
                const size_t length = escape_length(text, i);
                if (length == 0)
                    return "an escape that stands for no character";
                i += length - 1;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            const size_t length = number_length(text, i);
            if (length == 0)
                return "a number out of range";
            i += length - 1;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxJsonDepth)
                return "nested too deeply";
        } else if (c == '}' || c == ']') {
            if (depth == 0 || (--depth == 0 && text.find_first_not_of(" \t\r\n", i + 1) != std::string_view::npos))
                return "text after the end of the document";
        } else if (c == '/' || c == '\'' || c == '=' || c == '#') {
            return "unexpected character"; // json-glib's scanner would take comments and assignments
        }
    }
    return depth || quoted ? "cut short" : nullptr;
}

} // namespace

struct JsonAccess {
    static Json adopt(JsonNode *node) { return Json(node); }
};

Json::Json(std::nullptr_t) : node_(json_node_new(JSON_NODE_NULL)) {}
Json::Json(bool value) : node_(json_node_new(JSON_NODE_VALUE)) {
    json_node_set_boolean(node_, value);
}
Json::Json(Integer value) : node_(json_node_new(JSON_NODE_VALUE)) {
    json_node_set_int(node_, value.value);
}
Json::Json(double value) : node_(json_node_new(JSON_NODE_VALUE)) {
    json_node_set_double(node_, value);
}
Json::Json(const char *value) : node_(string_node(value)) {}
Json::Json(std::string_view value) : node_(string_node(value)) {}
Json::Json(const std::vector<std::string> &values) : Json(array()) {
    for (const auto &value : values)
        push(value);
}
Json::Json(const Json &other) : node_(json_node_ref(other.node_)) {}
Json &Json::operator=(Json other) noexcept {
    std::swap(node_, other.node_);
    return *this;
}
Json::~Json() {
    if (node_)
        json_node_unref(node_);
}

Json Json::object(std::initializer_list<Member> members) {
    Json json(json_node_new(JSON_NODE_OBJECT));
    json_node_take_object(json.node_, json_object_new());
    for (const auto &[key, value] : members)
        json.set(key, value);
    return json;
}

Json Json::array(std::initializer_list<Json> values) {
    Json json(json_node_new(JSON_NODE_ARRAY));
    json_node_take_array(json.node_, json_array_new());
    for (const auto &value : values)
        json.push(value);
    return json;
}

Json &Json::set(const char *key, Json value) {
    json_object_set_member(json_node_get_object(node_), key, json_node_ref(value.node_));
    return *this;
}

Json &Json::push(Json value) {
    json_array_add_element(json_node_get_array(node_), json_node_ref(value.node_));
    return *this;
}

bool Json::is_null() const {
    return JSON_NODE_HOLDS_NULL(node_);
}
bool Json::is_string() const {
    return holds(node_, G_TYPE_STRING);
}
bool Json::is_integer() const {
    return holds(node_, G_TYPE_INT64);
}
bool Json::is_bool() const {
    return holds(node_, G_TYPE_BOOLEAN);
}

bool Json::has(const char *key) const {
    return is_object() && json_object_has_member(json_node_get_object(node_), key);
}

Json Json::get(const char *key) const {
    return has(key) ? Json(json_node_ref(json_object_get_member(json_node_get_object(node_), key))) : Json();
}

std::string Json::text(const char *key, std::string_view fallback) const {
    return get(key).as_string(fallback);
}

std::string Json::as_string(std::string_view fallback) const {
    return is_string() ? std::string(json_node_get_string(node_)) : std::string(fallback);
}

int64_t Json::as_integer(int64_t fallback) const {
    return is_integer() ? json_node_get_int(node_) : fallback;
}
double Json::as_number(double fallback) const {
    const bool number =
        JSON_NODE_HOLDS_VALUE(node_) && (is_integer() || json_node_get_value_type(node_) == G_TYPE_DOUBLE);
    return number ? json_node_get_double(node_) : fallback;
}
bool Json::as_bool(bool fallback) const {
    return is_bool() ? json_node_get_boolean(node_) : fallback;
}

std::vector<Json> Json::items() const {
    std::vector<Json> items;
    if (is_array())
        for (guint i = 0, n = json_array_get_length(json_node_get_array(node_)); i < n; ++i)
            items.push_back(Json(json_node_ref(json_array_get_element(json_node_get_array(node_), i))));
    return items;
}

std::vector<std::string> Json::keys() const {
    std::vector<std::string> keys;
    if (!is_object())
        return keys;
    GList *members = json_object_get_members(json_node_get_object(node_));
    for (GList *member = members; member; member = member->next)
        keys.emplace_back(static_cast<const char *>(member->data));
    g_list_free(members);
    return keys;
}

std::vector<std::string> Json::strings() const {
    std::vector<std::string> strings;
    for (const auto &item : items())
        if (item.is_string())
            strings.push_back(item.as_string());
    return strings;
}

std::string Json::dump() const {
    return take_string(json_to_string(node_, FALSE));
}

std::optional<Json> parse_json(std::string_view text, std::string *error) {
    auto fail = [&](std::string why) {
        if (error)
            *error = std::move(why);
        return std::nullopt;
    };
    if (const char *fault = find_fault(text))
        return fail(fault);
    const auto parser = ObjectRef<JsonParser>::adopt(json_parser_new());
    GError *failure = nullptr;
    if (!json_parser_load_from_data(parser.get(), text.data(), static_cast<gssize>(text.size()), &failure))
        return fail(take_error(failure));
    JsonNode *root = json_parser_steal_root(parser.get());
    return root ? std::optional<Json>(JsonAccess::adopt(root)) : fail("empty");
}

} // namespace rostrum
