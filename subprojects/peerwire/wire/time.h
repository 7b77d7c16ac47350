// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Time is an argument everywhere in wire/, peer/, publish/ and fanout/: no clock is read there, so tests tick their
// own.

#pragma once

#include <cstdint>
#include <limits>

namespace peerwire {

/// CLOCK_MONOTONIC, in nanoseconds.
using TimeNs = int64_t;

inline constexpr TimeNs kNever = std::numeric_limits<TimeNs>::max();
/// Before everything, and differences to it still fit.
inline constexpr TimeNs kLongAgo = -kNever / 2;
inline constexpr TimeNs kNsPerUs = 1'000;
inline constexpr TimeNs kNsPerMs = 1'000'000;
inline constexpr TimeNs kNsPerSecond = 1'000'000'000;

/// `time` as a 32.32 fixed-point NTP timestamp (RFC 3550 §4). The epoch is that of `time`: receivers only use
/// differences, and the middle 32 bits (ntp >> 16) for round-trip times.
constexpr uint64_t to_ntp(TimeNs time) {
    const auto seconds = static_cast<uint64_t>(time / kNsPerSecond);
    const auto rest = static_cast<uint64_t>(time % kNsPerSecond);
    return (seconds << 32) | ((rest << 32) / static_cast<uint64_t>(kNsPerSecond));
}

/// The inverse of to_ntp(), to the nanosecond below.
constexpr TimeNs from_ntp(uint64_t ntp) {
    const auto fraction = (ntp & 0xffffffffu) * static_cast<uint64_t>(kNsPerSecond);
    return static_cast<TimeNs>(ntp >> 32) * kNsPerSecond + static_cast<TimeNs>(fraction >> 32);
}

} // namespace peerwire
