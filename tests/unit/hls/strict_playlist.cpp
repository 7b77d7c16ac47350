// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "strict_playlist.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

namespace test {

namespace {

constexpr double kRounding = 0.00002; // of five digits after the point

bool starts(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

class Reader {
  public:
    StrictPlaylist read(std::string_view text) {
        if (!starts(text, "#EXTM3U\n") && !starts(text, "#EXTM3U\r\n"))
            fail("does not begin with #EXTM3U");
        if (!text.empty() && text.back() != '\n')
            fail("the last line has no end");
        while (!text.empty() && out_.errors.size() < 20) {
            const size_t end = std::min(text.find('\n'), text.size());
            line_ = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (!line_.empty() && line_.back() == '\r')
                line_.remove_suffix(1);
            line();
        }
        line_ = "(end)";
        check_whole();
        return std::move(out_);
    }

  private:
    void fail(const std::string &what) { out_.errors.push_back(what + ": " + std::string(line_.substr(0, 120))); }
    void demand(bool good, const char *what) {
        if (!good)
            fail(what);
    }

    void line() {
        for (const char c : line_)
            demand(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "a control character");
        if (line_.empty())
            return;
        if (line_[0] != '#')
            return uri(line_);
        if (!starts(line_, "#EXT"))
            return;
        const size_t colon = line_.find(':');
        const std::string name(line_.substr(0, colon));
        const std::string_view value = colon == line_.npos ? std::string_view() : line_.substr(colon + 1);
        tag(name, value);
    }

    void once(const std::string &name) { demand(seen_.insert(name).second, "appears twice"); }

    void tag(const std::string &name, std::string_view value) {
        static const std::map<std::string, void (Reader::*)(std::string_view)> kTags = {
            {"#EXT-X-VERSION", &Reader::version},
            {"#EXT-X-TARGETDURATION", &Reader::target_duration},
            {"#EXT-X-MEDIA-SEQUENCE", &Reader::media_sequence},
            {"#EXT-X-DISCONTINUITY-SEQUENCE", &Reader::discontinuity_sequence},
            {"#EXT-X-PLAYLIST-TYPE", &Reader::playlist_type},
            {"#EXT-X-SERVER-CONTROL", &Reader::server_control},
            {"#EXT-X-PART-INF", &Reader::part_inf},
            {"#EXT-X-SKIP", &Reader::skip},
            {"#EXT-X-MAP", &Reader::map},
            {"#EXT-X-PART", &Reader::part},
            {"#EXT-X-PRELOAD-HINT", &Reader::preload_hint},
            {"#EXT-X-RENDITION-REPORT", &Reader::report},
            {"#EXT-X-STREAM-INF", &Reader::stream_inf},
            {"#EXTINF", &Reader::extinf},
            {"#EXT-X-PROGRAM-DATE-TIME", &Reader::program_date},
        };
        if (name == "#EXTM3U" || name == "#EXT-X-INDEPENDENT-SEGMENTS" || name == "#EXT-X-ENDLIST") {
            once(name);
            out_.ended = out_.ended || name == "#EXT-X-ENDLIST";
        } else if (name == "#EXT-X-DISCONTINUITY") {
            next_.discontinuity = true;
        } else if (name == "#EXT-X-GAP") {
            next_.gap = true;
        } else if (const auto known = kTags.find(name); known != kTags.end()) {
            (this->*known->second)(value);
        } else {
            fail("an unknown tag");
        }
    }

    uint64_t number(std::string_view text) {
        uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        demand(error == std::errc() && end == text.data() + text.size() && !text.empty(), "not a decimal-integer");
        return value;
    }

    double decimal(std::string_view text) {
        demand(!text.empty() && text.find_first_not_of("0123456789.") == text.npos, "not a decimal-floating-point");
        return std::strtod(std::string(text).c_str(), nullptr);
    }

    /// Section 4.2.
    Attributes attributes(std::string_view text) {
        Attributes found;
        while (!text.empty()) {
            const size_t equals = text.find('=');
            const std::string name(text.substr(0, equals));
            demand(equals != text.npos && equals > 0 &&
                       name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == name.npos,
                   "a bad attribute name");
            if (equals == text.npos)
                return found;
            text.remove_prefix(equals + 1);
            const bool quoted = !text.empty() && text[0] == '"';
            const size_t closing = quoted ? text.find('"', 1) : text.npos;
            demand(!quoted || closing != text.npos, "a quote that does not end");
            const size_t end = quoted && closing != text.npos ? closing + 1 : std::min(text.find(','), text.size());
            std::string_view value = text.substr(0, end);
            text.remove_prefix(end);
            if (quoted && value.size() >= 2)
                value = value.substr(1, value.size() - 2);
            demand(found.emplace(name, value).second, "an attribute twice");
            demand(quoted || (!value.empty() && value.find_first_of("\" \t") == value.npos), "a bad attribute value");
            demand(text.empty() || (text[0] == ',' && text.size() > 1), "no comma between attributes");
            text.remove_prefix(std::min<size_t>(1, text.size()));
        }
        demand(!found.empty(), "no attributes");
        return found;
    }

    std::string required(const Attributes &from, const char *name) {
        const auto found = from.find(name);
        demand(found != from.end() && !found->second.empty(), "a required attribute is missing");
        return found == from.end() ? "" : found->second;
    }

    bool yes(const Attributes &from, const char *name) {
        const auto found = from.find(name);
        demand(found == from.end() || found->second == "YES", "an enumerated value other than YES");
        return found != from.end();
    }

    void version(std::string_view value) {
        once("version");
        out_.version = static_cast<unsigned>(number(value));
    }
    void target_duration(std::string_view value) {
        media("target");
        out_.target_duration = static_cast<unsigned>(number(value));
    }
    void media_sequence(std::string_view value) {
        media("sequence");
        demand(out_.segments.empty() && next_.parts.empty() && !seen_.count("discontinuity-sequence"),
               "after the first segment");
        out_.media_sequence = number(value);
    }
    void discontinuity_sequence(std::string_view value) {
        media("discontinuity-sequence");
        demand(out_.segments.empty() && next_.parts.empty() && !next_.discontinuity, "after the first segment");
        out_.discontinuity_sequence = number(value);
    }
    void playlist_type(std::string_view value) {
        media("type");
        demand(value == "VOD" || value == "EVENT", "not a playlist type");
        out_.vod = value == "VOD";
    }
    void server_control(std::string_view value) {
        media("control");
        out_.server_control = attributes(value);
    }
    void part_inf(std::string_view value) {
        media("part-inf");
        out_.low_latency = true;
        out_.part_target = decimal(required(attributes(value), "PART-TARGET"));
    }
    void skip(std::string_view value) {
        media("skip");
        demand(out_.segments.empty(), "after a segment");
        out_.skipped = number(required(attributes(value), "SKIPPED-SEGMENTS"));
    }
    void map(std::string_view value) {
        media("");
        map_ = required(attributes(value), "URI");
    }
    void program_date(std::string_view value) {
        media("");
        demand(value.size() == 24 && value[10] == 'T' && value.back() == 'Z', "not ISO 8601 with milliseconds");
        next_.date = value;
    }
    void part(std::string_view value) {
        media("");
        const Attributes given = attributes(value);
        StrictPart found;
        found.duration = decimal(required(given, "DURATION"));
        found.uri = required(given, "URI");
        found.independent = yes(given, "INDEPENDENT");
        found.gap = yes(given, "GAP");
        demand(found.duration <= out_.part_target + kRounding, "longer than the part target");
        demand(uris_.insert(found.uri).second, "a part twice");
        // Only the last part of a segment may be shorter than 85 % of the target.
        demand(next_.parts.empty() || next_.parts.back().gap || next_.parts.back().duration >= 0.85 * out_.part_target,
               "follows a part that is too short");
        demand(!map_.empty(), "no EXT-X-MAP before it");
        next_.parts.push_back(found);
    }
    void extinf(std::string_view value) {
        media("");
        const size_t comma = value.find(',');
        demand(comma != value.npos, "no comma");
        demand(!has_duration_, "EXTINF twice");
        next_.duration = decimal(value.substr(0, comma));
        has_duration_ = true;
        demand(std::llround(next_.duration) <= static_cast<long long>(out_.target_duration),
               "longer than the target duration");
    }
    void preload_hint(std::string_view value) {
        media("hint");
        out_.preload_hint = attributes(value);
        demand(required(out_.preload_hint, "TYPE") == "PART", "a hint of another type than PART");
        demand(!uris_.count(required(out_.preload_hint, "URI")), "hints at a part that is there");
    }
    void report(std::string_view value) {
        media("");
        const Attributes given = attributes(value);
        demand(required(given, "URI").find("://") == std::string::npos, "not relative");
        number(required(given, "LAST-MSN"));
        number(required(given, "LAST-PART"));
        out_.reports.push_back(given);
    }
    void stream_inf(std::string_view value) {
        out_.multivariant = true;
        variant_ = attributes(value);
        const uint64_t peak = number(required(variant_, "BANDWIDTH"));
        if (variant_.count("AVERAGE-BANDWIDTH"))
            demand(number(variant_["AVERAGE-BANDWIDTH"]) <= peak, "the average is above the peak");
        required(variant_, "CODECS");
    }

    void media(const char *once_name) {
        media_ = true;
        if (*once_name)
            once(once_name);
    }

    void uri(std::string_view text) {
        if (!variant_.empty()) {
            out_.variants.push_back({std::exchange(variant_, {}), std::string(text)});
            return;
        }
        demand(std::exchange(has_duration_, false), "no EXTINF before it");
        demand(!map_.empty(), "no EXT-X-MAP before it");
        demand(uris_.insert(std::string(text)).second, "a segment twice");
        next_.uri = text;
        next_.map = map_;
        if (!next_.parts.empty()) {
            double sum = 0;
            for (const auto &each : next_.parts)
                sum += each.duration;
            demand(std::fabs(sum - next_.duration) < 0.001, "its parts are not as long as it is");
        }
        out_.segments.push_back(std::exchange(next_, {}));
    }

    void check_whole() {
        demand(!(out_.multivariant && media_), "tags of both kinds of playlists");
        demand(!has_duration_ && variant_.empty(), "no URI at the end");
        if (!media_)
            return demand(!out_.variants.empty(), "a multivariant playlist without variants");
        if (!next_.parts.empty())
            out_.segments.push_back(next_);
        demand(seen_.count("target"), "no EXT-X-TARGETDURATION");
        demand(out_.version >= (out_.skipped ? 9u : 6u), "a version that does not know its tags");
        demand(!out_.vod || out_.ended, "VOD without an end");
        check_low_latency();
    }

    void check_low_latency() {
        Attributes &control = out_.server_control;
        const double target = out_.target_duration;
        const auto at_least = [&](const char *name, double least) {
            if (control.count(name))
                demand(decimal(control[name]) >= least, name);
        };
        at_least("HOLD-BACK", 3 * target);
        at_least("PART-HOLD-BACK", 3 * out_.part_target - kRounding); // MUST twice, SHOULD three times
        at_least("CAN-SKIP-UNTIL", 6 * target);
        demand(!out_.skipped || control.count("CAN-SKIP-UNTIL"), "skips without CAN-SKIP-UNTIL");
        demand(!out_.skipped || !out_.ended, "skips at the end");
        bool parts = false;
        for (const auto &segment : out_.segments)
            parts = parts || !segment.parts.empty();
        demand(!parts || out_.low_latency, "parts without EXT-X-PART-INF");
        demand(!out_.low_latency || control.count("PART-HOLD-BACK"), "EXT-X-PART-INF without PART-HOLD-BACK");
        demand(out_.ended || !control.count("CAN-BLOCK-RELOAD") || !out_.low_latency || seen_.count("hint"),
               "no EXT-X-PRELOAD-HINT");
        demand(!out_.ended || !seen_.count("hint"), "a hint after the end");
    }

    StrictPlaylist out_;
    std::string_view line_;
    std::set<std::string> seen_, uris_;
    std::string map_;
    StrictSegment next_;
    Attributes variant_;
    bool has_duration_ = false, media_ = false;
};

} // namespace

uint64_t StrictPlaylist::end_sequence() const {
    const bool open = !segments.empty() && segments.back().uri.empty();
    return media_sequence + skipped + segments.size() - open;
}

StrictPlaylist read_playlist(std::string_view text) {
    return Reader().read(text);
}

std::vector<std::string> update_errors(const StrictPlaylist &before, const StrictPlaylist &after) {
    std::vector<std::string> errors;
    const auto demand = [&](bool good, const std::string &what) {
        if (!good)
            errors.push_back(what);
    };
    demand(after.media_sequence >= before.media_sequence, "EXT-X-MEDIA-SEQUENCE went back");
    demand(after.discontinuity_sequence >= before.discontinuity_sequence, "EXT-X-DISCONTINUITY-SEQUENCE went back");
    demand(after.end_sequence() >= before.end_sequence(), "segments at the end are gone");
    demand(after.target_duration == before.target_duration, "EXT-X-TARGETDURATION changed");
    demand(after.server_control == before.server_control, "EXT-X-SERVER-CONTROL changed");
    demand(after.part_target == before.part_target, "PART-TARGET changed");
    demand(!before.ended || after.ended, "EXT-X-ENDLIST is gone");
    const uint64_t first_before = before.media_sequence + before.skipped;
    const uint64_t first_after = after.media_sequence + after.skipped;
    for (size_t i = 0; i < before.segments.size(); ++i) {
        const uint64_t sequence = first_before + i;
        if (sequence < first_after || sequence - first_after >= after.segments.size())
            continue;
        const StrictSegment &was = before.segments[i], &is = after.segments[sequence - first_after];
        const std::string which = "segment " + std::to_string(sequence);
        demand(was.uri.empty() || (was.uri == is.uri && was.duration == is.duration && was.gap == is.gap),
               which + " changed");
        demand(was.discontinuity == is.discontinuity, which + " changed its discontinuity");
        demand(was.date.empty() || is.date.empty() || was.date == is.date, which + " changed its date");
        for (size_t part = 0; part < std::min(was.parts.size(), is.parts.size()); ++part)
            demand(was.parts[part].uri == is.parts[part].uri && was.parts[part].duration == is.parts[part].duration,
                   which + " changed a part");
        demand(is.parts.empty() || is.parts.size() >= was.parts.size(), which + " lost parts");
    }
    return errors;
}

} // namespace test
