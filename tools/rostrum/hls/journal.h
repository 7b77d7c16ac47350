// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What there is of an HLS stream: renditions, segments, parts. It is kept as a journal, a text file that only grows:
// one line for each thing that has been written, so that whoever reads it, after a crash too, finds what can be played.
// Reentrant.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace rostrum::hls {

struct PartEntry {
    uint32_t bytes = 0; // 0 = nothing came in its time
    uint32_t duration_us = 0;
    bool independent = false;
};

struct SegmentEntry {
    int64_t start_ms = 0;                // since 1970
    uint32_t duration_us = 0, bytes = 0; // so far
    unsigned generation = 0;
    unsigned discontinuities = 0; // of the stream up to its begin
    bool discontinuity = false;   // at its begin
    bool complete = false;
    std::vector<PartEntry> parts; // of the newest segments only

    bool gap() const { return complete && bytes == 0; }
};

/// How the samples are coded: an initialization segment.
struct MapEntry {
    unsigned width = 0, height = 0;
    std::string codecs;
};

struct RenditionEntry {
    std::string name;
    unsigned peak_bps = 0, average_bps = 0;
    std::vector<MapEntry> maps;        // by generation
    std::deque<SegmentEntry> segments; // by sequence number; only the last one may be incomplete

    /// How many segments are complete, in sequence numbers.
    uint64_t complete() const;
};

class Timeline {
  public:
    static constexpr size_t kMaxLine = 512;

    std::vector<RenditionEntry> renditions;
    uint64_t kept_from = 0; // segments before it have been deleted
    bool ended = false;

    /// Takes one line of the journal, without its end. False when it is none; then nothing has changed.
    bool apply(std::string_view line);

    /// The segments that every rendition has.
    uint64_t complete() const;
    const RenditionEntry *find(std::string_view name) const;

  private:
    struct Words;
    bool add_rendition(Words &words);
    bool add_map(Words &words);
    bool begin_segment(Words &words);
    bool add_part(Words &words);
    bool end_segment(Words &words);
    bool remove(Words &words);
    RenditionEntry *open_rendition(uint64_t rendition, uint64_t sequence);
};

/// The lines of a journal, without their ends.
std::string rendition_line(const std::string &name, unsigned peak_bps, unsigned average_bps);
std::string map_line(size_t rendition, const MapEntry &map);
std::string segment_line(size_t rendition, uint64_t sequence, int64_t start_ms, unsigned generation,
                         bool discontinuity);
std::string part_line(size_t rendition, uint64_t sequence, const PartEntry &part);
std::string complete_line(size_t rendition, uint64_t sequence);
std::string removed_line(uint64_t kept_from);
std::string end_line();

/// Cuts what a file grew by into lines; an incomplete one waits for its rest.
class LineReader {
  public:
    /// False when a line is not one of a journal.
    bool feed(std::string_view bytes, Timeline &timeline);

  private:
    std::string rest_;
};

} // namespace rostrum::hls
