// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Fragmented MP4 as HLS takes it (RFC 8216bis section 3.1.2): an initialization segment, and fragments of sound and
// picture. Knows no clock and no file. Reentrant.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rostrum::hls {

struct VideoTrack {
    unsigned width = 0, height = 0;
    std::string configuration; // AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.3.3.1

    bool operator==(const VideoTrack &) const = default;
};

struct AudioTrack {
    unsigned rate = 0, channels = 0;
    std::string configuration; // AudioSpecificConfig, ISO/IEC 14496-3 section 1.6.2.1

    bool operator==(const AudioTrack &) const = default;
};

struct Tracks {
    std::optional<VideoTrack> video;
    std::optional<AudioTrack> audio;

    bool operator==(const Tracks &) const = default;
};

/// One coded picture (NAL units with lengths of 4 bytes, decoded in the order they are shown) or sound frame.
struct Sample {
    int64_t time_ns = 0;
    int64_t duration_ns = 0;
    bool keyframe = false; // of a picture
    std::string bytes;
};

struct Fragment {
    std::vector<Sample> video, audio;

    bool empty() const { return video.empty() && audio.empty(); }
};

std::string init_segment(const Tracks &tracks);

/// moof and mdat. The duration of a sample is the time to the next one; that of the last one is its own.
std::string write_fragment(const Tracks &tracks, uint32_t sequence, const Fragment &fragment);

/// The CODECS attribute (RFC 6381).
std::string codecs_of(const Tracks &tracks);

} // namespace rostrum::hls
