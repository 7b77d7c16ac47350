// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The "recordings" of the document of SetState.

#include "json_reader.h"
#include "session_limits.h"

namespace rostrum::session {

namespace {

constexpr uint64_t kMaxSplitMs = 7ull * 24 * 3600 * 1000;
constexpr uint64_t kMaxSplitBytes = 1ull << 50;

constexpr Choice<RecordingKind> kKinds[] = {{"room", RecordingKind::Room},
                                            {"composite", RecordingKind::Composite},
                                            {"participant", RecordingKind::Participant},
                                            {"track", RecordingKind::Track}};
constexpr Choice<FileFormat> kFormats[] = {{"mp4", FileFormat::Mp4}, {"webm", FileFormat::Webm}};
constexpr Choice<bool> kModes[] = {{"video-and-audio", false}, {"audio", true}};
constexpr Choice<MediaKind> kMedia[] = {{"audio", MediaKind::Audio},
                                        {"video", MediaKind::Video},
                                        {"screen_audio", MediaKind::ScreenAudio},
                                        {"screen_video", MediaKind::ScreenVideo}};

std::string parse_path(JsonObject *object, const std::string &where, FileFormat format) {
    const char *extension = format == FileFormat::Mp4 ? ".mp4" : ".webm";
    std::string path = required_string(object, "path", where, kMaxTextBytes);
    if (!g_path_is_absolute(path.c_str()) || !g_str_has_suffix(path.c_str(), extension))
        throw Bad(where + "path must be absolute and end in " + extension);
    return path;
}

std::set<MediaKind> parse_kinds(JsonNode *node, const std::string &where) {
    std::set<MediaKind> kinds;
    JsonArray *array = node ? array_of(node, where) : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i)
        kinds.insert(choice_of(json_array_get_element(array, i), where + "[" + std::to_string(i) + "]", kMedia));
    return kinds;
}

std::vector<ChosenParticipant> parse_chosen(JsonNode *node, const std::string &where) {
    std::vector<ChosenParticipant> chosen;
    std::set<std::string> ids;
    JsonArray *array = node ? array_of(node, where, kMaxChosenParticipants) : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i) {
        const std::string at = where + "[" + std::to_string(i) + "]";
        JsonObject *object = object_of(json_array_get_element(array, i), at);
        ChosenParticipant participant{required_string(object, "id", at + "."), {}};
        take_id(ids, participant.id, "participant");
        participant.kinds = parse_kinds(member(object, "kinds"), at + ".kinds");
        chosen.push_back(std::move(participant));
    }
    return chosen;
}

/// What only some kinds have is an error with the others: it would be silently ignored.
void refuse(JsonObject *object, const std::string &where, std::initializer_list<const char *> members) {
    for (const char *name : members)
        if (member(object, name))
            throw Bad(where + name + " makes no sense with this kind of recording");
}

void parse_source(JsonObject *object, const std::string &where, Recording &recording) {
    choose(object, "kind", where, kKinds, recording.kind);
    switch (recording.kind) {
    case RecordingKind::Room:
        refuse(object, where, {"participant", "track", "participants", "composition"});
        choose(object, "mode", where, kModes, recording.audio_only);
        recording.own_composition = parse_own_composition(object, where);
        break;
    case RecordingKind::Composite:
        refuse(object, where, {"participant", "track", "compositionId"});
        choose(object, "mode", where, kModes, recording.audio_only);
        recording.participants = parse_chosen(member(object, "participants"), where + "participants");
        if (JsonNode *composition = member(object, "composition"))
            recording.composition = parse_composition(composition, where + "composition");
        break;
    case RecordingKind::Participant:
        refuse(object, where, {"track", "participants", "composition", "compositionId", "mode"});
        recording.participant = required_string(object, "participant", where);
        break;
    case RecordingKind::Track:
        refuse(object, where, {"participants", "composition", "compositionId", "mode"});
        recording.participant = required_string(object, "participant", where);
        required_string(object, "track", where);
        choose(object, "track", where, kMedia, recording.track);
        break;
    }
}

Recording parse_recording(JsonNode *node, const std::string &name) {
    JsonObject *object = object_of(node, name);
    const std::string where = name + ".";
    Recording recording{required_string(object, "id", where)};
    choose(object, "format", where, kFormats, recording.format);
    recording.path = parse_path(object, where, recording.format);
    parse_source(object, where, recording);
    recording.paused = flag(object, "paused", where, false);
    recording.split_ms = large_number(object, "splitMs", where, kMaxSplitMs);
    recording.split_bytes = large_number(object, "splitBytes", where, kMaxSplitBytes);
    return recording;
}

/// Parts differ by their number and, when a codec wants it, by their extension.
std::string stem_of(const std::string &path) {
    return path.substr(0, path.rfind('.'));
}

} // namespace

std::vector<Recording> parse_recordings(JsonNode *node) {
    std::vector<Recording> result;
    std::set<std::string> ids, stems;
    JsonArray *array = node ? array_of(node, "recordings", kMaxRecordings) : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i) {
        const std::string where = "recordings[" + std::to_string(i) + "]";
        Recording recording = parse_recording(json_array_get_element(array, i), where);
        take_id(ids, recording.id, "recording");
        if (!stems.insert(stem_of(recording.path)).second)
            throw Bad(where + ".path is used twice");
        result.push_back(std::move(recording));
    }
    return result;
}

} // namespace rostrum::session
