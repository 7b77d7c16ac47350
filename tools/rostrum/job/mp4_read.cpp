// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/mp4_boxes.h"
#include "tools/rostrum/job/mp4_movie.h"

#include <algorithm>
#include <map>

namespace rostrum::job {
namespace {

constexpr uint64_t kMaxIndexBytes = 1ULL << 30; // of one moov or moof: weeks of samples
constexpr size_t kMaxTracks = 64;

/// What a fragment's track run falls back on.
struct Defaults {
    uint32_t duration = 0, size = 0, flags = 0;
};

std::string whole_box(std::string_view parent, uint32_t type) {
    for (std::string_view rest = parent; const Box &box : boxes_in(parent)) {
        const size_t end = static_cast<size_t>(box.payload.data() + box.payload.size() - rest.data());
        if (box.type == type)
            return std::string(rest.substr(0, end));
        rest.remove_prefix(end);
    }
    throw JobError("a box of a track is missing");
}

void read_media_header(std::string_view payload, Track &track) {
    BoxReader reader(payload);
    const unsigned version = reader.u8();
    reader.skip(3);
    reader.skip(version == 1 ? 16 : 8);
    track.timescale = reader.u32();
    reader.skip(version == 1 ? 8 : 4);
    track.language = reader.u16();
    if (track.timescale == 0)
        throw JobError("a track has no timescale");
}

uint32_t track_id(std::string_view tkhd) {
    BoxReader reader(tkhd);
    const unsigned version = reader.u8();
    reader.skip(3);
    reader.skip(version == 1 ? 16 : 8);
    return reader.u32();
}

/// The leading empty edit and the start of the media; what else an edit list can say no recorder writes.
void read_edits(std::string_view elst, Track &track) {
    BoxReader reader(elst);
    const size_t width = reader.u8() == 1 ? 8 : 4;
    reader.skip(3);
    for (uint32_t count = reader.u32(); count > 0; --count) {
        const uint64_t duration = reader.number(width);
        const uint64_t raw = reader.number(width);
        reader.skip(4);
        const int64_t media_time = width == 8 ? static_cast<int64_t>(raw) : static_cast<int32_t>(raw);
        if (media_time >= 0) {
            track.media_start = media_time;
            return;
        }
        track.empty_before += duration;
    }
}

std::vector<uint32_t> read_sizes(std::string_view stsz, uint64_t file_size) {
    BoxReader reader(stsz);
    reader.skip(4);
    const uint32_t uniform = reader.u32(), count = reader.u32();
    if (uniform ? uint64_t(uniform) * count > file_size : uint64_t(count) * 4 > reader.left())
        throw JobError("more samples are listed than the file has");
    std::vector<uint32_t> sizes(count, uniform);
    if (!uniform)
        for (uint32_t &size : sizes)
            size = reader.u32();
    return sizes;
}

std::vector<uint64_t> read_chunk_offsets(std::string_view stbl) {
    const auto narrow = find_box(stbl, fourcc("stco"));
    BoxReader reader(narrow ? *narrow : need_box(stbl, fourcc("co64")));
    reader.skip(4);
    const uint32_t count = reader.u32();
    if (uint64_t(count) * (narrow ? 4 : 8) > reader.left())
        throw JobError("more chunks are listed than there are");
    std::vector<uint64_t> offsets(count);
    for (uint64_t &offset : offsets)
        offset = reader.number(narrow ? 4 : 8);
    return offsets;
}

/// Gives each chunk its samples (stsc).
void place_samples(std::string_view stsc, const std::vector<uint64_t> &chunks, std::vector<Sample> &samples) {
    BoxReader reader(stsc);
    reader.skip(4);
    uint32_t entries = reader.u32(), first = entries ? reader.u32() : 0, per_chunk = entries ? reader.u32() : 0;
    if (entries)
        reader.skip(4);
    size_t sample = 0;
    while (entries-- > 0 && sample < samples.size()) {
        uint32_t next_first = UINT32_MAX, next_per_chunk = 0;
        if (entries > 0) {
            next_first = reader.u32();
            next_per_chunk = reader.u32();
            reader.skip(4);
        }
        if (first == 0 || next_first <= first)
            throw JobError("the chunks are out of order");
        for (uint64_t chunk = first; chunk < next_first && chunk <= chunks.size(); ++chunk) {
            uint64_t offset = chunks[chunk - 1];
            for (uint32_t i = 0; i < per_chunk && sample < samples.size(); ++i, ++sample) {
                samples[sample].offset = offset;
                offset += samples[sample].size;
            }
        }
        first = next_first;
        per_chunk = next_per_chunk;
    }
    samples.resize(sample);
}

/// Calls `each` with the value of every sample that a run-length table (stts, ctts) has.
template <class Each> void run_lengths(std::string_view table, size_t samples, Each each) {
    BoxReader reader(table);
    reader.skip(4);
    size_t sample = 0;
    for (uint32_t entries = reader.u32(); entries > 0 && sample < samples; --entries) {
        const uint32_t count = reader.u32(), value = reader.u32();
        for (uint32_t i = 0; i < count && sample < samples; ++i)
            each(sample++, value);
    }
}

void read_sample_table(std::string_view stbl, uint64_t file_size, Track &track) {
    track.samples_description = whole_box(stbl, fourcc("stsd"));
    const auto stsz = find_box(stbl, fourcc("stsz"));
    const std::vector<uint32_t> sizes = stsz ? read_sizes(*stsz, file_size) : std::vector<uint32_t>();
    if (sizes.empty())
        return;
    track.samples.resize(sizes.size(), Sample{0, 0, 0, 0, 0, true});
    for (size_t i = 0; i < sizes.size(); ++i)
        track.samples[i].size = sizes[i];
    int64_t time = 0;
    run_lengths(need_box(stbl, fourcc("stts")), sizes.size(), [&](size_t i, uint32_t duration) {
        track.samples[i].decode_time = time;
        track.samples[i].duration = duration;
        time += duration;
    });
    if (const auto ctts = find_box(stbl, fourcc("ctts")))
        run_lengths(*ctts, sizes.size(), [&](size_t i, uint32_t offset) {
            track.samples[i].composition_offset = static_cast<int32_t>(offset);
        });
    if (const auto stss = find_box(stbl, fourcc("stss"))) {
        for (Sample &sample : track.samples)
            sample.sync = false;
        BoxReader reader(*stss);
        reader.skip(4);
        for (uint32_t count = reader.u32(); count > 0; --count)
            if (const uint32_t number = reader.u32(); number > 0 && number <= track.samples.size())
                track.samples[number - 1].sync = true;
    }
    place_samples(need_box(stbl, fourcc("stsc")), read_chunk_offsets(stbl), track.samples);
}

Track read_track(std::string_view trak, uint64_t file_size) {
    Track track;
    track.header = need_box(trak, fourcc("tkhd"));
    track.id = track_id(track.header);
    if (const auto edits = find_box(trak, fourcc("edts")))
        if (const auto list = find_box(*edits, fourcc("elst")))
            read_edits(*list, track);
    const std::string_view media = need_box(trak, fourcc("mdia"));
    read_media_header(need_box(media, fourcc("mdhd")), track);
    track.handler_box = whole_box(media, fourcc("hdlr"));
    BoxReader handler(need_box(media, fourcc("hdlr")));
    handler.skip(8);
    track.handler = handler.u32();
    const std::string_view info = need_box(media, fourcc("minf"));
    for (const uint32_t type : {fourcc("vmhd"), fourcc("smhd")})
        if (find_box(info, type))
            track.media_header = whole_box(info, type);
    track.data_info = whole_box(info, fourcc("dinf"));
    read_sample_table(need_box(info, fourcc("stbl")), file_size, track);
    return track;
}

class FragmentReader {
  public:
    FragmentReader(const InputFile &file, Movie &movie, const std::map<uint32_t, Defaults> &defaults)
        : file_(file), movie_(movie), defaults_(defaults) {
        for (Track &track : movie.tracks) {
            const bool some = !track.samples.empty();
            next_time_[track.id] = some ? track.samples.back().decode_time + track.samples.back().duration : 0;
        }
    }

