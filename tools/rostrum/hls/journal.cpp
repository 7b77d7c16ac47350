// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "journal.h"

#include <algorithm>
#include <charconv>

namespace rostrum::hls {

namespace {

constexpr size_t kMaxRenditions = 8, kMaxMaps = 10000, kMaxParts = 64;
constexpr size_t kMaxSegments = 1'000'000; // more than three weeks
constexpr size_t kMaxNameBytes = 32;
constexpr size_t kSegmentsWithParts = 4; // a player may still ask for those, RFC 8216bis section 6.2.2
constexpr uint64_t kMaxNumber = 1ULL << 53;

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxNameBytes &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == text.npos;
}

bool is_codecs(std::string_view text) {
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.,") == text.npos;
}

std::string join(std::initializer_list<std::string> words) {
    std::string line;
    for (const auto &word : words)
        line += (line.empty() ? "" : " ") + word;
    return line;
}

template <class Number> std::string text_of(Number number) {
    return std::to_string(number);
}

} // namespace

/// Words of a line, one after the other; a bad one makes all of it bad.
struct Timeline::Words {
    std::string_view rest;
    bool good = true;

    std::string_view word() {
        const size_t space = std::min(rest.find(' '), rest.size());
        const std::string_view found = rest.substr(0, space);
        good = good && !found.empty() && space + 1 != rest.size(); // no space at the end
        rest.remove_prefix(std::min(space + 1, rest.size()));
        return found;
    }
    uint64_t number(uint64_t max = kMaxNumber) {
        const std::string_view text = word();
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        good = good && error == std::errc() && end == text.data() + text.size() && value <= max;
        return good ? value : 0;
    }
    unsigned small() { return static_cast<unsigned>(number(UINT32_MAX)); }
    bool flag() { return number(1) == 1; }
    bool done() const { return good && rest.empty(); }
};

uint64_t RenditionEntry::complete() const {
    return segments.size() - (!segments.empty() && !segments.back().complete);
}

uint64_t Timeline::complete() const {
    uint64_t least = renditions.empty() ? 0 : UINT64_MAX;
    for (const auto &rendition : renditions)
        least = std::min(least, rendition.complete());
    return least;
}

const RenditionEntry *Timeline::find(std::string_view name) const {
    for (const auto &rendition : renditions)
        if (rendition.name == name)
            return &rendition;
    return nullptr;
}

bool Timeline::apply(std::string_view line) {
    Words words{line.substr(0, kMaxLine)};
    const std::string_view kind = words.word();
    if (line.size() > kMaxLine || ended)
        return false;
    if (kind == "rendition")
        return add_rendition(words);
    if (kind == "map")
        return add_map(words);
    if (kind == "segment")
        return begin_segment(words);
    if (kind == "part")
        return add_part(words);
    if (kind == "complete")
        return end_segment(words);
    if (kind == "removed")
        return remove(words);
    if (kind != "end" || !words.done())
        return false;
    ended = true;
    return true;
}

bool Timeline::add_rendition(Words &words) {
    RenditionEntry entry;
    entry.name = words.word();
    entry.peak_bps = words.small();
    entry.average_bps = words.small();
    if (!words.done() || !is_name(entry.name) || find(entry.name) || renditions.size() >= kMaxRenditions)
        return false;
    renditions.push_back(std::move(entry));
    return true;
}

bool Timeline::add_map(Words &words) {
    const uint64_t index = words.number();
    MapEntry map;
    map.width = words.small();
    map.height = words.small();
    map.codecs = words.word();
    if (!words.done() || index >= renditions.size() || !is_codecs(map.codecs) ||
        renditions[index].maps.size() >= kMaxMaps)
        return false;
    renditions[index].maps.push_back(std::move(map));
    return true;
}

