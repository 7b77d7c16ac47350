// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/dead_letters.h"

#include <json-glib/json-glib.h>

namespace rostrum {

namespace {

void set_number(JsonBuilder *builder, const char *name, int64_t value) {
    json_builder_set_member_name(builder, name);
    json_builder_add_int_value(builder, value);
}

/// Types come from bodies, which may hold any bytes.
void set_text(JsonBuilder *builder, const char *name, const std::string &value) {
    g_autofree gchar *valid = g_utf8_make_valid(value.c_str(), -1);
    json_builder_set_member_name(builder, name);
    json_builder_add_string_value(builder, valid);
}

} // namespace

std::string to_json(const std::vector<DeadLetter> &letters) {
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_array(builder);
    for (const DeadLetter &letter : letters) {
        json_builder_begin_object(builder);
        set_text(builder, "id", letter.id);
        set_number(builder, "sequence", letter.sequence);
        set_text(builder, "type", letter.type);
        set_number(builder, "attempts", letter.attempts);
        set_number(builder, "status", letter.status);
        set_text(builder, "error", letter.error);
        set_number(builder, "createdAt", letter.created_ms);
        set_number(builder, "diedAt", letter.died_ms);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    g_autofree gchar *text = json_to_string(root, FALSE);
    return text;
}

} // namespace rostrum
