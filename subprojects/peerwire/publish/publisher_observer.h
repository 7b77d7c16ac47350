// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "net/media_endpoint.h"
#include "publish/publisher_config.h"
#include "publish/publisher_stats.h"

namespace peerwire {

/// One RTP packet of a track, original or repaired, no duplicates, in the order of arrival.
struct MediaPacket {
    size_t track = 0; ///< index into PublisherConfig::tracks
    const ReceiveCodec &codec;
    uint32_t ssrc = 0;
    int64_t sequence = 0; ///< extended
    TimeNs arrival = 0;
    TimeNs capture = 0;    ///< when it was captured, on our clock; see StreamClock
    bool keyframe = false; ///< holds the first bytes of a keyframe
    bool repaired = false;
    bool new_stream = false;        ///< first packet of this SSRC, or its numbering started anew
    std::span<const uint8_t> bytes; ///< valid during the call
};

/// What a publisher tells. Thread-bound: called on the shard's thread; must not block.
class PublisherObserver {
  public:
    virtual ~PublisherObserver() = default;
    virtual void on_connected(TimeNs now) = 0;
    virtual void on_media(const MediaPacket &packet) = 0;
    /// No RTP for TrackConfig::stall_after or a BYE (RFC 3550 §6.6); false: RTP again.
    virtual void on_stalled(size_t track, bool stalled) = 0;
    /// About once a second.
    virtual void on_stats(const PublisherStats &stats) = 0;
    /// The last call.
    virtual void on_closed(TimeNs now, CloseReason reason) = 0;
};

} // namespace peerwire
