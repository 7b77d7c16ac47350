// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The "hls" of the document of SetState.

#include "json_reader.h"

namespace rostrum::session {

namespace {

constexpr Choice<bool> kModes[] = {{"video-and-audio", false}, {"audio", true}};

} // namespace

std::vector<Hls> parse_hls(JsonNode *node) {
    std::vector<Hls> result;
    std::set<std::string> ids, directories;
    JsonArray *array = node ? array_of(node, "hls") : nullptr;
    for (guint i = 0; array && i < json_array_get_length(array); ++i) {
        const std::string where = "hls[" + std::to_string(i) + "].";
        JsonObject *object = object_of(json_array_get_element(array, i), where);
        Hls hls;
        hls.id = required_string(object, "id", where);
        take_id(ids, hls.id, "HLS");
        hls.directory = required_string(object, "directory", where, kMaxTextBytes);
        if (!g_path_is_absolute(hls.directory.c_str()) || !directories.insert(hls.directory).second)
            throw Bad(where + "directory must be absolute and its own");
        choose(object, "mode", where, kModes, hls.audio_only);
        hls.dvr_ms = number(object, "dvrMs", where, UINT32_MAX).value_or(0);
        hls.keep = flag(object, "keep", where, true);
        hls.own_composition = parse_own_composition(object, where);
        result.push_back(std::move(hls));
    }
    return result;
}

} // namespace rostrum::session
