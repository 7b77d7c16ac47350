// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/keyframe.h"

#include "wire/bytes.h"
#include "wire/vp8_descriptor.h"

#include <algorithm>
#include <cctype>

namespace peerwire {
namespace {

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool vp8_starts_keyframe(std::span<const uint8_t> payload) {
    const auto frame = vp8_frame_start(payload);
    return !frame.empty() && !(frame[0] & 0x01); // inverse key frame flag (RFC 6386 §9.1)
}

bool vp9_starts_keyframe(std::span<const uint8_t> payload) {
    ByteReader in(payload);
    const uint8_t descriptor = in.u8();
    if ((descriptor & 0x40) || !(descriptor & 0x08)) // P: predicted; B: start of a frame
        return false;
    if ((descriptor & 0x80) && (in.u8() & 0x80)) // I, M
        in.skip(1);
    const uint8_t layer = descriptor & 0x20 ? in.u8() : uint8_t{0}; // L
    return in.ok() && ((layer >> 1) & 0x07) == 0;
}

bool is_h264_key_unit(uint8_t nal_type) {
    return nal_type == 5 || nal_type == 7;
}

bool h264_starts_keyframe(std::span<const uint8_t> payload) {
    ByteReader in(payload);
    const uint8_t type = in.u8() & 0x1f;
    if (type == 28 || type == 29) { // FU-A, FU-B
        const uint8_t header = in.u8();
        return in.ok() && (header & 0x80) && is_h264_key_unit(header & 0x1f);
    }
    if (type != 24) // STAP-A
        return in.ok() && is_h264_key_unit(type);
    while (in.left() > 2) {
        const auto unit = in.bytes(in.u16());
        if (!in.ok() || unit.empty())
            return false;
        if (is_h264_key_unit(unit[0] & 0x1f))
            return true;
    }
    return false;
}

} // namespace

PayloadFormat payload_format(std::string_view encoding_name) {
    if (equals_ignoring_case(encoding_name, "VP8"))
        return PayloadFormat::Vp8;
    if (equals_ignoring_case(encoding_name, "VP9"))
        return PayloadFormat::Vp9;
    if (equals_ignoring_case(encoding_name, "H264"))
        return PayloadFormat::H264;
    if (equals_ignoring_case(encoding_name, "AV1"))
        return PayloadFormat::Av1;
    return PayloadFormat::Other;
}

bool starts_keyframe(PayloadFormat format, std::span<const uint8_t> payload) {
    if (payload.empty())
        return false;
    switch (format) {
    case PayloadFormat::Vp8:
        return vp8_starts_keyframe(payload);
    case PayloadFormat::Vp9:
        return vp9_starts_keyframe(payload);
    case PayloadFormat::H264:
        return h264_starts_keyframe(payload);
    case PayloadFormat::Av1:
        return (payload[0] & 0x88) == 0x08; // N: a new coded video sequence; Z: not the rest of an OBU
    case PayloadFormat::Other:
        break;
    }
    return false;
}

} // namespace peerwire
