// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/mp4_boxes.h"
#include "tools/rostrum/job/mp4_movie.h"

#include <algorithm>
#include <numeric>

namespace rostrum::job {
namespace {

constexpr uint64_t kMaxMovieTimescale = 10'000'000; // common multiples beyond that are not worth it
constexpr uint64_t kMaxChunkBytes = 1 << 20;        // players read a chunk at a time

/// Samples that lie one after another, of one track, in the old file and in the new one.
struct Chunk {
    size_t track, first_sample, samples;
    FileRange from;
};

/// In the order of the old file, so that sound and picture stay side by side.
std::vector<Chunk> chunks_of(const Movie &movie) {
    std::vector<size_t> next(movie.tracks.size(), 0);
    std::vector<Chunk> chunks;
    for (;;) {
        size_t best = movie.tracks.size();
        for (size_t i = 0; i < movie.tracks.size(); ++i)
            if (next[i] < movie.tracks[i].samples.size() &&
                (best == movie.tracks.size() ||
                 movie.tracks[i].samples[next[i]].offset < movie.tracks[best].samples[next[best]].offset))
                best = i;
        if (best == movie.tracks.size())
            return chunks;
        const Sample &sample = movie.tracks[best].samples[next[best]];
        Chunk *last = chunks.empty() ? nullptr : &chunks.back();
        if (last && last->track == best && last->from.offset + last->from.size == sample.offset &&
            last->from.size + sample.size <= kMaxChunkBytes) {
            ++last->samples;
            last->from.size += sample.size;
        } else {
            chunks.push_back({best, next[best], 1, {sample.offset, sample.size}});
        }
        ++next[best];
    }
}

/// A unit in which the start of every track can be said exactly.
uint64_t movie_timescale(const Movie &movie) {
    uint64_t scale = movie.timescale ? movie.timescale : 1000;
    for (const Track &track : movie.tracks)
        if (const uint64_t common = std::lcm(scale, uint64_t(track.timescale)); common <= kMaxMovieTimescale)
            scale = common;
    return scale;
}

uint64_t rescaled(uint64_t value, uint64_t from, uint64_t to) {
    return value / from * to + value % from * to / from; // both scales fit in 32 bits
}

int64_t media_duration(const Track &track) {
    return track.samples.back().decode_time - track.samples.front().decode_time + track.samples.back().duration;
}

/// When the last picture that is shown ends, counted from the first decode time.
int64_t composition_end(const Track &track) {
    int64_t end = 0;
    for (const Sample &sample : track.samples)
        end = std::max(end, sample.decode_time - track.samples.front().decode_time + sample.composition_offset +
                                sample.duration);
    return end;
}

/// Writes an index whose chunks begin at `data_start` in the new file.
class IndexWriter {
  public:
    IndexWriter(const Movie &movie, const std::vector<Chunk> &chunks, uint64_t data_start, bool wide_offsets)
        : movie_(movie), chunks_(chunks), data_start_(data_start), wide_(wide_offsets),
          timescale_(movie_timescale(movie)) {}

    std::string write() {
        uint64_t duration = 0;
        for (const Track &track : movie_.tracks)
            duration = std::max(duration, track_duration(track));
        out_.box("moov", [&] {
            out_.full_box("mvhd", 1, 0, [&] {
                out_.u64(0); // times of creation and change
                out_.u64(0);
                out_.u32(timescale_);
                out_.u64(duration);
                out_.u32(0x10000); // rate
                out_.u16(0x100);   // volume
                out_.number(0, 2);
                out_.u64(0);
                for (const uint32_t cell : {0x10000u, 0u, 0u, 0u, 0x10000u, 0u, 0u, 0u, 0x40000000u})
                    out_.u32(cell);
                for (int i = 0; i < 6; ++i)
                    out_.u32(0);
                uint32_t next_id = 1;
                for (const Track &track : movie_.tracks)
                    next_id = std::max(next_id, track.id + 1);
                out_.u32(next_id);
            });
            for (size_t i = 0; i < movie_.tracks.size(); ++i)
                write_track(i);
        });
        return out_.str();
    }

  private:
    /// What was the first decode time in the fragments is the length of an empty edit in front.
    uint64_t empty_before(const Track &track) const {
        const int64_t first = std::max<int64_t>(track.samples.front().decode_time, 0);
        return rescaled(track.empty_before, movie_.timescale ? movie_.timescale : 1000, timescale_) +
               rescaled(static_cast<uint64_t>(first), track.timescale, timescale_);
    }
    uint64_t track_duration(const Track &track) const {
        const int64_t shown = std::max<int64_t>(composition_end(track) - track.media_start, 0);
        return empty_before(track) + rescaled(static_cast<uint64_t>(shown), track.timescale, timescale_);
    }

    void write_track(size_t index) {
        const Track &track = movie_.tracks[index];
        out_.box("trak", [&] {
            write_track_header(track);
            write_edits(track);
            out_.box("mdia", [&] {
                out_.full_box("mdhd", 1, 0, [&] {
                    out_.u64(0);
                    out_.u64(0);
                    out_.u32(track.timescale);
                    out_.u64(static_cast<uint64_t>(media_duration(track)));
                    out_.u16(track.language);
                    out_.u16(0);
                });
                out_.bytes(track.handler_box);
                out_.box("minf", [&] {
                    out_.bytes(track.media_header);
                    out_.bytes(track.data_info);
                    out_.box("stbl", [&] { write_sample_table(index); });
                });
            });
        });
    }

