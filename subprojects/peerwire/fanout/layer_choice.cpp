// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/layer_choice.h"

namespace peerwire {

namespace {

// A sender that is short of bandwidth stops whole layers; a slow screen share still sends more often than this.
constexpr TimeNs kSilent = 2 * kNsPerSecond;

/// Bytes per second over what the ring holds; 0 when nothing came lately.
uint64_t flow(const PacketRing &ring, TimeNs feed_now) {
    PacketInfo oldest, newest;
    const uint64_t head = ring.head();
    if (head == 0 || !ring.read_info(head - 1, newest) || feed_now - newest.pts > kSilent ||
        !ring.read_info(ring.floor(), oldest))
        return 0;
    const uint64_t bytes = (newest.word - oldest.word) * 8 + newest.size;
    const TimeNs span = newest.pts > oldest.pts ? newest.pts - oldest.pts : 0;
    return 1 + bytes * 1000 / static_cast<uint64_t>(span / kNsPerMs + 1);
}

} // namespace

unsigned choose_layer(const Feed &feed, unsigned preferred, unsigned current, TimeNs feed_now) {
    unsigned best = kMaxLayers, any = kMaxLayers;
    uint64_t best_flow = 0, current_flow = 0;
    for (unsigned layer = 0; layer < kMaxLayers; ++layer) {
        const PacketRing *ring = feed.video(layer);
        if (!ring)
            continue;
        any = any == kMaxLayers ? layer : any;
        const uint64_t layer_flow = flow(*ring, feed_now);
        if (layer == current)
            current_flow = layer_flow;
        if (layer == preferred && layer_flow > 0)
            return preferred;
        if (layer_flow > best_flow) {
            best_flow = layer_flow;
            best = layer;
        }
    }
    if (best == kMaxLayers)
        return current < kMaxLayers ? current : any;
    const bool clearly_better = best_flow > current_flow + current_flow / 2;
    return clearly_better || current >= kMaxLayers ? best : current;
}

} // namespace peerwire
