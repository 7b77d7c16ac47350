// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "state.h"

#include <json-glib/json-glib.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

namespace rostrum::session {

namespace {

constexpr size_t kMaxJsonBytes = 1 << 20;
constexpr unsigned kMaxDepth = 16; // the parser recurses
constexpr size_t kMaxItems = 32;   // livestreams, outputs of one, recordings
constexpr size_t kMaxNames = 20000;
constexpr size_t kMaxIdBytes = 256;
constexpr size_t kMaxTextBytes = 4096;

/// Thrown and caught inside this file only.
struct Bad : std::runtime_error {
    using std::runtime_error::runtime_error;
};

bool too_deep(std::string_view json) {
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > kMaxDepth)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return false;
}

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

std::string required_string(JsonObject *object, const char *name, const std::string &where, size_t max = kMaxIdBytes) {
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

JsonArray *array_of(JsonNode *node, const std::string &where) {
    if (!JSON_NODE_HOLDS_ARRAY(node))
        throw Bad(where + " must be an array");
    JsonArray *array = json_node_get_array(node);
    if (json_array_get_length(array) > kMaxItems)
        throw Bad(where + " has more than " + std::to_string(kMaxItems) + " items");
    return array;
}

template <class T> struct Choice {
    const char *name;
    T value;
};

template <class T, size_t N>
void choose(JsonObject *object, const char *name, const std::string &where, const Choice<T> (&choices)[N], T &value) {
    JsonNode *node = member(object, name);
    if (!node)
        return;
    const std::string text = string_of(node, where + name, kMaxIdBytes);
    std::string known;
    for (const auto &choice : choices) {
        if (g_ascii_strcasecmp(choice.name, text.c_str()) == 0) {
            value = choice.value;
            return;
        }
        known += known.empty() ? choice.name : std::string(", ") + choice.name;
    }
    throw Bad(where + name + " '" + text + "' is not one of " + known);
}

constexpr Choice<Layout> kLayouts[] = {{"GRID", Layout::Grid},           {"SIDEBAR", Layout::Sidebar},
                                       {"SPOTLIGHT", Layout::Spotlight}, {"PIP", Layout::Pip},
                                       {"SCREEN", Layout::Screen},       {"CUSTOM", Layout::Custom}};
constexpr Choice<Priority> kPriorities[] = {{"SPEAKER", Priority::Speaker}, {"PIN", Priority::Pin}};
constexpr Choice<Theme> kThemes[] = {{"DARK", Theme::Dark}, {"LIGHT", Theme::Light}, {"DEFAULT", Theme::Dark}};
constexpr Choice<Quality> kQualities[] = {
    {"low", Quality::Low}, {"med", Quality::Med}, {"high", Quality::High}, {"ultra", Quality::Ultra}};
constexpr Choice<Orientation> kOrientations[] = {{"landscape", Orientation::Landscape},
                                                 {"portrait", Orientation::Portrait}};

constexpr Choice<const char *> kEases[] = {
    {"linear", "linear"}, {"ease-in", "ease-in"}, {"ease-out", "ease-out"}, {"ease-in-out", "ease-in-out"}};

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

void parse_layout(JsonObject *layout, const std::string &where, Composition &result) {
    choose(layout, "type", where, kLayouts, result.layout);
    choose(layout, "priority", where, kPriorities, result.priority);
    if (const auto size = number(layout, "gridSize", where, 25); size && *size > 0)
        result.grid_size = *size;
    result.gap = number(layout, "gap", where, 120);
    result.radius = number(layout, "radius", where, 360);
    if (JsonNode *description = member(layout, "description")) {
        object_of(description, where + "description");
        g_autofree char *text = json_to_string(description, FALSE);
        result.description = text;
    }
    if (result.layout == Layout::Custom && result.description.empty())
        throw Bad(where + "description is missing");
}

bool flag(JsonObject *object, const char *name, const std::string &where, bool missing) {
    JsonNode *node = member(object, name);
    if (!node)
        return missing;
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN)
        throw Bad(where + name + " must be true or false");
    return json_node_get_boolean(node);
}

/// Members and the properties they become.
std::map<std::string, std::string> parse_branding(JsonObject *object, const std::string &where) {
    constexpr std::pair<const char *, const char *> kTexts[] = {{"background", "background"},
                                                                {"lowerThird", "lower-third"},
                                                                {"ticker", "ticker"},
                                                                {"countdownLabel", "countdown-label"}};
    std::map<std::string, std::string> result;
    for (const auto &[name, property] : kTexts)
        if (JsonNode *text = member(object, name))
            result[property] = string_of(text, where + name, kMaxTextBytes);
    if (JsonNode *time = member(object, "countdown")) {
        if (!JSON_NODE_HOLDS_VALUE(time) || json_node_get_value_type(time) != G_TYPE_INT64 ||
            json_node_get_int(time) < 0)
            throw Bad(where + "countdown must be a time in ms");
        result["countdown"] = std::to_string(json_node_get_int(time));
    }
    if (flag(object, "beRightBack", where, false))
        result["slate-mode"] = "always";
    return result;
}

Composition parse_composition(JsonNode *node) {
    Composition result;
    if (!node)
        return result;
    JsonObject *object = object_of(node, "composition");
    choose(object, "theme", "composition.", kThemes, result.theme);
    choose(object, "quality", "composition.", kQualities, result.quality);
    choose(object, "orientation", "composition.", kOrientations, result.orientation);
    result.speaker_border = number(object, "speakerBorder", "composition.", 40);
    if (JsonNode *accent = member(object, "accent"))
        result.accent = string_of(accent, "composition.accent", kMaxIdBytes);
    if (JsonNode *transition = member(object, "transition")) {
        JsonObject *motion = object_of(transition, "composition.transition");
        result.transition_ms = number(motion, "ms", "composition.transition.", 5000);
        const char *ease = "";
        choose(motion, "ease", "composition.transition.", kEases, ease);
        result.transition_ease = ease;
    }
    result.branding = parse_branding(object, "composition.");
    result.pinned = parse_participants(object, "pinned", "composition.");
    result.screens = parse_participants(object, "screens", "composition.");
    if (JsonNode *layout = member(object, "layout"))
        parse_layout(object_of(layout, "composition.layout"), "composition.layout.", result);
    return result;
}

void take_id(std::set<std::string> &seen, const std::string &id, const char *what) {
    if (!seen.insert(id).second)
        throw Bad(std::string(what) + " id '" + id + "' appears twice");
}

Output parse_output(JsonNode *node, const std::string &where, std::set<std::string> &ids) {
    JsonObject *object = object_of(node, where);
    Output output;
    output.id = required_string(object, "id", where + ".");
    take_id(ids, output.id, "output");
    output.url = required_string(object, "url", where + ".", kMaxTextBytes);
    if (!output.url.starts_with("rtmp://") && !output.url.starts_with("rtmps://") && !output.url.starts_with("srt://"))
        throw Bad(where + ".url must begin with rtmp://, rtmps:// or srt://");
    if (JsonNode *key = member(object, "streamKey"))
        output.stream_key = string_of(key, where + ".streamKey", kMaxTextBytes);
    return output;
}

std::vector<Livestream> parse_livestreams(JsonNode *node) {
    std::vector<Livestream> result;
    std::set<std::string> ids, output_ids;
    JsonArray *array = node ? array_of(node, "livestreams") : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i) {
        const std::string where = "livestreams[" + std::to_string(i) + "]";
        JsonObject *object = object_of(json_array_get_element(array, i), where);
        Livestream livestream;
        livestream.id = required_string(object, "id", where + ".");
        take_id(ids, livestream.id, "livestream");
        JsonNode *outputs_node = member(object, "outputs");
        JsonArray *outputs = outputs_node ? array_of(outputs_node, where + ".outputs") : nullptr;
        for (guint j = 0; outputs && j < json_array_get_length(outputs); ++j)
            livestream.outputs.push_back(parse_output(json_array_get_element(outputs, j),
                                                      where + ".outputs[" + std::to_string(j) + "]", output_ids));
        result.push_back(std::move(livestream));
    }
    return result;
}

