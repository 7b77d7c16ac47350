// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/message_meter.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr uint8_t kFinal = 0x80, kOpcode = 0x0f, kControl = 0x08; // of the first byte
constexpr uint8_t kMasked = 0x80, kLength = 0x7f;                 // of the second
constexpr uint8_t kTwoBytes = 126, kEightBytes = 127;             // lengths that say where the length is

size_t bytes_of_length(uint8_t second) {
    const uint8_t length = second & kLength;
    return length == kTwoBytes ? 2 : length == kEightBytes ? 8 : 0;
}

} // namespace

bool MessageMeter::feed(std::span<const uint8_t> bytes) {
    while (!bytes.empty()) {
        if (payload_ > 0) {
            const uint64_t step = std::min<uint64_t>(payload_, bytes.size());
            payload_ -= step;
            bytes = bytes.subspan(static_cast<size_t>(step));
            continue;
        }
        header_[header_size_++] = bytes.front();
        bytes = bytes.subspan(1);
        if (header_size_ < 2)
            continue;
        const size_t extended = bytes_of_length(header_[1]);
        if (header_size_ < 2 + extended + (header_[1] & kMasked ? 4 : 0))
            continue;
        uint64_t length = extended == 0 ? header_[1] & kLength : 0;
        for (size_t i = 0; i < extended; ++i)
            length = length << 8 | header_[2 + i];
        header_size_ = 0;
        if (!begin_payload(length))
            return false;
    }
    return true;
}

/// A frame that stands alone has libsoup's own limit.
bool MessageMeter::begin_payload(uint64_t length) {
    payload_ = length;
    const uint8_t opcode = header_[0] & kOpcode;
    if (opcode & kControl)
        return true;
    if (opcode != 0)
        message_ = 0;
    else if (length > limit_ || message_ + length > limit_)
        return false;
    message_ = header_[0] & kFinal ? 0 : std::min(length, limit_) + message_;
    return true;
}

} // namespace rostrum
