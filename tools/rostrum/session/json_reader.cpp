// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "json_reader.h"

namespace rostrum::session {

JsonNode *member(JsonObject *object, const char *name) {
    JsonNode *node = json_object_get_member(object, name);
    return node && !JSON_NODE_HOLDS_NULL(node) ? node : nullptr;
}

std::string string_of(JsonNode *node, const std::string &where, size_t max) {
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        throw Bad(where + " must be a string");
    std::string text = json_node_get_string(node);
    if (text.size() > max)
        throw Bad(where + " is longer than " + std::to_string(max) + " bytes");
    for (const char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            throw Bad(where + " holds a control character");
    return text;
}

std::string required_string(JsonObject *object, const char *name, const std::string &where, size_t max) {
    JsonNode *node = member(object, name);
    if (!node)
        throw Bad(where + name + " is missing");
    std::string text = string_of(node, where + name, max);
    if (text.empty())
        throw Bad(where + name + " is empty");
    return text;
}

JsonObject *object_of(JsonNode *node, const std::string &where) {
    if (!JSON_NODE_HOLDS_OBJECT(node))
        throw Bad(where + " must be an object");
    return json_node_get_object(node);
}

JsonArray *array_of(JsonNode *node, const std::string &where, size_t max) {
    if (!JSON_NODE_HOLDS_ARRAY(node))
        throw Bad(where + " must be an array");
    JsonArray *array = json_node_get_array(node);
    if (json_array_get_length(array) > max)
        throw Bad(where + " has more than " + std::to_string(max) + " items");
    return array;
}

std::optional<unsigned> number(JsonObject *object, const char *name, const std::string &where, unsigned max) {
    JsonNode *node = member(object, name);
    if (!node)
        return std::nullopt;
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        throw Bad(where + name + " must be a whole number");
    const gint64 value = json_node_get_int(node);
    if (value < 0 || value > max)
        throw Bad(where + name + " must be 0 to " + std::to_string(max));
    return static_cast<unsigned>(value);
}

std::set<std::string> parse_participants(JsonObject *object, const char *name, const std::string &where) {
    std::set<std::string> result;
    JsonNode *node = member(object, name);
    JsonArray *array = node ? array_of(node, where + name) : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i)
        result.insert(
            string_of(json_array_get_element(array, i), where + name + "[" + std::to_string(i) + "]", kMaxIdBytes));
    return result;
}

uint64_t large_number(JsonObject *object, const char *name, const std::string &where, uint64_t max) {
    JsonNode *node = member(object, name);
    if (!node)
        return 0;
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        throw Bad(where + name + " must be a whole number");
    const gint64 value = json_node_get_int(node);
    if (value < 0 || static_cast<uint64_t>(value) > max)
        throw Bad(where + name + " must be 0 to " + std::to_string(max));
    return static_cast<uint64_t>(value);
}

bool flag(JsonObject *object, const char *name, const std::string &where, bool missing) {
    JsonNode *node = member(object, name);
    if (!node)
        return missing;
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        throw Bad(where + name + " must be true or false");
    return json_node_get_boolean(node);
}

void take_id(std::set<std::string> &seen, const std::string &id, const char *what) {
    if (!seen.insert(id).second)
        throw Bad(std::string(what) + " id '" + id + "' appears twice");
}

} // namespace rostrum::session
