// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "sync/counter.h"

namespace peerwire {

/// What a viewer's receiver reports say of one track (RFC 3550 §6.4.1), beside what it was sent until they came.
struct ReceptionCounters {
    Counter packets, bytes; ///< sent; bytes of payload
    Counter lost;           ///< before repairs
    Counter jitter_us;      ///< newest
    Counter round_trip_us;  ///< newest
};

/// What happened to one viewer. Written by its shard, read by anyone.
struct ViewerCounters {
    Counter packets, bytes;    ///< RTP, without retransmissions; bytes with headers
    Counter retransmitted;     ///< answers to NACKs
    Counter redundant;         ///< sound packets that carry the one before as well
    Counter nack_duplicate;    ///< asked again within a round trip
    Counter nack_over_budget;  ///< not answered: the repair budget is used up
    Counter nack_unknown;      ///< not in the ring, or never sent
    Counter unsupported_codec; ///< packets left out: the viewer did not negotiate their codec
    Counter oversized;         ///< packets left out: larger than a datagram may be
    Counter jumps;             ///< the viewer fell behind and went on at a newer keyframe
    Counter keyframe_requests; ///< PLI and FIR from the viewer
    Counter rtcp_ignored;      ///< feedback beyond what a viewer may cost
    Counter layer;             ///< video layer that is followed, kMaxLayers = none
    Counter layer_reason;      ///< LayerReason
    Counter starving;          ///< 1 while even the smallest layer is more than it can take
    Counter layer_switches;    ///< changes of the layer, and pauses
    Counter estimate_bps;      ///< what the path is believed to carry
    Counter probes;            ///< attempts to find out whether it carries more
    Counter probe_bytes;       ///< sent for them
    Counter remb_bps;          ///< newest estimate of the receiver, 0 = none
    Counter round_trip_us;     ///< newest, from receiver reports
    Counter fraction_lost;     ///< of 256, newest video report
    ReceptionCounters video_reception, audio_reception;
};

} // namespace peerwire
