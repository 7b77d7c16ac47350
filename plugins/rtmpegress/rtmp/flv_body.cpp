// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp/flv_body.h"

#include "rtmpegress/rtmp/amf0.h"

namespace rostrum::rtmp {

namespace {

constexpr uint8_t kAvc = 7, kAac = 10;                 // codec ids
constexpr uint8_t kKeyframe = 1 << 4, kInter = 2 << 4; // frame types
constexpr uint8_t kAacTag = kAac << 4 | 0x0f; // rate, size and type are fixed for AAC: the decoder looks at its config

} // namespace

std::array<uint8_t, 5> avc_tag(PacketKind kind, bool keyframe, int32_t composition_ms) {
    std::array<uint8_t, 5> tag{};
    tag[0] = (keyframe ? kKeyframe : kInter) | kAvc;
    tag[1] = static_cast<uint8_t>(kind);
    peerwire::store_be24(&tag[2], static_cast<uint32_t>(composition_ms));
    return tag;
}

std::array<uint8_t, 2> aac_tag(PacketKind kind) {
    return {kAacTag, static_cast<uint8_t>(kind)};
}

Bytes metadata_body(const Metadata &metadata) {
    Bytes body;
    Amf0Writer out(body);
    const auto number = [&](std::string_view key, double value) {
        if (value <= 0)
            return;
        out.key(key);
        out.number(value);
    };
    out.string("@setDataFrame");
    out.string("onMetaData");
    out.begin_ecma_array(0); // a hint: readers go on to the end marker
    if (metadata.video) {
        number("width", metadata.video->width);
        number("height", metadata.video->height);
        number("framerate", metadata.video->fps);
        number("videocodecid", kAvc);
    }
    if (metadata.audio) {
        number("audiosamplerate", metadata.audio->sample_rate);
        number("audiosamplesize", 16);
        number("audiochannels", metadata.audio->channels);
        out.key("stereo");
        out.boolean(metadata.audio->channels == 2);
        number("audiocodecid", kAac);
    }
    out.key("encoder");
    out.string("Rostrum");
    out.end();
    return body;
}

} // namespace rostrum::rtmp
