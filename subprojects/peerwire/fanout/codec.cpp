// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/codec.h"

#include "wire/bytes.h"
#include "wire/keyframe.h"

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

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

PayloadFormat payload_format(Codec codec) {
    switch (codec) {
    case Codec::H264:
        return PayloadFormat::H264;
    case Codec::Vp8:
        return PayloadFormat::Vp8;
    case Codec::Vp9:
        return PayloadFormat::Vp9;
    case Codec::Av1:
        return PayloadFormat::Av1;
    case Codec::Opus:
    case Codec::Unknown:
        break;
    }
    return PayloadFormat::Other;
}

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
    if (codec == Codec::H264)
        return inspect_h264(payload);
    const PayloadFormat format = payload_format(codec);
    return {.keyframe = format == PayloadFormat::Other || starts_keyframe(format, payload)};
}

} // namespace peerwire
