// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where HLS is cut: at fixed times of the pipeline, the same in every rendition, whatever pictures are missing.

#pragma once

#include <cstdint>

namespace rostrum::hls {

/// The time between two keyframes of all encoders; a segment is one such slot.
inline constexpr int64_t kSegmentNs = 2'000'000'000;
/// A player asks three times a second, and is a second behind what there is.
inline constexpr unsigned kPartsPerSegment = 6;

constexpr int64_t slot_of(int64_t time_ns) {
    return time_ns / kSegmentNs;
}
constexpr int64_t slot_begin_ns(int64_t slot) {
    return slot * kSegmentNs;
}
/// Of part 0 to kPartsPerSegment, the last of which begins the next segment.
constexpr int64_t part_begin_ns(int64_t slot, unsigned part) {
    return slot_begin_ns(slot) + kSegmentNs * part / kPartsPerSegment;
}

} // namespace rostrum::hls
