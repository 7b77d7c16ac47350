// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/codec.h"

#include "wire/bytes.h"

#include <algorithm>
#include <array>

namespace peerwire {

namespace {

constexpr std::array<std::string_view, kCodecCount> kNames{"unknown", "H264", "VP8", "VP9", "AV1", "opus"};

constexpr uint8_t kNalIdr = 5, kNalSps = 7, kNalStapA = 24, kNalFuA = 28;

void note_nal(uint8_t header, PayloadInfo &info) {
    const uint8_t type = header & 0x1f;
    info.parameter_sets = info.parameter_sets || type == kNalSps;
    info.idr_slice = info.idr_slice || type == kNalIdr;
}

PayloadInfo inspect_h264(std::span<const uint8_t> payload) {
    PayloadInfo info;
    ByteReader reader(payload);
    const uint8_t header = reader.u8();
    const uint8_t type = header & 0x1f;
    if (type == kNalStapA) { // RFC 6184 §5.7.1
        while (reader.left() > 2) {
            const auto nal = reader.bytes(reader.u16());
            if (!nal.empty())
                note_nal(nal[0], info);
            if (!reader.ok())
                break;
        }
    } else if (type == kNalFuA) { // §5.8; only the fragment that starts the unit counts
        const uint8_t fu_header = reader.u8();
        if (reader.ok() && (fu_header & 0x80))
            note_nal(fu_header, info);
    } else if (reader.ok()) {
        note_nal(header, info);
    }
    info.keyframe = info.parameter_sets || info.idr_slice;
    return info;
}

/// RFC 7741 §4.2 and §4.3.
PayloadInfo inspect_vp8(std::span<const uint8_t> payload) {
    ByteReader reader(payload);
    const uint8_t descriptor = reader.u8();
    if (descriptor & 0x80) {
        const uint8_t extension = reader.u8();
        if ((extension & 0x80) && (reader.u8() & 0x80)) // PictureID of 15 bits
            reader.skip(1);
        if (extension & 0x40) // TL0PICIDX
            reader.skip(1);
        if (extension & 0x30) // TID, KEYIDX
            reader.skip(1);
    }
    const bool begins_frame = (descriptor & 0x10) && (descriptor & 0x07) == 0; // S, PID 0
    const uint8_t first = reader.u8();
    return {.keyframe = reader.ok() && begins_frame && !(first & 0x01)};
}

/// RFC 9628 §4.2: a frame that is not inter-picture predicted, at its beginning, in the lowest spatial layer.
PayloadInfo inspect_vp9(std::span<const uint8_t> payload) {
    ByteReader reader(payload);
    const uint8_t descriptor = reader.u8();
    if (descriptor & 0x80 && (reader.u8() & 0x80)) // I: PictureID of 7 or 15 bits
        reader.skip(1);
    uint8_t spatial = 0;
    if (descriptor & 0x20) // L: layer indices
        spatial = static_cast<uint8_t>((reader.u8() >> 1) & 0x07);
    const bool predicted = descriptor & 0x40, begins_frame = descriptor & 0x08;
    return {.keyframe = reader.ok() && !predicted && begins_frame && spatial == 0};
}

/// Aggregation header, bit N: the first packet of a coded video sequence.
PayloadInfo inspect_av1(std::span<const uint8_t> payload) {
    return {.keyframe = payload.size() > 1 && (payload[0] & 0x08)};
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

Codec codec_from_name(std::string_view name) {
    for (size_t i = 1; i < kNames.size(); ++i) {
        if (std::equal(name.begin(), name.end(), kNames[i].begin(), kNames[i].end(),
                       [](char a, char b) { return lower(a) == lower(b); }))
            return static_cast<Codec>(i);
    }
    return Codec::Unknown;
}

const char *to_string(Codec codec) {
    return kNames[static_cast<size_t>(codec)].data();
}

PayloadInfo inspect_payload(Codec codec, std::span<const uint8_t> payload) {
    switch (codec) {
    case Codec::H264:
        return inspect_h264(payload);
    case Codec::Vp8:
        return inspect_vp8(payload);
    case Codec::Vp9:
        return inspect_vp9(payload);
    case Codec::Av1:
        return inspect_av1(payload);
    case Codec::Opus:
    case Codec::Unknown:
        break;
    }
    return {.keyframe = true};
}

} // namespace peerwire