std::vector<Recording> parse_recordings(JsonNode *node) {
    std::vector<Recording> result;
    std::set<std::string> ids, paths;
    JsonArray *array = node ? array_of(node, "recordings") : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i) {
        const std::string where = "recordings[" + std::to_string(i) + "]";
        JsonObject *object = object_of(json_array_get_element(array, i), where);
        Recording recording{required_string(object, "id", where + "."),
                            required_string(object, "path", where + ".", kMaxTextBytes)};
        take_id(ids, recording.id, "recording");
        if (!g_path_is_absolute(recording.path.c_str()) || !g_str_has_suffix(recording.path.c_str(), ".mp4"))
            throw Bad(where + ".path must be absolute and end in .mp4");
        if (!paths.insert(recording.path).second)
            throw Bad(where + ".path is used twice");
        result.push_back(std::move(recording));
    }
    return result;
}

Marks parse_marks(JsonNode *node, const std::string &where) {
    if (!node)
        return {};
    JsonObject *object = object_of(node, where);
    return {flag(object, "hand", where + ".", false), !flag(object, "mic", where + ".", true),
            !flag(object, "camera", where + ".", true)};
}

void parse_people(JsonNode *node, Wanted &wanted) {
    if (!node)
        return;
    JsonObject *object = object_of(node, "participants");
    if (json_object_get_size(object) > kMaxNames)
        throw Bad("participants has more than " + std::to_string(kMaxNames) + " members");
    JsonObjectIter iter;
    const char *key = nullptr;
    JsonNode *value = nullptr;
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &key, &value)) {
        const std::string where = std::string("participants.") + key;
        JsonNode *name = member(object_of(value, where), "name");
        wanted.names[key] = name ? string_of(name, where + ".name", kMaxIdBytes) : key;
        const Marks marks = parse_marks(member(object_of(value, where), "marks"), where + ".marks");
        if (marks != Marks{})
            wanted.marks[key] = marks;
    }
}

} // namespace

