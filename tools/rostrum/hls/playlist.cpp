// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "playlist.h"

#include "grid.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace rostrum::hls {

namespace {

constexpr uint64_t kLiveSegments = 6;        // 12 s; three target durations is the least
constexpr uint64_t kSegmentsWithParts = 3;   // of the newest, as long as RFC 8216bis section 6.2.2 asks for
constexpr int64_t kSkipUntilUs = 12'000'000; // six target durations, section 4.4.3.8
constexpr const char *kServerControl =       // a player stays a second behind the end: three parts
    "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.00002,HOLD-BACK=6.0";
constexpr const char *kPartInf = "#EXT-X-PART-INF:PART-TARGET=0.33334\n";

std::string seconds(uint32_t us) {
    char text[24];
    std::snprintf(text, sizeof text, "%u.%05u", us / 1'000'000, us % 1'000'000 / 10);
    return text;
}

std::string date(int64_t ms) {
    const std::time_t whole = static_cast<std::time_t>(ms / 1000);
    std::tm broken{};
    gmtime_r(&whole, &broken);
    char text[40];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.", &broken);
    const std::string fraction = std::to_string(1000 + ms % 1000).substr(1);
    return "#EXT-X-PROGRAM-DATE-TIME:" + std::string(text) + fraction + "Z\n";
}

uint64_t first_listed(const Timeline &timeline, const RenditionEntry &rendition, const PlaylistOptions &options) {
    const uint64_t complete = rendition.complete();
    uint64_t first = timeline.kept_from;
    uint64_t window = UINT64_MAX;
    if (options.view == View::Live)
        window = kLiveSegments;
    else if (options.view == View::Dvr && options.dvr_ms > 0)
        window = std::max<uint64_t>(options.dvr_ms / 1000 / kTargetDurationS, kLiveSegments);
    if (complete > window)
        first = std::max(first, complete - window);
    return std::min(first, complete);
}

/// How many of the segments from `first` on end before the skip boundary.
uint64_t skippable(const RenditionEntry &rendition, uint64_t first) {
    int64_t after = 0;
    uint64_t keep = rendition.segments.size();
    while (keep > first && after < kSkipUntilUs)
        after += rendition.segments[--keep].duration_us;
    return keep - first;
}

class Writer {
  public:
    Writer(const Timeline &timeline, const RenditionEntry &rendition, const PlaylistOptions &options)
        : timeline_(timeline), rendition_(rendition), options_(options),
          first_(first_listed(timeline, rendition, options)) {}

    std::string write() {
        head();
        uint64_t at = first_;
        if (const uint64_t skipped = options_.skip && !timeline_.ended ? skippable(rendition_, first_) : 0) {
            out_ += "#EXT-X-SKIP:SKIPPED-SEGMENTS=" + std::to_string(skipped) + "\n";
            at += skipped;
        }
        for (; at < rendition_.segments.size(); ++at)
            segment(at);
        if (timeline_.ended)
            out_ += "#EXT-X-ENDLIST\n";
        else
            tail();
        return std::move(out_);
    }

  private:
    void head() {
        out_ = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:" + std::to_string(kTargetDurationS) + "\n";
        if (options_.view == View::Vod)
            out_ += "#EXT-X-PLAYLIST-TYPE:VOD\n";
        else
            out_ += std::string(kServerControl) + (options_.view == View::Dvr ? ",CAN-SKIP-UNTIL=12.0" : "") + "\n" +
                    kPartInf;
        out_ += "#EXT-X-MEDIA-SEQUENCE:" + std::to_string(first_) + "\n";
        // Of the first segment that is listed, without its own.
        const SegmentEntry *begin = first_ < rendition_.segments.size() ? &rendition_.segments[first_] : nullptr;
        if (const unsigned passed = begin ? begin->discontinuities - begin->discontinuity : 0)
            out_ += "#EXT-X-DISCONTINUITY-SEQUENCE:" + std::to_string(passed) + "\n";
        out_ += "#EXT-X-INDEPENDENT-SEGMENTS\n";
    }

