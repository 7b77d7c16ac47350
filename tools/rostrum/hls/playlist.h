// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The playlists of a stream, as functions of its timeline (RFC 8216bis section 4). Pure. Reentrant.

#pragma once

#include "journal.h"

namespace rostrum::hls {

/// Live: the newest segments only. Dvr: as far back as the stream lets a viewer go. Vod: everything that was kept, of a
/// stream that has ended.
enum class View { Live, Dvr, Vod };

/// The name of the playlists of a view: "live.m3u8".
const char *file_of(View view);

struct PlaylistOptions {
    View view = View::Dvr;
    uint32_t dvr_ms = 0; // how far back; 0 = to the begin
    bool skip = false;   // the player knows what came before (_HLS_skip=YES)
};

inline constexpr unsigned kTargetDurationS = 2;

std::string multivariant_playlist(const Timeline &timeline, View view);
std::string media_playlist(const Timeline &timeline, const RenditionEntry &rendition, const PlaylistOptions &options);

/// The names of the files that playlists refer to.
std::string init_name(unsigned generation);
std::string segment_name(uint64_t sequence);
std::string part_name(uint64_t sequence, size_t part);

} // namespace rostrum::hls
