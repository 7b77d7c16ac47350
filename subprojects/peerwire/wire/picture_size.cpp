// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/picture_size.h"

#include "wire/bits.h"
#include "wire/bytes.h"
#include "wire/vp8_descriptor.h"

#include <algorithm>
#include <array>

namespace peerwire {
namespace {

constexpr size_t kMaxSpsBytes = 512; // real ones have about 30; one with all scaling lists fits
constexpr uint32_t kMaxPixels = 16384;

std::optional<PictureSize> checked(uint32_t width, uint32_t height) {
    if (width == 0 || height == 0 || width > kMaxPixels || height > kMaxPixels)
        return std::nullopt;
    return PictureSize{width, height};
}

std::optional<PictureSize> vp8_size(std::span<const uint8_t> payload) {
    const auto frame = vp8_frame_start(payload);
    if (frame.empty() || (frame[0] & 0x01))
        return std::nullopt;
    ByteReader in(frame);
    in.skip(3);
    if (in.u24() != 0x9d012a)
        return std::nullopt;
    const auto dimension = [&in] { // little endian; the upper two bits ask to be scaled
        const uint32_t low = in.u8();
        return (low | uint32_t{in.u8()} << 8) & 0x3fff;
    };
    const uint32_t width = dimension(), height = dimension();
    return in.ok() ? checked(width, height) : std::nullopt;
}

/// RFC 9628 §4.2.1.
std::optional<PictureSize> vp9_structure_size(ByteReader &in) {
    const uint8_t header = in.u8();
    if (!(header & 0x10)) // Y
        return std::nullopt;
    PictureSize largest;
    for (unsigned layers = (header >> 5) + 1u; layers > 0; --layers) {
        const uint32_t width = in.u16(), height = in.u16();
        largest = {std::max(largest.width, width), std::max(largest.height, height)};
    }
    return in.ok() ? checked(largest.width, largest.height) : std::nullopt;
}

/// uncompressed_header() of a keyframe, VP9 bitstream specification §6.2.
std::optional<PictureSize> vp9_frame_size(std::span<const uint8_t> frame) {
    constexpr uint32_t kSrgb = 7;
    BitReader in(frame);
    if (in.bits(2) != 2)
        return std::nullopt;
    const uint32_t profile_low = in.bits(1);
    const uint32_t profile = in.bits(1) << 1 | profile_low;
    if (profile == 3)
        in.skip(1);
    if (in.flag() || in.flag()) // show_existing_frame; not a keyframe
        return std::nullopt;
    in.skip(2);
    if (in.bits(24) != 0x498342)
        return std::nullopt;
    if (profile >= 2)
        in.skip(1);
    if (in.bits(3) != kSrgb)
        in.skip(profile & 1 ? 4 : 1);
    else
        in.skip(profile & 1);
    const uint32_t width = in.bits(16) + 1, height = in.bits(16) + 1;
    return in.ok() ? checked(width, height) : std::nullopt;
}

std::optional<PictureSize> vp9_size(std::span<const uint8_t> payload) {
    ByteReader in(payload);
    const uint8_t descriptor = in.u8();
    if ((descriptor & 0x40) || !(descriptor & 0x08)) // P, B
        return std::nullopt;
    if ((descriptor & 0x80) && (in.u8() & 0x80)) // I, M
        in.skip(1);
    if (descriptor & 0x20) { // L
        in.skip(1);
        if (!(descriptor & 0x10)) // F
            in.skip(1);
    }
    if (!in.ok())
        return std::nullopt;
    if (descriptor & 0x02) // V
        return vp9_structure_size(in);
    return vp9_frame_size(payload.subspan(in.position()));
}

void skip_scaling_list(BitReader &in, unsigned size) {
    int32_t last = 8, next = 8;
    for (unsigned i = 0; i < size && in.ok(); ++i) {
        if (next != 0)
            next = static_cast<int32_t>((int64_t{last} + in.signed_golomb()) & 0xff);
        last = next == 0 ? last : next;
    }
}

bool has_chroma_format(uint32_t profile) {
    constexpr std::array<uint32_t, 13> kProfiles{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
    return std::find(kProfiles.begin(), kProfiles.end(), profile) != kProfiles.end();
}

/// chroma_format_idc and what follows it up to the scaling lists; 1 (4:2:0) where it is not written.
uint32_t read_chroma_format(BitReader &in, uint32_t profile) {
    if (!has_chroma_format(profile))
        return 1;
    const uint32_t chroma = in.unsigned_golomb();
    const bool separate_planes = chroma == 3 && in.flag();
    in.unsigned_golomb();
    in.unsigned_golomb();
    in.skip(1);
    if (in.flag())
        for (unsigned list = 0; list < (chroma == 3 ? 12u : 8u); ++list)
            if (in.flag())
                skip_scaling_list(in, list < 6 ? 16 : 64);
    return separate_planes ? 0 : chroma;
}

void skip_picture_order(BitReader &in) {
    const uint32_t type = in.unsigned_golomb();
    if (type == 0) {
        in.unsigned_golomb();
    } else if (type == 1) {
        in.skip(1);
        in.signed_golomb();
        in.signed_golomb();
        for (uint32_t left = std::min(in.unsigned_golomb(), 256u); left > 0 && in.ok(); --left)
            in.signed_golomb();
    }
}

/// `rbsp` follows the NAL unit header.
std::optional<PictureSize> sps_size(std::span<const uint8_t> rbsp) {
    BitReader in(rbsp);
    const uint32_t profile = in.bits(8);
    in.skip(16);
    in.unsigned_golomb();
    const uint32_t chroma = read_chroma_format(in, profile);
    in.unsigned_golomb();
    skip_picture_order(in);
    in.unsigned_golomb();
    in.skip(1);
    const uint64_t columns = uint64_t{in.unsigned_golomb()} + 1, rows = uint64_t{in.unsigned_golomb()} + 1;
    const bool frames_only = in.flag();
    in.skip(frames_only ? 1 : 2);
    const uint64_t fields = frames_only ? 1 : 2;
    uint64_t width = columns * 16, height = rows * 16 * fields;
    if (in.flag()) {
        const uint64_t unit_x = chroma == 1 || chroma == 2 ? 2 : 1, unit_y = (chroma == 1 ? 2 : 1) * fields;
        const uint64_t left = in.unsigned_golomb(), right = in.unsigned_golomb();
        const uint64_t top = in.unsigned_golomb(), bottom = in.unsigned_golomb();
        width -= std::min(width, (left + right) * unit_x);
        height -= std::min(height, (top + bottom) * unit_y);
    }
    if (!in.ok() || width > kMaxPixels || height > kMaxPixels)
        return std::nullopt;
    return checked(static_cast<uint32_t>(width), static_cast<uint32_t>(height));
}

/// ITU-T H.264 §7.4.1: without emulation_prevention_three_byte.
std::optional<PictureSize> h264_unit_size(std::span<const uint8_t> unit) {
    if (unit.empty() || (unit[0] & 0x1f) != 7)
        return std::nullopt;
    std::array<uint8_t, kMaxSpsBytes> rbsp;
    size_t size = 0, zeros = 0;
    for (const uint8_t byte : unit.subspan(1)) {
        if (size == rbsp.size())
            break;
        if (zeros >= 2 && byte == 3) {
            zeros = 0;
            continue;
        }
        zeros = byte == 0 ? zeros + 1 : 0;
        rbsp[size++] = byte;
    }
    return sps_size(std::span<const uint8_t>(rbsp).first(size));
}

std::optional<PictureSize> h264_size(std::span<const uint8_t> payload) {
    if ((payload[0] & 0x1f) != 24) // STAP-A
        return h264_unit_size(payload);
    ByteReader in(payload.subspan(1));
    while (in.left() > 2) {
        const auto unit = in.bytes(in.u16());
        if (!in.ok())
            break;
        if (const auto size = h264_unit_size(unit))
            return size;
    }
    return std::nullopt;
}

} // namespace

std::optional<PictureSize> picture_size(PayloadFormat format, std::span<const uint8_t> payload) {
    if (payload.empty())
        return std::nullopt;
    switch (format) {
    case PayloadFormat::Vp8:
        return vp8_size(payload);
    case PayloadFormat::Vp9:
        return vp9_size(payload);
    case PayloadFormat::H264:
        return h264_size(payload);
    case PayloadFormat::Av1:
    case PayloadFormat::Other:
        break;
    }
    return std::nullopt;
}

} // namespace peerwire
