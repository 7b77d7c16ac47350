// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/media_info.h"

namespace rostrum::job {

/// A point that a player can seek to, in ticks of the segment.
struct CuePoint {
    uint64_t time, track, cluster;
};

struct WebmCluster {
    uint64_t time;
    std::vector<FileRange> parts; ///< its elements, whole; those that say where it lies are left out
    uint64_t bytes = 0;           ///< of the parts
};

struct Webm {
    std::string header; ///< EBML header, whole
    std::string info;   ///< children of Info but Duration
    std::string tracks; ///< Tracks, whole
    uint64_t tick_ns = 1'000'000;
    uint64_t duration = 0; ///< ticks
    std::vector<WebmCluster> clusters;
    std::vector<CuePoint> cues;
    bool has_index = false; ///< cues and a duration are there already
    MediaInfo media;
};

/// Reads a WebM or Matroska file, finished or cut off: what is there whole. Untrusted bytes; throws JobError.
Webm read_webm(const InputFile &file);
/// Writes it with duration, cues in front and sizes for its clusters; every block stays byte for byte.
void write_webm(const Webm &webm, const InputFile &from, ReplacedFile &to);

} // namespace rostrum::job
