// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Message bodies as FLV has them (Video File Format 10.1, E.4.2, E.4.3, E.5).

#pragma once

#include "rtmpegress/rtmp/bytes.h"

#include <array>
#include <optional>

namespace rostrum::rtmp {

enum class PacketKind : uint8_t { SequenceHeader = 0, Frame = 1 };

/// In front of an AVCDecoderConfigurationRecord or an access unit in AVC form. `composition_ms`: pts - dts.
std::array<uint8_t, 5> avc_tag(PacketKind kind, bool keyframe, int32_t composition_ms);

/// In front of an AudioSpecificConfig or a raw AAC frame.
std::array<uint8_t, 2> aac_tag(PacketKind kind);

/// What a server is told about the stream; 0 is not known.
struct Metadata {
    struct Video {
        int width = 0, height = 0;
        double fps = 0;
    };
    struct Audio {
        int sample_rate = 0, channels = 0;
    };
    std::optional<Video> video;
    std::optional<Audio> audio;
};

/// Body of the data message @setDataFrame onMetaData.
Bytes metadata_body(const Metadata &metadata);

} // namespace rostrum::rtmp
