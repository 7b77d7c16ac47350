// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "cmaf.h"

#include "box_writer.h"

#include <algorithm>
#include <cstdio>
#include <type_traits>

namespace rostrum::hls {

namespace {

constexpr uint32_t kVideoTimescale = 90000;
constexpr uint32_t kVideoTrackId = 1, kAudioTrackId = 2;
constexpr uint32_t kSyncSample = 0x02000000;  // depends on no other
constexpr uint32_t kDeltaSample = 0x01010000; // depends on others, is no sync sample
constexpr unsigned kUndetermined = 0x55c4;    // language "und"
constexpr int64_t kNsPerSecond = 1'000'000'000;

int64_t ticks(int64_t time_ns, uint32_t timescale) {
    const int64_t seconds = time_ns / kNsPerSecond, rest = time_ns % kNsPerSecond;
    return seconds * timescale + (rest * timescale + kNsPerSecond / 2) / kNsPerSecond;
}

void unity_matrix(BoxWriter &out) {
    for (const uint32_t value : {0x10000u, 0u, 0u, 0u, 0x10000u, 0u, 0u, 0u, 0x40000000u})
        out.u32(value);
}

void movie_header(BoxWriter &out) {
    Box box(out, "mvhd", 0, 0);
    out.zeros(8); // created, modified
    out.u32(1000);
    out.u32(0); // duration: that of the fragments
    out.u32(0x10000);
    out.u16(0x100);
    out.zeros(10);
    unity_matrix(out);
    out.zeros(24);
    out.u32(kAudioTrackId + 1);
}

void track_header(BoxWriter &out, uint32_t id, unsigned width, unsigned height) {
    Box box(out, "tkhd", 0, 3); // enabled, in the movie
    out.zeros(8);
    out.u32(id);
    out.zeros(4 + 4 + 8 + 4);
    out.u16(id == kAudioTrackId ? 0x100 : 0);
    out.zeros(2);
    unity_matrix(out);
    out.u32(width << 16);
    out.u32(height << 16);
}

void handler(BoxWriter &out, const char *type) {
    Box box(out, "hdlr", 0, 0);
    out.u32(0);
    out.text(type);
    out.zeros(12 + 1);
}

void data_information(BoxWriter &out) {
    Box dinf(out, "dinf");
    Box dref(out, "dref", 0, 0);
    out.u32(1);
    Box url(out, "url ", 0, 1); // in this file
}

/// ISO/IEC 14496-14 section 5.6; the sizes of the descriptors fit one byte.
void elementary_stream(BoxWriter &out, const AudioTrack &track) {
    const auto config = static_cast<uint32_t>(track.configuration.size());
    Box box(out, "esds", 0, 0);
    out.u8(0x03); // ES_Descriptor
    out.u8(3 + 2 + 13 + 2 + config + 3);
    out.u16(kAudioTrackId);
    out.u8(0);
    out.u8(0x04); // DecoderConfigDescriptor
    out.u8(13 + 2 + config);
    out.u8(0x40); // MPEG-4 audio
    out.u8(0x15); // an audio stream
    out.zeros(3 + 4 + 4);
    out.u8(0x05); // DecoderSpecificInfo
    out.u8(config);
    out.text(track.configuration);
    out.u8(0x06); // SLConfigDescriptor
    out.u8(1);
    out.u8(2);
}

void sample_entry(BoxWriter &out, const VideoTrack &track) {
    Box entry(out, "avc1");
    out.zeros(6);
    out.u16(1); // data reference
    out.zeros(16);
    out.u16(track.width);
    out.u16(track.height);
    out.u32(72 << 16); // dots per inch
    out.u32(72 << 16);
    out.zeros(4);
    out.u16(1); // pictures a sample
    out.zeros(32);
    out.u16(24); // depth
    out.u16(0xffff);
    Box configuration(out, "avcC");
    out.text(track.configuration);
}

void sample_entry(BoxWriter &out, const AudioTrack &track) {
    Box entry(out, "mp4a");
    out.zeros(6);
    out.u16(1);
    out.zeros(8);
    out.u16(track.channels);
    out.u16(16);
    out.zeros(4);
    out.u32(track.rate << 16);
    elementary_stream(out, track);
}

/// The samples are in the fragments.
void empty_tables(BoxWriter &out) {
    for (const char *type : {"stts", "stsc", "stco"}) {
        Box box(out, type, 0, 0);
        out.u32(0);
    }
    Box box(out, "stsz", 0, 0);
    out.zeros(8);
}

void media_header(BoxWriter &out, bool video) {
    if (video) {
        Box box(out, "vmhd", 0, 1);
        out.zeros(8);
    } else {
        Box box(out, "smhd", 0, 0);
        out.zeros(4);
    }
}

template <class Track> void track_box(BoxWriter &out, uint32_t id, uint32_t timescale, const Track &track) {
    constexpr bool video = std::is_same_v<Track, VideoTrack>;
    Box trak(out, "trak");
    if constexpr (video)
        track_header(out, id, track.width, track.height);
    else
        track_header(out, id, 0, 0);
    Box mdia(out, "mdia");
    {
        Box mdhd(out, "mdhd", 0, 0);
        out.zeros(8);
        out.u32(timescale);
        out.u32(0);
        out.u16(kUndetermined);
        out.u16(0);
    }
    handler(out, video ? "vide" : "soun");
    Box minf(out, "minf");
    media_header(out, video);
    data_information(out);
    Box stbl(out, "stbl");
    {
        Box stsd(out, "stsd", 0, 0);
        out.u32(1);
        sample_entry(out, track);
    }
    empty_tables(out);
}

void track_defaults(BoxWriter &out, uint32_t id) {
    Box box(out, "trex", 0, 0);
    out.u32(id);
    out.u32(1);
    out.zeros(8);
    out.u32(id == kAudioTrackId ? kSyncSample : kDeltaSample);
}

/// Where the offset of the samples' bytes is to be written.
size_t track_run(BoxWriter &out, uint32_t timescale, const std::vector<Sample> &samples, bool video) {
    constexpr uint32_t kOffset = 0x1, kDurations = 0x100, kSizes = 0x200, kFlags = 0x400;
    Box box(out, "trun", 0, kOffset | kDurations | kSizes | (video ? kFlags : 0));
    out.u32(static_cast<uint32_t>(samples.size()));
    const size_t offset_at = out.size();
    out.u32(0);
    for (size_t i = 0; i < samples.size(); ++i) {
        const Sample &sample = samples[i];
        const int64_t end = i + 1 < samples.size() ? samples[i + 1].time_ns : sample.time_ns + sample.duration_ns;
        const int64_t length = ticks(end, timescale) - ticks(sample.time_ns, timescale);
        out.u32(static_cast<uint32_t>(std::clamp<int64_t>(length, 0, UINT32_MAX)));
        out.u32(static_cast<uint32_t>(sample.bytes.size()));
        if (video)
            out.u32(sample.keyframe ? kSyncSample : kDeltaSample);
    }
    return offset_at;
}

size_t track_fragment(BoxWriter &out, uint32_t id, uint32_t timescale, const std::vector<Sample> &samples) {
    Box traf(out, "traf");
    {
        Box tfhd(out, "tfhd", 0, 0x020000); // offsets count from the moof
        out.u32(id);
    }
    {
        Box tfdt(out, "tfdt", 1, 0);
        out.u64(static_cast<uint64_t>(std::max<int64_t>(ticks(samples.front().time_ns, timescale), 0)));
    }
    return track_run(out, timescale, samples, id == kVideoTrackId);
}

size_t bytes_of(const std::vector<Sample> &samples) {
    size_t bytes = 0;
    for (const auto &sample : samples)
        bytes += sample.bytes.size();
    return bytes;
}

} // namespace

std::string init_segment(const Tracks &tracks) {
    BoxWriter out;
    {
        Box ftyp(out, "ftyp");
        out.text("iso6");
        out.u32(0);
        out.text("iso6cmfc");
    }
    {
        Box moov(out, "moov");
        movie_header(out);
        if (tracks.video)
            track_box(out, kVideoTrackId, kVideoTimescale, *tracks.video);
        if (tracks.audio)
            track_box(out, kAudioTrackId, tracks.audio->rate, *tracks.audio);
        Box mvex(out, "mvex");
        if (tracks.video)
            track_defaults(out, kVideoTrackId);
        if (tracks.audio)
            track_defaults(out, kAudioTrackId);
    }
    return out.take();
}

std::string write_fragment(const Tracks &tracks, uint32_t sequence, const Fragment &fragment) {
    constexpr size_t kBoxHeader = 8;
    BoxWriter out;
    size_t video_offset_at = 0, audio_offset_at = 0;
    {
        Box moof(out, "moof");
        {
            Box mfhd(out, "mfhd", 0, 0);
            out.u32(sequence);
        }
        if (!fragment.video.empty())
            video_offset_at = track_fragment(out, kVideoTrackId, kVideoTimescale, fragment.video);
        if (!fragment.audio.empty() && tracks.audio)
            audio_offset_at = track_fragment(out, kAudioTrackId, tracks.audio->rate, fragment.audio);
    }
    const size_t samples_at = out.size() + kBoxHeader;
    if (video_offset_at)
        out.patch_u32(video_offset_at, samples_at);
    if (audio_offset_at)
        out.patch_u32(audio_offset_at, samples_at + bytes_of(fragment.video));
    {
        Box mdat(out, "mdat");
        for (const auto *samples : {&fragment.video, &fragment.audio})
            for (const auto &sample : *samples)
                out.text(sample.bytes);
    }
    return out.take();
}

std::string codecs_of(const Tracks &tracks) {
    std::string codecs;
    if (tracks.video && tracks.video->configuration.size() >= 4) {
        const auto byte = [&](size_t i) { return static_cast<unsigned char>(tracks.video->configuration[i]); };
        char text[16];
        std::snprintf(text, sizeof text, "avc1.%02x%02x%02x", byte(1), byte(2), byte(3));
        codecs = text;
    }
    if (tracks.audio && !tracks.audio->configuration.empty()) {
        const unsigned type = static_cast<unsigned char>(tracks.audio->configuration[0]) >> 3;
        codecs += (codecs.empty() ? "" : ",") + std::string("mp4a.40.") + std::to_string(type);
    }
    return codecs;
}

} // namespace rostrum::hls
