// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Reads playlists as strictly as RFC 8216bis allows: every MUST of section 4 that a live stream can break is an error.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace test {

using Attributes = std::map<std::string, std::string>; // values without their quotes

struct StrictPart {
    double duration = 0;
    std::string uri;
    bool independent = false, gap = false;
};

struct StrictSegment {
    double duration = 0;
    std::string uri; // "" = only its parts are there
    std::string map, date;
    bool discontinuity = false, gap = false;
    std::vector<StrictPart> parts;
};

struct StrictPlaylist {
    std::vector<std::string> errors; // with the line

    bool multivariant = false, ended = false, vod = false, low_latency = false;
    unsigned version = 1;
    unsigned target_duration = 0;
    uint64_t media_sequence = 0, discontinuity_sequence = 0, skipped = 0;
    double part_target = 0;
    Attributes server_control, preload_hint;
    std::vector<Attributes> reports;
    std::vector<StrictSegment> segments; // the last may have parts only

    struct Variant {
        Attributes attributes;
        std::string uri;
    };
    std::vector<Variant> variants;

    uint64_t end_sequence() const; // after the last whole segment
};

StrictPlaylist read_playlist(std::string_view text);

/// What section 6.2.1 forbids between two versions of one playlist.
std::vector<std::string> update_errors(const StrictPlaylist &before, const StrictPlaylist &after);

} // namespace test
