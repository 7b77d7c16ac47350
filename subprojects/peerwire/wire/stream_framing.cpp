// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/stream_framing.h"

#include <algorithm>
#include <utility>

namespace peerwire {

namespace {

size_t length_of(std::span<const uint8_t> header) {
    return size_t{header[0]} << 8 | header[1];
}

} // namespace

/// Fills the partial frame up to `wanted` bytes from the front of `bytes`; true when it has them.
bool Deframer::complete(std::span<uint8_t> &bytes, size_t wanted) {
    if (partial_.size() < wanted) {
        const auto taken = bytes.first(std::min(bytes.size(), wanted - partial_.size()));
        partial_.insert(partial_.end(), taken.begin(), taken.end());
        bytes = bytes.subspan(taken.size());
    }
    return partial_.size() >= wanted;
}

std::optional<std::span<uint8_t>> Deframer::next(std::span<uint8_t> &bytes) {
    if (std::exchange(delivered_, false))
        partial_.clear();
    if (broken_)
        return std::nullopt;
    const bool in_place = partial_.empty() && bytes.size() >= kFrameHeader;
    if (!in_place && !complete(bytes, kFrameHeader))
        return std::nullopt;
    const size_t length = length_of(in_place ? std::span<const uint8_t>(bytes) : partial_);
    broken_ = length > kMaxDatagram;
    if (broken_)
        return std::nullopt;
    const size_t size = kFrameHeader + length;
    if (in_place && bytes.size() >= size) {
        const auto datagram = bytes.subspan(kFrameHeader, length);
        bytes = bytes.subspan(size);
        return datagram;
    }
    if (!complete(bytes, size))
        return std::nullopt;
    delivered_ = true;
    return std::span(partial_).subspan(kFrameHeader);
}

} // namespace peerwire
