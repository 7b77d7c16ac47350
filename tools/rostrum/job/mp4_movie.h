// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/media_info.h"

namespace rostrum::job {

/// Times in units of the track's timescale.
struct Sample {
    uint64_t offset; ///< in the file it was read from
    int64_t decode_time;
    uint32_t size;
    int32_t composition_offset;
    uint32_t duration; ///< as it was written; the next sample's decode_time says more
    bool sync;
};

struct Track {
    uint32_t id = 0, timescale = 0, handler = 0;
    uint16_t language = 0;
    std::string header;                                                    ///< payload of tkhd
    std::string handler_box, media_header, data_info, samples_description; ///< whole boxes: hdlr, vmhd/smhd, dinf, stsd
    uint64_t empty_before = 0;   ///< of the edit list, in units of the movie's timescale
    int64_t media_start = 0;     ///< of the edit list: the first composition time that is shown
    std::vector<Sample> samples; ///< in decoding order
};

struct Movie {
    uint32_t timescale = 0;
    std::vector<Track> tracks;
    bool fragmented = false;
    bool index_in_front = false; ///< moov before mdat
};

/// Reads an MP4 file, fragmented or not, cut off or not: what is there whole. Untrusted bytes; throws JobError, never
/// takes memory beyond what the file's own size allows.
Movie read_movie(const InputFile &file);
/// Writes it with the index in front and without fragments: the samples' bytes and times stay exactly as they are.
void write_movie(const Movie &movie, const InputFile &from, ReplacedFile &to);
MediaInfo describe_movie(const Movie &movie);

} // namespace rostrum::job
