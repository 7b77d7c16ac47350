// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "recording_details.h"

#include <json-glib/json-glib.h>

#include <algorithm>

namespace test {

namespace {

std::string text(JsonObject *object, const char *name) {
    return json_object_get_string_member_with_default(object, name, "");
}

int64_t number(JsonObject *object, const char *name) {
    return json_object_get_int_member_with_default(object, name, 0);
}

RecordedPart part_of(JsonObject *object) {
    return {text(object, "path"),
            text(object, "format"),
            static_cast<double>(number(object, "startedAt")) / 1000,
            static_cast<double>(number(object, "durationMs")) / 1000,
            number(object, "bytes"),
            static_cast<unsigned>(number(object, "width")),
            static_cast<unsigned>(number(object, "height"))};
}

} // namespace

RecordingDetails details_of(const SessionProcess &session, const std::string &recording) {
    const std::string start = "RecordingChanged " + recording + " ";
    const auto &events = session.events();
    const auto newest = std::find_if(events.rbegin(), events.rend(),
                                     [&](const std::string &event) { return event.rfind(start, 0) == 0; });
    g_assert_true(newest != events.rend());
    const std::string json = newest->substr(newest->find('{'));
    g_autoptr(GError) error = nullptr;
    g_autoptr(JsonNode) root = json_from_string(json.c_str(), &error);
    g_assert_no_error(error);
    JsonObject *object = json_node_get_object(root);
    RecordingDetails details;
    details.error = text(object, "error");
    details.seconds = static_cast<double>(number(object, "durationMs")) / 1000;
    details.bytes = number(object, "bytes");
    details.resumes = json_object_get_boolean_member_with_default(object, "resumes", FALSE);
    JsonArray *parts =
        json_object_has_member(object, "parts") ? json_object_get_array_member(object, "parts") : nullptr;
    for (guint i = 0; parts && i < json_array_get_length(parts); ++i)
        details.parts.push_back(part_of(json_array_get_object_element(parts, i)));
    return details;
}

} // namespace test
