// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/recording_files.h"

#include "tools/rostrum/base/glib_handles.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr int kMaxParts = 10000;

/// ID.mp4, ID.part2.mp4, … in either format: a track is written in the one that takes its codec.
std::vector<std::string> names_of_part(const std::string &path, int part) {
    const size_t dot = path.rfind('.');
    const std::string stem = path.substr(0, dot) + (part == 1 ? "" : ".part" + std::to_string(part));
    const std::string wanted = path.substr(dot), other = wanted == ".mp4" ? ".webm" : ".mp4";
    return {stem + wanted, stem + other};
}

std::string directory_of(const std::string &path) {
    return path.substr(0, path.rfind('/') + 1);
}

} // namespace

std::string content_type(const std::string &path) {
    static const std::pair<const char *, const char *> kTypes[] = {
        {".mp4", "video/mp4"}, {".webm", "video/webm"}, {".jpg", "image/jpeg"}, {".vtt", "text/vtt; charset=utf-8"}};
    for (const auto &[extension, type] : kTypes)
        if (path.ends_with(extension))
            return type;
    return "application/octet-stream";
}

Json all_parts(const OutputRecord &recording) {
    Json parts = Json::array();
    std::vector<std::string> known;
    for (const auto &part : recording.details.get("parts").items()) {
        if (part.text("path").empty())
            continue;
        parts.push(part);
        known.push_back(part.text("path"));
    }
    const std::string first = recording.details.text("path");
    for (int number = 1; !first.empty() && number < kMaxParts; ++number) {
        bool found = false;
        for (const auto &path : names_of_part(first, number)) {
            if (!g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR))
                continue;
            found = true;
            if (std::find(known.begin(), known.end(), path) == known.end())
                parts.push(Json::object({{"path", path}}));
        }
        if (!found && number > static_cast<int>(known.size()))
            break;
    }
    return parts;
}

std::vector<RecordedFile> files_of(const OutputRecord &recording) {
    std::vector<RecordedFile> files;
    auto add = [&](const std::string &path) { files.push_back({path, content_type(path)}); };
    const Json parts = recording.end ? recording.details.get("parts") : all_parts(recording);
    for (const auto &part : parts.items()) {
        const std::string path = part.text("path"), directory = directory_of(path);
        add(path);
        const Json thumbnails = part.get("thumbnails");
        for (const std::string &name : {part.text("poster"), thumbnails.text("sprite"), thumbnails.text("vtt")})
            if (!name.empty())
                add(directory + name);
    }
    return files;
}

std::string object_key(const RecordingPlaces &places, const OutputRecord &recording, const std::string &name) {
    return clean_prefix(places.s3.prefix) + recording.details.text("prefix") + recording.room_id + "/" +
           recording.session_id + "/" + name;
}

std::string file_url(const RecordingPlaces &places, const std::string &public_url, const OutputRecord &recording,
                     const std::string &name, int64_t now_ms) {
    if (places.s3.enabled() && recording.details.get("upload").text("state") == "completed")
        return s3_presigned_get(places.s3, object_key(places, recording, name), places.links.lifetime_s(), now_ms);
    return public_url + places.links.sign("/v2/recordings/" + recording.id + "/files/" + name, now_ms / 1000);
}

Json file_details(const RecordingPlaces &places, const std::string &public_url, const OutputRecord &recording,
                  int64_t now_ms) {
    Json details = Json::array();
    for (const auto &part : all_parts(recording).items()) {
        const std::string path = part.text("path");
        details.push(Json::object(
            {{"filePath", path},
             {"fileUrl", file_url(places, public_url, recording, path.substr(path.rfind('/') + 1), now_ms)}}));
    }
    return details;
}

Json recording_facts(const OutputRecord &recording) {
    Json facts = Json::object({{"id", recording.id}});
    const Json request = recording.details.get("request");
    if (request.has("participant")) {
        facts.set("participantId", request.get("participant"));
        if (request.has("track"))
            facts.set("kind", request.get("track"));
        else
            facts.set("fileFormat", request.get("format"));
    }
    return facts;
}

} // namespace rostrum