    void read(const TopBox &moof) {
        if (moof.payload.size > kMaxIndexBytes)
            throw JobError("a fragment's index is too large");
        const std::string bytes = file_.read(moof.payload);
        data_end_ = moof.whole.offset;
        for (const Box &box : boxes_in(bytes))
            if (box.type == fourcc("traf"))
                read_track_fragment(box.payload, moof.whole.offset);
    }

  private:
    void read_track_fragment(std::string_view traf, uint64_t moof_offset) {
        BoxReader reader(need_box(traf, fourcc("tfhd")));
        const uint32_t flags = reader.u32() & 0xffffff, id = reader.u32();
        const auto track =
            std::find_if(movie_.tracks.begin(), movie_.tracks.end(), [&](const Track &one) { return one.id == id; });
        if (track == movie_.tracks.end())
            return;
        const auto known = defaults_.find(id);
        Defaults defaults = known == defaults_.end() ? Defaults{} : known->second;
        uint64_t base = flags & 0x1 ? reader.u64() : flags & 0x20000 ? moof_offset : data_end_;
        if (flags & 0x2)
            reader.skip(4); // sample description index
        if (flags & 0x8)
            defaults.duration = reader.u32();
        if (flags & 0x10)
            defaults.size = reader.u32();
        if (flags & 0x20)
            defaults.flags = reader.u32();
        if (const auto tfdt = find_box(traf, fourcc("tfdt"))) {
            BoxReader time(*tfdt);
            const bool wide = time.u8() == 1;
            time.skip(3);
            next_time_[id] = static_cast<int64_t>(std::min<uint64_t>(time.number(wide ? 8 : 4), INT64_MAX / 4));
        }
        data_end_ = base;
        for (const Box &box : boxes_in(traf))
            if (box.type == fourcc("trun"))
                read_run(box.payload, base, defaults, *track);
    }

