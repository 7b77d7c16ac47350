// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/webm.h"

#include "tools/rostrum/job/ebml.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/webm_ids.h"

#include <algorithm>
#include <map>

namespace rostrum::job {
namespace {

constexpr uint64_t kMaxHeaderBytes = 16 << 20; // of Tracks: codec headers and no more
constexpr size_t kMaxClusters = 10'000'000;

struct TrackFacts {
    bool video = false;
    uint64_t frame_ticks = 0; ///< DefaultDuration, 0 when it is not said
    uint64_t last_time = 0, last_step = 0;
};

bool is_top_level(uint32_t id) {
    for (const uint32_t one : {id::kCluster, id::kCues, id::kTags, id::kTracks, id::kInfo, id::kSeekHead, id::kSegment,
                               id::kChapters, id::kAttachments, id::kEbml})
        if (id == one)
            return true;
    return false;
}

class WebmReader {
  public:
    explicit WebmReader(const InputFile &file) : file_(file) {}

    Webm read() {
        const auto header = read_element(file_, 0, file_.size());
        if (!header || header->id != id::kEbml || header->size > kMaxHeaderBytes || header->end() > file_.size())
            throw JobError("it is not a WebM file");
        webm_.header = file_.read({header->start, header->end() - header->start});
        const auto segment = read_element(file_, header->end(), file_.size());
        if (!segment || segment->id != id::kSegment)
            throw JobError("it is not a WebM file, or one in which nothing was recorded");
        const uint64_t end = segment->size == kUnknownSize
                                 ? file_.size()
                                 : std::min(file_.size() - segment->data, segment->size) + segment->data;
        read_segment(segment->data, end);
        finish();
        return std::move(webm_);
    }

  private:
    void read_segment(uint64_t at, uint64_t end) {
        while (auto element = read_element(file_, at, end)) {
            if (element->id == id::kCluster) {
                at = read_cluster(*element, end);
                if (at == 0)
                    return; // damaged from here on
                continue;
            }
            if (element->size == kUnknownSize || element->size > end - element->data)
                return;
            if (element->id == id::kInfo)
                read_info(*element);
            else if (element->id == id::kTracks)
                read_tracks(*element);
            else if (element->id == id::kCues && element->size > 0)
                has_cues_ = true;
            at = element->end();
        }
    }

    /// Those that are whole.
    std::vector<Element> children(const Element &parent) const {
        std::vector<Element> found;
        uint64_t at = parent.data;
        while (const auto child = read_element(file_, at, parent.end())) {
            if (child->size > parent.end() - child->data)
                break;
            found.push_back(*child);
            at = child->end();
        }
        return found;
    }