std::optional<Wanted> parse_wanted(std::string_view json, std::string &error) {
    try {
        if (json.size() > kMaxJsonBytes)
            throw Bad("the state is longer than 1 MiB");
        if (too_deep(json))
            throw Bad("the state is nested too deeply");
        g_autoptr(JsonParser) parser = json_parser_new_immutable();
        g_autoptr(GError) parse_error = nullptr;
        if (!json_parser_load_from_data(parser, json.data(), static_cast<gssize>(json.size()), &parse_error))
            throw Bad(std::string("the state is not JSON: ") + parse_error->message);
        JsonNode *root = json_parser_get_root(parser);
        if (!root)
            throw Bad("the state is empty");
        JsonObject *object = object_of(root, "the state");
        Wanted wanted;
        wanted.room_id = required_string(object, "roomId", "");
        wanted.session_id = required_string(object, "sessionId", "");
        wanted.composition = parse_composition(member(object, "composition"));
        wanted.livestreams = parse_livestreams(member(object, "livestreams"));
        wanted.recordings = parse_recordings(member(object, "recordings"));
        parse_people(member(object, "participants"), wanted);
        return wanted;
    } catch (const Bad &bad) {
        error = bad.what();
        return std::nullopt;
    }
}

Host &State::add_host(const std::string &participant) {
    Host host;
    host.participant = participant;
    const auto taken = [&] {
        return std::any_of(hosts.begin(), hosts.end(), [&](const Host &other) { return other.slot == host.slot; });
    };
    while (taken())
        ++host.slot;
    hosts.push_back(std::move(host));
    return hosts.back();
}

Host *State::find_host(std::string_view participant) {
    for (auto &host : hosts)
        if (host.participant == participant)
            return &host;
    return nullptr;
}

const Host *State::find_host(std::string_view participant) const {
    return const_cast<State *>(this)->find_host(participant);
}

void State::remove_host(std::string_view participant) {
    std::erase_if(hosts, [&](const Host &host) { return host.participant == participant; });
}

} // namespace rostrum::session