    void read_run(std::string_view trun, uint64_t base, const Defaults &defaults, Track &track) {
        BoxReader reader(trun);
        const unsigned version = reader.u8();
        const auto flags = static_cast<uint32_t>(reader.number(3));
        const uint32_t count = reader.u32();
        uint64_t offset = data_end_;
        if (flags & 0x1)
            offset = base + static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(reader.u32())));
        uint32_t first_flags = flags & 0x4 ? reader.u32() : 0;
        const size_t row = 4 * ((flags >> 8 & 1) + (flags >> 9 & 1) + (flags >> 10 & 1) + (flags >> 11 & 1));
        const bool own_size = flags & 0x200;
        if (uint64_t(count) * row > reader.left() || (!own_size && uint64_t(count) * defaults.size > file_.size()) ||
            (!own_size && defaults.size == 0 && count > 0) || track.samples.size() + count > file_.size())
            throw JobError("a fragment lists more samples than it has");
        for (uint32_t i = 0; i < count; ++i) {
            Sample sample{offset, next_time_[track.id], defaults.size, 0, defaults.duration, false};
            uint32_t sample_flags = i == 0 && flags & 0x4 ? first_flags : defaults.flags;
            if (flags & 0x100)
                sample.duration = reader.u32();
            if (own_size)
                sample.size = reader.u32();
            if (flags & 0x400)
                sample_flags = reader.u32();
            if (flags & 0x800)
                sample.composition_offset =
                    static_cast<int32_t>(version == 0 ? std::min<uint32_t>(reader.u32(), INT32_MAX) : reader.u32());
            sample.sync = !(sample_flags & 0x10000); // sample_is_non_sync_sample
            if (sample.offset > file_.size() || sample.size > file_.size() - sample.offset)
                return; // the file was cut off inside of this run
            track.samples.push_back(sample);
            offset += sample.size;
            next_time_[track.id] += sample.duration;
        }
        data_end_ = offset;
    }

    const InputFile &file_;
    Movie &movie_;
    const std::map<uint32_t, Defaults> &defaults_;
    std::map<uint32_t, int64_t> next_time_;
    uint64_t data_end_ = 0;
};

