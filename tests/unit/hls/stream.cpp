// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "stream.h"

#include "playlist.h"

#include <glib.h>

using namespace rostrum::hls;

namespace test {

void Stream::line(const std::string &text) {
    g_assert_true(timeline.apply(text));
    journal += text + "\n";
    after_line();
}

void Stream::put_init(size_t rendition, unsigned generation, const Tracks &tracks, const std::string &bytes) {
    files[std::to_string(rendition) + "/" + init_name(generation)] = bytes;
    line(map_line(rendition, {tracks.video ? tracks.video->width : 0, tracks.video ? tracks.video->height : 0,
                              codecs_of(tracks)}));
}

void Stream::begin_segment(size_t rendition, uint64_t sequence, int64_t time_ns, unsigned generation,
                           bool discontinuity) {
    line(segment_line(rendition, sequence, kStartMs + time_ns / kMs, generation, discontinuity));
}

void Stream::put_part(size_t rendition, uint64_t sequence, unsigned, int64_t duration_ns, bool independent,
                      const std::string &bytes) {
    files[std::to_string(rendition) + "/" + segment_name(sequence)] += bytes;
    line(part_line(rendition, sequence,
                   {static_cast<uint32_t>(bytes.size()), static_cast<uint32_t>(duration_ns / 1000), independent}));
}

void Stream::end_segment(size_t rendition, uint64_t sequence) {
    line(complete_line(rendition, sequence));
}

VideoTrack video_track(unsigned width, unsigned height) {
    return {width, height, std::string("\x01\x42\xc0\x1f\xff\xe0", 6)};
}

AudioTrack audio_track() {
    return {48000, 2, std::string("\x11\x90", 2)};
}

Feeder::Feeder(Packager &packager, size_t renditions, int64_t first_ns)
    : packager_(packager), renditions_(renditions), video_ns_(first_ns), audio_ns_(first_ns),
      keyframe_slot_(renditions, -1) {}

void Feeder::run_to(int64_t end_ns) {
    constexpr int64_t kSoundFrameNs = 1'000'000'000LL * 1024 / 48000;
    for (; video_ns_ < end_ns; video_ns_ += kFrameNs) {
        for (size_t i = 0; i < renditions_; ++i) {
            if (lost(i, video_ns_))
                continue;
            const bool keyframe = keyframe_slot_[i] != slot_of(video_ns_);
            keyframe_slot_[i] = slot_of(video_ns_);
            packager_.push_video(i, {video_ns_, kFrameNs, keyframe, keyframe ? "key" : "delta"});
        }
        for (; audio_ns_ < video_ns_; audio_ns_ += kSoundFrameNs)
            if (!silent(audio_ns_))
                packager_.push_audio({audio_ns_, kSoundFrameNs, false, "sound"});
    }
}

} // namespace test
