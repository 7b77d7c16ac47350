// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "json_text.h"

namespace rostrum::session {

JsonText &JsonText::add(const char *name, const std::string &value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_string_value(builder_, value.c_str());
    return *this;
}

JsonText &JsonText::add(const char *name, int64_t value) {
    json_builder_set_member_name(builder_, name);
    json_builder_add_int_value(builder_, value);
    return *this;
}

JsonText &JsonText::add(const char *name, const std::vector<std::string> &values) {
    begin_array(name);
    for (const auto &value : values)
        json_builder_add_string_value(builder_, value.c_str());
    return end_array();
}

JsonText &JsonText::begin_array(const char *name) {
    json_builder_set_member_name(builder_, name);
    json_builder_begin_array(builder_);
    return *this;
}

JsonText &JsonText::begin_object() {
    json_builder_begin_object(builder_);
    return *this;
}

JsonText &JsonText::begin_object(const char *name) {
    json_builder_set_member_name(builder_, name);
    return begin_object();
}

JsonText &JsonText::end_object() {
    json_builder_end_object(builder_);
    return *this;
}

JsonText &JsonText::end_array() {
    json_builder_end_array(builder_);
    return *this;
}

JsonText &JsonText::add_json(const char *name, const std::string &json) {
    json_builder_set_member_name(builder_, name);
    if (JsonNode *node = json_from_string(json.c_str(), nullptr))
        json_builder_add_value(builder_, node);
    else
        json_builder_add_null_value(builder_);
    return *this;
}

std::string JsonText::text() {
    json_builder_end_object(builder_);
    g_autoptr(JsonNode) root = json_builder_get_root(builder_);
    g_autofree char *text = json_to_string(root, FALSE);
    return text;
}

} // namespace rostrum::session
