// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <cstdint>
#include <vector>

namespace peerwire {

/// Counts since the publisher connected, unless said otherwise.
struct TrackStats {
    uint32_t ssrc = 0; ///< 0 before the first packet
    uint8_t payload_type = 0;
    uint64_t packets = 0, bytes = 0; ///< without duplicates, with repaired packets
    uint64_t bitrate_bps = 0;        ///< over the last second
    int64_t lost = 0;                ///< missing now, repaired ones not counted
    uint64_t nacked = 0, repaired = 0, given_up = 0, duplicates = 0;
    uint64_t keyframes = 0, plis = 0;
    TimeNs jitter = 0;
    bool stalled = false;
    bool synchronised = false; ///< a sender report maps its timestamps
};

struct PublisherStats {
    std::vector<TrackStats> tracks; ///< as in PublisherConfig::tracks
    TimeNs round_trip = 0;          ///< of the path (RFC 3611 §4.5), else from NACK to repair; 0 before the first
    uint64_t unknown_packets = 0;   ///< of no track
    uint64_t malformed_packets = 0;
    uint64_t transport_cc_packets = 0; ///< feedback packets sent
};

} // namespace peerwire