std::map<uint32_t, Defaults> read_extends(std::string_view moov) {
    std::map<uint32_t, Defaults> all;
    const auto mvex = find_box(moov, fourcc("mvex"));
    for (const Box &box : boxes_in(mvex.value_or(std::string_view())))
        if (box.type == fourcc("trex")) {
            BoxReader reader(box.payload);
            reader.skip(4);
            const uint32_t id = reader.u32();
            reader.skip(4);
            Defaults &defaults = all[id];
            defaults.duration = reader.u32();
            defaults.size = reader.u32();
            defaults.flags = reader.u32();
        }
    return all;
}

/// Decode times only go forward, and no sample reaches beyond the file.
void tidy(Movie &movie, uint64_t file_size) {
    std::erase_if(movie.tracks, [&](Track &track) {
        std::erase_if(track.samples, [&](const Sample &sample) {
            return sample.offset > file_size || sample.size > file_size - sample.offset;
        });
        int64_t last = INT64_MIN;
        for (Sample &sample : track.samples) {
            sample.decode_time = std::max(sample.decode_time, last);
            last = sample.decode_time;
        }
        return track.samples.empty();
    });
    if (movie.tracks.empty())
        throw JobError("there is no sound and no picture in it");
}

} // namespace

Movie read_movie(const InputFile &file) {
    const std::vector<TopBox> boxes = top_boxes(file);
    const TopBox *index = nullptr, *data = nullptr;
    for (const TopBox &box : boxes) {
        if (box.type == fourcc("moov"))
            index = &box; // the last one counts: it was written when all was known
        if (box.type == fourcc("mdat") && !data)
            data = &box;
    }
    if (!index || !data)
        throw JobError("it is not an MP4 file, or one in which nothing was recorded");
    if (index->payload.size > kMaxIndexBytes)
        throw JobError("its index is too large");
    Movie movie;
    movie.index_in_front = index->whole.offset < data->whole.offset;
    const std::string moov = file.read(index->payload);
    BoxReader header(need_box(moov, fourcc("mvhd")));
    const unsigned version = header.u8();
    header.skip(version == 1 ? 19 : 11);
    movie.timescale = header.u32();
    for (const Box &box : boxes_in(moov))
        if (box.type == fourcc("trak") && movie.tracks.size() < kMaxTracks)
            movie.tracks.push_back(read_track(box.payload, file.size()));
    const auto defaults = read_extends(moov);
    FragmentReader fragments(file, movie, defaults);
    for (const TopBox &box : boxes)
        if (box.type == fourcc("moof") && box.whole.offset > index->whole.offset) {
            movie.fragmented = true;
            fragments.read(box);
        }
    tidy(movie, file.size());
    return movie;
}

MediaInfo describe_movie(const Movie &movie) {
    MediaInfo info;
    info.format = "mp4";
    for (const Track &track : movie.tracks) {
        int64_t end = 0;
        for (const Sample &sample : track.samples)
            end = std::max(end, sample.decode_time + sample.composition_offset + sample.duration);
        const uint64_t before = movie.timescale ? track.empty_before * 1000 / movie.timescale : 0;
        const int64_t shown = std::max<int64_t>(end - track.media_start, 0);
        info.duration_ms = std::max(info.duration_ms, before + static_cast<uint64_t>(shown) * 1000 / track.timescale);
        BoxReader entry(track.samples_description);
        entry.skip(8 + 8); // box, version and flags, count
        entry.skip(4);
        const uint32_t codec = entry.u32();
        if (track.handler == fourcc("vide")) {
            entry.skip(24);
            info.width = entry.u16();
            info.height = entry.u16();
            info.video_codec = codec == fourcc("avc1") || codec == fourcc("avc3")   ? "h264"
                               : codec == fourcc("hvc1") || codec == fourcc("hev1") ? "h265"
                               : codec == fourcc("av01")                            ? "av1"
                               : codec == fourcc("vp09")                            ? "vp9"
                                                                                    : "unknown";
        } else if (track.handler == fourcc("soun")) {
            info.audio_codec = codec == fourcc("mp4a") ? "aac" : codec == fourcc("Opus") ? "opus" : "unknown";
        }
    }
    return info;
}

} // namespace rostrum::job
