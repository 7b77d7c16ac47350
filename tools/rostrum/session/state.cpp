// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "state.h"

#include "json_reader.h"

#include <algorithm>

namespace rostrum::session {

namespace {

constexpr size_t kMaxJsonBytes = 4 << 20; // of it may be two for those who are muted
constexpr unsigned kMaxDepth = 16;        // the parser recurses
constexpr size_t kMaxNames = 20000;

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

} // namespace

Composition parse_composition(JsonNode *node, const std::string &name) {
    Composition result;
    if (!node)
        return result;
    const std::string where = name + ".";
    JsonObject *object = object_of(node, name);
    choose(object, "theme", where, kThemes, result.theme);
    choose(object, "quality", where, kQualities, result.quality);
    choose(object, "orientation", where, kOrientations, result.orientation);
    result.speaker_border = number(object, "speakerBorder", where, 40);
    if (JsonNode *accent = member(object, "accent"))
        result.accent = string_of(accent, where + "accent", kMaxIdBytes);
    if (JsonNode *transition = member(object, "transition")) {
        JsonObject *motion = object_of(transition, where + "transition");
        result.transition_ms = number(motion, "ms", where + "transition.", 5000);
        const char *ease = "";
        choose(motion, "ease", where + "transition.", kEases, ease);
        result.transition_ease = ease;
    }
    result.branding = parse_branding(object, where);
    result.pinned = parse_participants(object, "pinned", where);
    result.screens = parse_participants(object, "screens", where);
    if (JsonNode *layout = member(object, "layout"))
        parse_layout(object_of(layout, where + "layout"), where + "layout.", result);
    return result;
}

std::string parse_own_composition(JsonObject *object, const std::string &where) {
    JsonNode *id = member(object, "compositionId");
    return id ? string_of(id, where + "compositionId", kMaxIdBytes) : "";
}

namespace {

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

std::map<std::string, Composition> parse_compositions(JsonNode *node) {
    std::map<std::string, Composition> result;
    if (!node)
        return result;
    JsonObject *object = object_of(node, "compositions");
    if (json_object_get_size(object) > kMaxItems)
        throw Bad("compositions has more than " + std::to_string(kMaxItems) + " members");
    JsonObjectIter iter;
    const char *id = nullptr;
    JsonNode *value = nullptr;
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &id, &value)) {
        result[id] = parse_composition(value, std::string("compositions.") + id);
    }
    return result;
}

void check_own_compositions(const Wanted &wanted) {
    const auto check = [&](const auto &outputs, const char *list) {
        for (const auto &output : outputs)
            if (!output.own_composition.empty() && !wanted.compositions.count(output.own_composition))
                throw Bad(std::string(list) + " has a compositionId that is not in compositions");
    };
    check(wanted.livestreams, "livestreams");
    check(wanted.recordings, "recordings");
    check(wanted.hls, "hls");
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
        livestream.own_composition = parse_own_composition(object, where + ".");
        JsonNode *outputs_node = member(object, "outputs");
        JsonArray *outputs = outputs_node ? array_of(outputs_node, where + ".outputs") : nullptr;
        for (guint j = 0; outputs && j < json_array_get_length(outputs); ++j)
            livestream.outputs.push_back(parse_output(json_array_get_element(outputs, j),
                                                      where + ".outputs[" + std::to_string(j) + "]", output_ids));
        result.push_back(std::move(livestream));
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

Mute parse_mute(JsonNode *node, const std::string &where) {
    if (!node)
        return {};
    JsonObject *object = object_of(node, where);
    return {flag(object, "audio", where + ".", false), flag(object, "video", where + ".", false)};
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
        Marks marks = parse_marks(member(object_of(value, where), "marks"), where + ".marks");
        const Mute mute = parse_mute(member(object_of(value, where), "muted"), where + ".muted");
        if (mute != Mute{})
            wanted.mutes[key] = mute;
        marks.mic_off |= mute.audio;
        marks.camera_off |= mute.video;
        if (marks != Marks{})
            wanted.marks[key] = marks;
    }
}

} // namespace

std::optional<Wanted> parse_wanted(std::string_view json, std::string &error) {
    try {
        if (json.size() > kMaxJsonBytes)
            throw Bad("the state is longer than 4 MiB");
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
        wanted.composition = parse_composition(member(object, "composition"), "composition");
        wanted.livestreams = parse_livestreams(member(object, "livestreams"));
        wanted.recordings = parse_recordings(member(object, "recordings"));
        wanted.hls = parse_hls(member(object, "hls"));
        wanted.compositions = parse_compositions(member(object, "compositions"));
        check_own_compositions(wanted);
        parse_people(member(object, "participants"), wanted);
        return wanted;
    } catch (const Bad &bad) {
        error = bad.what();
        return std::nullopt;
    }
}

bool Wanted::mutes_track(const std::string &participant, bool video) const {
    const auto mute = mutes.find(participant);
    return mute != mutes.end() && (video ? mute->second.video : mute->second.audio);
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