    void read_info(const Element &info) {
        if (info.size > kMaxHeaderBytes)
            throw JobError("its header is too large");
        webm_.info.clear();
        for (const Element &child : children(info)) {
            if (child.id == id::kTimestampScale)
                webm_.tick_ns = std::clamp<uint64_t>(read_unsigned(file_, child, 1'000'000), 1, 1'000'000'000);
            if (child.id == id::kDuration)
                has_duration_ = true;
            else if (child.id != id::kVoid)
                webm_.info += file_.read({child.start, child.end() - child.start});
        }
    }

    void read_tracks(const Element &tracks) {
        if (tracks.size > kMaxHeaderBytes)
            throw JobError("its header is too large");
        webm_.tracks = file_.read({tracks.start, tracks.end() - tracks.start});
        for (const Element &entry : children(tracks)) {
            if (entry.id == id::kTrackEntry)
                read_track(entry);
        }
    }

    void read_track(const Element &entry) {
        uint64_t number = 0;
        std::string codec;
        TrackFacts facts;
        for (const Element &child : children(entry)) {
            if (child.id == id::kTrackNumber)
                number = read_unsigned(file_, child);
            else if (child.id == id::kTrackType)
                facts.video = read_unsigned(file_, child) == 1;
            else if (child.id == id::kDefaultDuration)
                facts.frame_ticks = read_unsigned(file_, child) / webm_.tick_ns;
            else if (child.id == id::kCodecId && child.size < 64)
                codec = file_.read({child.data, child.size});
            else if (child.id == id::kVideo)
                read_picture(child);
        }
        tracks_[number] = facts;
        std::string name = codec.size() > 2 ? codec.substr(2) : "unknown";
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
        (facts.video ? webm_.media.video_codec : webm_.media.audio_codec) = name.substr(0, name.find('/'));
    }

    void read_picture(const Element &video) {
        for (const Element &child : children(video)) {
            if (child.id == id::kPixelWidth)
                webm_.media.width = static_cast<unsigned>(std::min<uint64_t>(read_unsigned(file_, child), 65535));
            if (child.id == id::kPixelHeight)
                webm_.media.height = static_cast<unsigned>(std::min<uint64_t>(read_unsigned(file_, child), 65535));
        }
    }

    /// Gives where the next element begins, 0 when the file is damaged in here.
    uint64_t read_cluster(const Element &element, uint64_t segment_end) {
        const bool open = element.size == kUnknownSize;
        const uint64_t end = open ? segment_end : element.data + std::min(element.size, segment_end - element.data);
        WebmCluster cluster{0, {}, 0};
        uint64_t at = element.data;
        bool whole = true;
        while (at < end) {
            const auto child = read_element(file_, at, end);
            if (child && open && is_top_level(child->id))
                break;
            if (!child || child->size == kUnknownSize || child->size > end - child->data) {
                whole = false;
                break;
            }
            take_child(*child, cluster);
            at = child->end();
        }
        if (!cluster.parts.empty() && webm_.clusters.size() < kMaxClusters)
            webm_.clusters.push_back(std::move(cluster));
        return whole ? at : 0;
    }

    void take_child(const Element &child, WebmCluster &cluster) {
        if (child.id == id::kPosition || child.id == id::kPrevSize || child.id == id::kVoid)
            return;
        if (child.id == id::kTimestamp)
            cluster.time = read_unsigned(file_, child);
        else if (child.id == id::kSimpleBlock)
            take_block(child, cluster, true, 0);
        else if (child.id == id::kBlockGroup)
            take_group(child, cluster);
        const FileRange range{child.start, child.end() - child.start};
        if (!cluster.parts.empty() && cluster.parts.back().offset + cluster.parts.back().size == range.offset)
            cluster.parts.back().size += range.size;
        else
            cluster.parts.push_back(range);
        cluster.bytes += range.size;
    }

    void take_group(const Element &group, const WebmCluster &cluster) {
        std::optional<Element> block;
        bool refers = false;
        uint64_t duration = 0;
        for (const Element &child : children(group)) {
            if (child.id == id::kBlock)
                block = child;
            else if (child.id == id::kBlockDuration)
                duration = read_unsigned(file_, child);
            else if (child.id == id::kReferenceBlock)
                refers = true;
        }
        if (block)
            take_block(*block, cluster, false, duration, !refers);
    }

    void take_block(const Element &block, const WebmCluster &cluster, bool simple, uint64_t duration,
                    bool key = false) {
        const std::string bytes = file_.read({block.data, std::min<uint64_t>(block.size, 12)});
        std::string_view rest(bytes);
        const auto number = take_vint(rest);
        if (!number || rest.size() < 3)
            return;
        const auto relative =
            static_cast<int16_t>(static_cast<unsigned char>(rest[0]) << 8 | static_cast<unsigned char>(rest[1]));
        const int64_t signed_time = static_cast<int64_t>(std::min<uint64_t>(cluster.time, INT64_MAX / 4)) + relative;
        const auto time = static_cast<uint64_t>(std::max<int64_t>(signed_time, 0));
        const auto known = tracks_.find(*number);
        if (known == tracks_.end())
            return;
        TrackFacts &track = known->second;
        if (!first_block_)
            first_block_ = CuePoint{time, *number, webm_.clusters.size()};
        if (time > track.last_time)
            track.last_step = time - track.last_time;
        track.last_time = time;
        const uint64_t length = duration ? duration : track.frame_ticks ? track.frame_ticks : track.last_step;
        webm_.duration = std::max(webm_.duration, time + length);
        if (simple)
            key = static_cast<unsigned char>(rest[2]) & 0x80;
        if (key && track.video)
            webm_.cues.push_back({time, *number, webm_.clusters.size()});
        else if (webm_.media.video_codec.empty() &&
                 (webm_.cues.empty() || webm_.cues.back().cluster != webm_.clusters.size()))
            webm_.cues.push_back({time, *number, webm_.clusters.size()});
    }

    void finish() {
        if (webm_.tracks.empty() || webm_.clusters.empty() || !first_block_)
            throw JobError("there is no sound and no picture in it");
        std::erase_if(webm_.cues, [&](const CuePoint &cue) { return cue.cluster >= webm_.clusters.size(); });
        if (webm_.cues.empty()) // a picture whose keyframes are all lost
            webm_.cues.push_back({first_block_->time, first_block_->track, 0});
        webm_.has_index = has_cues_ && has_duration_;
        webm_.media.format = "webm";
        webm_.media.duration_ms =
            static_cast<uint64_t>(static_cast<double>(webm_.duration) * static_cast<double>(webm_.tick_ns) / 1e6);
    }

    const InputFile &file_;
    Webm webm_;
    std::map<uint64_t, TrackFacts> tracks_;
    std::optional<CuePoint> first_block_;
    bool has_cues_ = false, has_duration_ = false;
};

} // namespace

Webm read_webm(const InputFile &file) {
    return WebmReader(file).read();
}

namespace {

constexpr size_t kClusterHeader = 4 + 8;

std::string seek_entry(uint32_t target, uint64_t position) {
    EbmlWriter target_id, entry, seek;
    target_id.id(target);
    entry.element(id::kSeekId, target_id.str());
    entry.unsigned_element(id::kSeekPosition, position);
    seek.element(id::kSeek, entry.str());
    return seek.str();
}

std::string seek_head(uint64_t info, uint64_t tracks, uint64_t cues) {
    EbmlWriter head;
    head.element(id::kSeekHead,
                 seek_entry(id::kInfo, info) + seek_entry(id::kTracks, tracks) + seek_entry(id::kCues, cues));
    return head.str();
}

std::string cues(const Webm &webm, uint64_t first_cluster) {
    std::vector<uint64_t> positions;
    for (uint64_t at = first_cluster; const auto &cluster : webm.clusters) {
        positions.push_back(at);
        at += kClusterHeader + cluster.bytes;
    }
    std::string points;
    for (const CuePoint &cue : webm.cues) {
        EbmlWriter position, point, whole;
        position.unsigned_element(id::kCueTrack, cue.track);
        position.unsigned_element(id::kCueClusterPosition, positions[cue.cluster]);
        point.unsigned_element(id::kCueTime, cue.time);
        point.element(id::kCueTrackPositions, position.str());
        whole.element(id::kCuePoint, point.str());
        points += whole.str();
    }
    EbmlWriter writer;
    writer.element(id::kCues, points);
    return writer.str();
}

} // namespace

void write_webm(const Webm &webm, const InputFile &from, ReplacedFile &to) {
    EbmlWriter duration, info;
    duration.double_element(id::kDuration, static_cast<double>(webm.duration));
    info.element(id::kInfo, webm.info + duration.str());
    // Everything in front has the same size whatever the positions in it are.
    const uint64_t info_at = seek_head(0, 0, 0).size();
    const uint64_t tracks_at = info_at + info.str().size();
    const uint64_t cues_at = tracks_at + webm.tracks.size();
    const uint64_t clusters_at = cues_at + cues(webm, 0).size();
    uint64_t end = clusters_at;
    for (const auto &cluster : webm.clusters)
        end += kClusterHeader + cluster.bytes;

    EbmlWriter segment;
    segment.id(id::kSegment);
    segment.size(end);
    to.write(webm.header);
    to.write(segment.str());
    to.write(seek_head(info_at, tracks_at, cues_at));
    to.write(info.str());
    to.write(webm.tracks);
    to.write(cues(webm, clusters_at));
    for (const auto &cluster : webm.clusters) {
        EbmlWriter header;
        header.id(id::kCluster);
        header.size(cluster.bytes);
        to.write(header.str());
        for (const FileRange &part : cluster.parts)
            to.copy(from, part);
    }
}

} // namespace rostrum::job
