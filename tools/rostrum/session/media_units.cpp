// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "media_units.h"

#include <bit>

namespace rostrum::session {

namespace {

// Elements of RFC 9559 that hold others: only their headers are taken, as their sizes are not known while they grow.
constexpr uint32_t kSegment = 0x18538067, kCluster = 0x1F43B675;
constexpr uint32_t kSimpleBlock = 0xA3, kBlockGroup = 0xA0;

uint64_t big_endian(const uint8_t *data, size_t size) {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i)
        value = value << 8 | data[i];
    return value;
}

} // namespace

size_t MediaUnits::complete() {
    while (scanned_ < pending_.size()) {
        const Element element = format_ == FileFormat::Mp4 ? next_box(scanned_) : next_ebml(scanned_);
        if (element.size == 0 || element.size > pending_.size() - scanned_)
            return 0;
        scanned_ += element.size;
        if (element.ends)
            return scanned_;
    }
    return 0;
}

/// A box is its size and type (section 4.2); a fragment ends with its media data.
MediaUnits::Element MediaUnits::next_box(size_t at) const {
    const size_t left = pending_.size() - at;
    const uint8_t *data = pending_.data() + at;
    if (left < 8)
        return {};
    const uint64_t type = big_endian(data + 4, 4);
    uint64_t size = big_endian(data, 4);
    if (size == 1) {
        if (left < 16)
            return {};
        size = big_endian(data + 8, 8);
    }
    constexpr uint64_t kMediaData = 0x6d646174; // "mdat"
    return {size < 8 ? left : static_cast<size_t>(size), type == kMediaData};
}

/// An element is an id and a size of variable length (RFC 8794 section 4 and 5).
MediaUnits::Element MediaUnits::next_ebml(size_t at) const {
    const size_t left = pending_.size() - at;
    const uint8_t *data = pending_.data() + at;
    const size_t id_size = static_cast<size_t>(std::countl_zero(data[0])) + 1;
    if (id_size > 4 || left < id_size + 1)
        return {id_size > 4 ? left : 0, false};
    const size_t size_size = static_cast<size_t>(std::countl_zero(data[id_size])) + 1;
    if (size_size > 8 || left < id_size + size_size)
        return {size_size > 8 ? left : 0, false};
    const uint64_t id = big_endian(data, id_size);
    const uint64_t mask = (uint64_t{1} << (7 * size_size)) - 1;
    const uint64_t size = big_endian(data + id_size, size_size) & mask;
    const size_t header = id_size + size_size;
    if (id == kSegment || id == kCluster || size == mask)
        return {header, false};
    return {header + static_cast<size_t>(size), id == kSimpleBlock || id == kBlockGroup};
}

} // namespace rostrum::session
