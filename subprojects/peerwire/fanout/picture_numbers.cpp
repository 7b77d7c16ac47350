// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/picture_numbers.h"

#include "wire/bytes.h"

namespace peerwire {

namespace {

constexpr uint16_t kIdMask = 0x7fff;

/// The fields as the source wrote them; none when the descriptor is cut off.
PictureMark read_id(ByteReader &in, PictureMark mark) {
    mark.id_at = static_cast<uint8_t>(in.position());
    const uint8_t first = in.u8();
    mark.wide_id = first & 0x80; // M
    mark.id = first & 0x7f;
    if (mark.wide_id)
        mark.id = static_cast<uint16_t>(mark.id << 8 | in.u8());
    return mark;
}

PictureMark read_tl0(ByteReader &in, PictureMark mark) {
    mark.tl0_at = static_cast<uint8_t>(in.position());
    mark.tl0 = in.u8();
    return mark;
}

PictureMark read_vp8(std::span<const uint8_t> payload) {
    ByteReader in(payload);
    PictureMark mark;
    if (!(in.u8() & 0x80)) // X
        return {};
    const uint8_t extensions = in.u8();
    if (extensions & 0x80) // I
        mark = read_id(in, mark);
    if (extensions & 0x40) // L
        mark = read_tl0(in, mark);
    return in.ok() ? mark : PictureMark{};
}

PictureMark read_vp9(std::span<const uint8_t> payload) {
    ByteReader in(payload);
    PictureMark mark;
    const uint8_t descriptor = in.u8();
    if (descriptor & 0x80) // I
        mark = read_id(in, mark);
    if (descriptor & 0x20) { // L
        in.skip(1);
        if (!(descriptor & 0x10)) // F: without it the index follows
            mark = read_tl0(in, mark);
    }
    return in.ok() ? mark : PictureMark{};
}

PictureMark read_mark(Codec codec, std::span<const uint8_t> payload) {
    return codec == Codec::Vp8 ? read_vp8(payload) : codec == Codec::Vp9 ? read_vp9(payload) : PictureMark{};
}

/// From `from` to `to` the shorter way round, in numbers of 7 or 15 bits.
int distance(uint16_t from, uint16_t to, bool wide) {
    const int size = wide ? 0x8000 : 0x80;
    const int ahead = (to - from) & (size - 1);
    return ahead < size / 2 ? ahead : ahead - size;
}

uint16_t add(uint16_t id, int steps) {
    return static_cast<uint16_t>(id + steps) & kIdMask;
}

} // namespace

void write_picture_numbers(std::span<uint8_t> payload, const PictureMark &mark, PictureOffset offset) {
    const uint16_t id = add(mark.id, offset.id);
    if (mark.id_at && mark.wide_id)
        store_be16(&payload[mark.id_at], static_cast<uint16_t>(0x8000 | id));
    else if (mark.id_at)
        payload[mark.id_at] = id & 0x7f;
    if (mark.tl0_at)
        payload[mark.tl0_at] = static_cast<uint8_t>(mark.tl0 + offset.tl0);
}

PictureOffset following(const PictureMark &mark) {
    return {add(mark.id, mark.id_at ? 1 : 0), static_cast<uint8_t>(mark.tl0 + (mark.tl0_at ? 1 : 0))};
}

PictureMark PictureNumbering::number(Codec codec, std::span<const uint8_t> payload) {
    PictureMark mark = read_mark(codec, payload);
    mark.id = mark.id_at ? number_id(mark.id, mark.wide_id) : add(newest_id_, any_id_ ? 1 : 0);
    mark.tl0 = mark.tl0_at ? number_tl0(mark.tl0) : static_cast<uint8_t>(newest_tl0_ + (any_tl0_ ? 1 : 0));
    return mark;
}

uint16_t PictureNumbering::number_id(uint16_t id, bool wide) {
    if (!in_source_.id || in_source_.wide_id != wide) {
        newest_id_ = any_id_ ? add(newest_id_, 1) : id;
        source_id_ = id;
        in_source_.id = any_id_ = true;
        in_source_.wide_id = wide;
        return newest_id_;
    }
    const int steps = distance(source_id_, id, wide);
    const uint16_t numbered = add(newest_id_, steps);
    if (steps > 0) {
        newest_id_ = numbered;
        source_id_ = id;
    }
    return numbered;
}

uint8_t PictureNumbering::number_tl0(uint8_t tl0) {
    if (!in_source_.tl0)
        tl0_offset_ = any_tl0_ ? static_cast<uint8_t>(newest_tl0_ + 1 - tl0) : uint8_t{0};
    const auto numbered = static_cast<uint8_t>(tl0 + tl0_offset_);
    if (!in_source_.tl0 || static_cast<int8_t>(numbered - newest_tl0_) > 0)
        newest_tl0_ = numbered;
    in_source_.tl0 = any_tl0_ = true;
    return numbered;
}

} // namespace peerwire