    void segment(uint64_t sequence) {
        const SegmentEntry &entry = rendition_.segments[sequence];
        const bool parts =
            !timeline_.ended && options_.view != View::Vod && sequence + kSegmentsWithParts >= rendition_.complete();
        if (!entry.complete && (!parts || entry.parts.empty()))
            return;
        if (entry.discontinuity)
            out_ += "#EXT-X-DISCONTINUITY\n";
        if (map_ != static_cast<int64_t>(entry.generation))
            out_ += "#EXT-X-MAP:URI=\"" + init_name(entry.generation) + "\"\n";
        if (map_ < 0 || entry.discontinuity)
            out_ += date(entry.start_ms);
        map_ = entry.generation;
        for (size_t i = 0; parts && i < entry.parts.size(); ++i)
            part(sequence, i, entry.parts[i]);
        if (!entry.complete)
            return;
        if (entry.gap())
            out_ += "#EXT-X-GAP\n";
        out_ += "#EXTINF:" + seconds(entry.duration_us) + ",\n" + segment_name(sequence) + "\n";
    }

    void part(uint64_t sequence, size_t index, const PartEntry &entry) {
        out_ += "#EXT-X-PART:DURATION=" + seconds(entry.duration_us) + ",URI=\"" + part_name(sequence, index) + "\"";
        if (entry.bytes == 0)
            out_ += ",GAP=YES";
        else if (entry.independent)
            out_ += ",INDEPENDENT=YES";
        out_ += "\n";
    }

    void tail() {
        const uint64_t complete = rendition_.complete();
        const bool open = complete < rendition_.segments.size();
        const size_t part = open ? rendition_.segments.back().parts.size() : 0;
        const bool next = part >= kPartsPerSegment; // the open segment has all its parts
        out_ += "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"" + part_name(complete + next, next ? 0 : part) + "\"\n";
        for (const auto &other : timeline_.renditions)
            if (&other != &rendition_)
                report(other);
    }

    void report(const RenditionEntry &other) {
        if (other.segments.empty())
            return;
        const bool open_parts = !other.segments.back().complete && !other.segments.back().parts.empty();
        const uint64_t last =
            open_parts || other.segments.back().complete ? other.segments.size() - 1 : other.segments.size() - 2;
        if (last >= other.segments.size() || other.segments[last].parts.empty())
            return;
        out_ += "#EXT-X-RENDITION-REPORT:URI=\"../" + other.name + "/" + file_of(options_.view) +
                "\",LAST-MSN=" + std::to_string(last) +
                ",LAST-PART=" + std::to_string(other.segments[last].parts.size() - 1) + "\n";
    }

    const Timeline &timeline_;
    const RenditionEntry &rendition_;
    const PlaylistOptions options_;
    const uint64_t first_;
    std::string out_;
    int64_t map_ = -1; // the generation that is in force
};

} // namespace

const char *file_of(View view) {
    switch (view) {
    case View::Live:
        return "live.m3u8";
    case View::Vod:
        return "vod.m3u8";
    case View::Dvr:
        break;
    }
    return "index.m3u8";
}

std::string init_name(unsigned generation) {
    return "init" + std::to_string(generation) + ".mp4";
}

std::string segment_name(uint64_t sequence) {
    return "s" + std::to_string(sequence) + ".m4s";
}

std::string part_name(uint64_t sequence, size_t part) {
    return "s" + std::to_string(sequence) + "." + std::to_string(part) + ".m4s";
}

std::string multivariant_playlist(const Timeline &timeline, View view) {
    std::string out = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-INDEPENDENT-SEGMENTS\n";
    for (const auto &rendition : timeline.renditions) {
        if (rendition.maps.empty())
            continue;
        const MapEntry &map = rendition.maps.back();
        out += "#EXT-X-STREAM-INF:BANDWIDTH=" + std::to_string(rendition.peak_bps) +
               ",AVERAGE-BANDWIDTH=" + std::to_string(rendition.average_bps) + ",CODECS=\"" + map.codecs + "\"";
        if (map.width > 0)
            out += ",RESOLUTION=" + std::to_string(map.width) + "x" + std::to_string(map.height) + ",FRAME-RATE=30.000";
        out += "\n" + rendition.name + "/" + file_of(view) + "\n";
    }
    return out;
}

std::string media_playlist(const Timeline &timeline, const RenditionEntry &rendition, const PlaylistOptions &options) {
    return Writer(timeline, rendition, options).write();
}

} // namespace rostrum::hls