    void write_track_header(const Track &track) {
        const size_t former = track.header[0] == 1 ? 4 + 32 : 4 + 20; // up to the duration
        if (track.header.size() < former + 60)
            throw JobError("a track's header is cut off");
        out_.full_box("tkhd", 1, 3, [&] { // enabled, in the movie
            out_.u64(0);
            out_.u64(0);
            out_.u32(track.id);
            out_.u32(0);
            out_.u64(track_duration(track));
            out_.bytes(std::string_view(track.header).substr(former, 60));
        });
    }

    void write_edits(const Track &track) {
        const uint64_t before = empty_before(track);
        if (before == 0 && track.media_start == 0)
            return;
        out_.box("edts", [&] {
            out_.full_box("elst", 1, 0, [&] {
                out_.u32(before ? 2 : 1);
                if (before) {
                    out_.u64(before);
                    out_.u64(UINT64_MAX); // empty
                    out_.u32(0x10000);
                }
                out_.u64(track_duration(track) - before);
                out_.u64(static_cast<uint64_t>(track.media_start));
                out_.u32(0x10000);
            });
        });
    }

    void write_sample_table(size_t index) {
        const Track &track = movie_.tracks[index];
        const std::vector<Sample> &samples = track.samples;
        out_.bytes(track.samples_description);
        out_.full_box("stts", 0, 0, [&] {
            write_runs(samples.size(), [&](size_t i) {
                const int64_t length = i + 1 < samples.size() ? samples[i + 1].decode_time - samples[i].decode_time
                                                              : int64_t(samples[i].duration);
                return static_cast<uint32_t>(std::clamp<int64_t>(length, 0, UINT32_MAX));
            });
        });
        auto is_delayed = [](const Sample &sample) { return sample.composition_offset != 0; };
        if (std::any_of(samples.begin(), samples.end(), is_delayed))
            out_.full_box("ctts", 1, 0, [&] {
                write_runs(samples.size(),
                           [&](size_t i) { return static_cast<uint32_t>(samples[i].composition_offset); });
            });
        write_sync_samples(samples);
        write_chunks(index);
        out_.full_box("stsz", 0, 0, [&] {
            out_.u32(0);
            out_.u32(samples.size());
            for (const Sample &sample : samples)
                out_.u32(sample.size);
        });
    }

    template <class Value> void write_runs(size_t count, Value value) {
        std::vector<std::pair<uint32_t, uint32_t>> runs;
        for (size_t i = 0; i < count; ++i) {
            const uint32_t current = value(i);
            if (!runs.empty() && runs.back().second == current)
                ++runs.back().first;
            else
                runs.emplace_back(1, current);
        }
        out_.u32(runs.size());
        for (const auto &[length, current] : runs) {
            out_.u32(length);
            out_.u32(current);
        }
    }

    /// Where every sample is one, the box is left out.
    void write_sync_samples(const std::vector<Sample> &samples) {
        const auto count =
            std::count_if(samples.begin(), samples.end(), [](const Sample &sample) { return sample.sync; });
        if (static_cast<size_t>(count) == samples.size())
            return;
        out_.full_box("stss", 0, 0, [&] {
            out_.u32(static_cast<uint64_t>(count));
            for (size_t i = 0; i < samples.size(); ++i)
                if (samples[i].sync)
                    out_.u32(i + 1);
        });
    }

    void write_chunks(size_t index) {
        std::vector<std::pair<uint32_t, size_t>> runs; // first chunk, samples in each
        std::vector<uint64_t> offsets;
        uint64_t at = data_start_;
        for (const Chunk &chunk : chunks_) {
            if (chunk.track == index) {
                offsets.push_back(at);
                if (runs.empty() || runs.back().second != chunk.samples)
                    runs.emplace_back(offsets.size(), chunk.samples);
            }
            at += chunk.from.size;
        }
        out_.full_box("stsc", 0, 0, [&] {
            out_.u32(runs.size());
            for (const auto &[first, count] : runs) {
                out_.u32(first);
                out_.u32(count);
                out_.u32(1);
            }
        });
        auto list = [&] {
            out_.u32(offsets.size());
            for (const uint64_t offset : offsets)
                out_.number(offset, wide_ ? 8 : 4);
        };
        if (wide_)
            out_.full_box("co64", 0, 0, list);
        else
            out_.full_box("stco", 0, 0, list);
    }

    const Movie &movie_;
    const std::vector<Chunk> &chunks_;
    const uint64_t data_start_;
    const bool wide_;
    const uint64_t timescale_;
    BoxWriter out_;
};

std::string file_type() {
    BoxWriter writer;
    writer.box("ftyp", [&] {
        writer.bytes("isom");
        writer.u32(0x200);
        writer.bytes("isomiso2avc1mp41");
    });
    return writer.str();
}

} // namespace

void write_movie(const Movie &movie, const InputFile &from, ReplacedFile &to) {
    const std::vector<Chunk> chunks = chunks_of(movie);
    uint64_t data_bytes = 0;
    for (const Chunk &chunk : chunks)
        data_bytes += chunk.from.size;
    const bool wide = data_bytes > UINT32_MAX / 2;
    const std::string type = file_type();
    // The index has the same size whatever the offsets in it are.
    const uint64_t index_bytes = IndexWriter(movie, chunks, 0, wide).write().size();
    const uint64_t data_header = wide ? 16 : 8;
    to.write(type);
    to.write(IndexWriter(movie, chunks, type.size() + index_bytes + data_header, wide).write());
    BoxWriter data;
    data.u32(wide ? 1 : data_header + data_bytes);
    data.bytes("mdat");
    if (wide)
        data.u64(data_header + data_bytes);
    to.write(data.str());
    for (size_t i = 0; i < chunks.size();) {
        FileRange range = chunks[i].from;
        for (++i; i < chunks.size() && chunks[i].from.offset == range.offset + range.size; ++i)
            range.size += chunks[i].from.size;
        to.copy(from, range);
    }
}

} // namespace rostrum::job