bool Timeline::begin_segment(Words &words) {
    const uint64_t index = words.number(), sequence = words.number();
    SegmentEntry segment;
    segment.start_ms = static_cast<int64_t>(words.number());
    segment.generation = words.small();
    segment.discontinuity = words.flag();
    if (!words.done() || index >= renditions.size())
        return false;
    RenditionEntry &rendition = renditions[index];
    if (sequence != rendition.segments.size() || rendition.complete() != sequence || sequence >= kMaxSegments ||
        segment.generation >= rendition.maps.size())
        return false;
    segment.discontinuities =
        (sequence == 0 ? 0 : rendition.segments.back().discontinuities) + (segment.discontinuity ? 1 : 0);
    rendition.segments.push_back(std::move(segment));
    return true;
}

RenditionEntry *Timeline::open_rendition(uint64_t index, uint64_t sequence) {
    if (index >= renditions.size())
        return nullptr;
    RenditionEntry &rendition = renditions[index];
    const bool open = !rendition.segments.empty() && !rendition.segments.back().complete;
    return open && sequence + 1 == rendition.segments.size() ? &rendition : nullptr;
}

bool Timeline::add_part(Words &words) {
    const uint64_t index = words.number(), sequence = words.number();
    PartEntry part;
    part.bytes = words.small();
    part.duration_us = words.small();
    part.independent = words.flag();
    RenditionEntry *rendition = words.done() ? open_rendition(index, sequence) : nullptr;
    if (!rendition)
        return false;
    SegmentEntry &segment = rendition->segments.back();
    if (segment.parts.size() >= kMaxParts || segment.bytes > UINT32_MAX - part.bytes ||
        segment.duration_us > UINT32_MAX - part.duration_us)
        return false;
    segment.bytes += part.bytes;
    segment.duration_us += part.duration_us;
    segment.parts.push_back(part);
    return true;
}

bool Timeline::end_segment(Words &words) {
    const uint64_t index = words.number(), sequence = words.number();
    RenditionEntry *rendition = words.done() ? open_rendition(index, sequence) : nullptr;
    if (!rendition)
        return false;
    rendition->segments.back().complete = true;
    if (sequence >= kSegmentsWithParts)
        rendition->segments[sequence - kSegmentsWithParts].parts = {};
    return true;
}

bool Timeline::remove(Words &words) {
    const uint64_t from = words.number();
    if (!words.done() || from < kept_from || from > complete())
        return false;
    kept_from = from;
    return true;
}

std::string rendition_line(const std::string &name, unsigned peak_bps, unsigned average_bps) {
    return join({"rendition", name, text_of(peak_bps), text_of(average_bps)});
}

std::string map_line(size_t rendition, const MapEntry &map) {
    return join({"map", text_of(rendition), text_of(map.width), text_of(map.height), map.codecs});
}

std::string segment_line(size_t rendition, uint64_t sequence, int64_t start_ms, unsigned generation,
                         bool discontinuity) {
    return join({"segment", text_of(rendition), text_of(sequence), text_of(start_ms), text_of(generation),
                 discontinuity ? "1" : "0"});
}

std::string part_line(size_t rendition, uint64_t sequence, const PartEntry &part) {
    return join({"part", text_of(rendition), text_of(sequence), text_of(part.bytes), text_of(part.duration_us),
                 part.independent ? "1" : "0"});
}

std::string complete_line(size_t rendition, uint64_t sequence) {
    return join({"complete", text_of(rendition), text_of(sequence)});
}

std::string removed_line(uint64_t kept_from) {
    return join({"removed", text_of(kept_from)});
}

std::string end_line() {
    return "end";
}

bool LineReader::feed(std::string_view bytes, Timeline &timeline) {
    bool good = true;
    for (size_t end; (end = bytes.find('\n')) != bytes.npos; bytes.remove_prefix(end + 1)) {
        rest_ += bytes.substr(0, end);
        good = timeline.apply(rest_) && good;
        rest_.clear();
    }
    rest_ += bytes.substr(0, Timeline::kMaxLine + 1);
    return good && rest_.size() <= Timeline::kMaxLine;
}

} // namespace rostrum::hls
