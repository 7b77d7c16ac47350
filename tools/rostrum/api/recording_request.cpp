// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/recording_request.h"

#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/session/session_limits.h"

#include <algorithm>
#include <set>

namespace rostrum {
namespace {

constexpr size_t kMaxMetadataBytes = 16 * 1024;
constexpr int64_t kMaxFailureWaitSeconds = 150; // as VideoSDK's
constexpr int64_t kMaxSplitMinutes = 24 * 60, kMinSplitMib = 10, kMaxSplitMib = 1 << 20;

const std::vector<std::string> kTracks = {"audio", "video", "screen_audio", "screen_video"};

std::string quoted_list(const std::vector<std::string> &words) {
    std::string text;
    for (const auto &word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

bool is_one_of(const std::string &word, const std::vector<std::string> &words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string format_of(OutputKind kind, const Json &body) {
    const bool single = kind == OutputKind::ParticipantRecording || kind == OutputKind::TrackRecording;
    const std::string format = body.text("fileFormat", single ? "webm" : "mp4");
    if (format == "mp4" || format == "webm")
        return format;
    if (format == "m3u8")
        throw Refusal{501, "recordings as m3u8 are not supported: fileFormat has to be mp4 or webm; for m3u8 start HLS "
                           "with POST /v2/hls/start"};
    if (format == "mp3")
        throw Refusal{501, "recordings as mp3 are not supported: fileFormat has to be mp4 or webm; for sound alone "
                           "record webm (Opus) or mp4 (AAC)"};
    throw Refusal{400, traits(kind).start_failed, "fileFormat has to be mp4 or webm"};
}

std::string participant_of(OutputKind kind, const Json &body) {
    const std::string id = body.text("participantId");
    if (!is_participant_id(id))
        throw Refusal{400, code::kInvalidParticipantId, "participantId is missing, or not a participant id"};
    return id;
}

std::string track_of(OutputKind kind, const Json &body) {
    const std::string track = body.text("kind");
    if (!is_one_of(track, kTracks))
        throw Refusal{400, traits(kind).start_failed, "kind has to be one of " + quoted_list(kTracks)};
    return track;
}

/// `[{participantId, kind[]}]`; empty means everybody.
Json participants_of(OutputKind kind, const Json &body) {
    const Json given = body.get("participants");
    Json people = Json::array();
    if (given.is_null())
        return people;
    const auto entries = given.items();
    if (!given.is_array() || entries.size() > session::kMaxChosenParticipants)
        throw Refusal{400, traits(kind).start_failed,
                      "participants has to be a list of at most 100 {\"participantId\": \"…\", \"kind\": [\"audio\"]}"};
    std::set<std::string> seen;
    for (const auto &entry : entries) {
        const Json named = entry.has("kind") ? entry.get("kind") : entry.get("kinds");
        const auto strings = named.strings();
        const std::set<std::string> kinds(strings.begin(), strings.end());
        for (const auto &one : kinds)
            if (!is_one_of(one, kTracks))
                throw Refusal{400, traits(kind).start_failed,
                              "participants: kind has to be of " + quoted_list(kTracks)};
        const std::string id = participant_of(kind, entry);
        if (!seen.insert(id).second)
            throw Refusal{400, traits(kind).start_failed, "participants: '" + id + "' is named twice"};
        people.push(Json::object({{"id", id}, {"kinds", std::vector<std::string>(kinds.begin(), kinds.end())}}));
    }
    return people;
}

std::string mode_of(OutputKind kind, const Json &body) {
    const Json mode = body.get("config").has("mode") ? body.get("config").get("mode") : body.get("mode");
    if (mode.is_null() || mode.as_string() == "video-and-audio")
        return "video-and-audio";
    if (mode.as_string() == "audio")
        return "audio";
    throw Refusal{400, traits(kind).start_failed, "config.mode has to be video-and-audio or audio"};
}

int64_t limit_of(OutputKind kind, const Json &split, const char *name, int64_t least, int64_t most) {
    if (!split.has(name))
        return 0;
    const int64_t value = split.get(name).as_integer(-1);
    if (value < least || value > most)
        throw Refusal{400, traits(kind).start_failed,
                      "split." + std::string(name) + " has to be a whole number from " + std::to_string(least) +
                          " to " + std::to_string(most)};
    return value;
}

void read_split(OutputKind kind, const Json &body, Json &request) {
    const Json split = body.get("split");
    if (split.is_null())
        return;
    if (!split.is_object())
        throw Refusal{400, traits(kind).start_failed, "split has to be {\"minutes\": 60, \"mib\": 2000}"};
    request.set("splitMs", limit_of(kind, split, "minutes", 1, kMaxSplitMinutes) * 60'000);
    request.set("splitBytes", limit_of(kind, split, "mib", kMinSplitMib, kMaxSplitMib) << 20);
}

/// How long the room waits for a recording that failed before its session ends, ms; null: it does not mind.
Json close_room_after(OutputKind kind, const Json &body) {
    const Json wanted = body.get("onFailure");
    if (wanted.is_null())
        return Json();
    if (kind != OutputKind::Recording && kind != OutputKind::CompositeRecording)
        throw Refusal{400, traits(kind).start_failed, "onFailure is for recordings of the room"};
    const int64_t seconds = wanted.has("waitTime") ? wanted.get("waitTime").as_integer(-1) : kMaxFailureWaitSeconds;
    if (wanted.text("action") != "close-room" || seconds < 0 || seconds > kMaxFailureWaitSeconds)
        throw Refusal{400, traits(kind).start_failed,
                      "onFailure has to be {\"action\": \"close-room\", \"waitTime\": 0 to 150 s}"};
    return seconds * 1000;
}

} // namespace

RecordingRequest parse_recording(OutputKind kind, const Json &body) {
    RecordingRequest wanted;
    wanted.kind = kind;
    refuse_unsupported(body);
    wanted.webhook_url = webhook_url_of(body);
    if (body.has("config") && !body.get("config").is_null()) {
        if (!body.get("config").is_object())
            throw Refusal{400, traits(kind).start_failed, "config has to be an object"};
        wanted.config = body.get("config");
    }
    wanted.resource_id = body.text("resourceId");
    wanted.close_room_ms = close_room_after(kind, body);
    wanted.metadata = body.get("metadata");
    if (wanted.metadata.dump().size() > kMaxMetadataBytes)
        throw Refusal{400, traits(kind).start_failed, "metadata may have at most 16 KiB"};
    for (const char *name : {"awsDirPath", "bucketDirPath", "dirPath"})
        if (wanted.prefix.empty())
            wanted.prefix = clean_prefix(body.text(name));
    Json &request = wanted.request;
    request.set("format", format_of(kind, body));
    read_split(kind, body, request);
    switch (kind) {
    case OutputKind::TrackRecording:
        request.set("kind", "track").set("participant", participant_of(kind, body)).set("track", track_of(kind, body));
        break;
    case OutputKind::ParticipantRecording:
        request.set("kind", "participant").set("participant", participant_of(kind, body));
        break;
    case OutputKind::CompositeRecording:
        request.set("kind", "composite")
            .set("participants", participants_of(kind, body))
            .set("mode", mode_of(kind, body));
        break;
    default:
        request.set("kind", "room").set("mode", mode_of(kind, body));
    }
    return wanted;
}

} // namespace rostrum
