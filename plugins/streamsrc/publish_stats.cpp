// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/publish_stats.h"

namespace rostrum {
namespace {

std::string encoding_name(const PublishPlan::Track &track, uint8_t payload_type) {
    for (const SdpCodec &codec : track.media.codecs) {
        if (codec.payload_type == payload_type)
            return codec.name;
    }
    return "";
}

GstStructure *track_structure(const PublishPlan::Track &track, const peerwire::TrackStats &stats) {
    return gst_structure_new(
        "streamsrc-track", "encoding-name", G_TYPE_STRING, encoding_name(track, stats.payload_type).c_str(), "mid",
        G_TYPE_STRING, track.media.mid.c_str(), "rid", G_TYPE_STRING, track.rid.c_str(), "ssrc", G_TYPE_UINT,
        stats.ssrc, "packets", G_TYPE_UINT64, stats.packets, "bytes", G_TYPE_UINT64, stats.bytes, "bitrate",
        G_TYPE_UINT64, stats.bitrate_bps, "lost", G_TYPE_INT64, stats.lost, "nacked", G_TYPE_UINT64, stats.nacked,
        "repaired", G_TYPE_UINT64, stats.repaired, "given-up", G_TYPE_UINT64, stats.given_up, "duplicates",
        G_TYPE_UINT64, stats.duplicates, "keyframes", G_TYPE_UINT64, stats.keyframes, "plis", G_TYPE_UINT64, stats.plis,
        "jitter", G_TYPE_UINT64, static_cast<guint64>(stats.jitter), "stalled", G_TYPE_BOOLEAN, stats.stalled,
        "synchronised", G_TYPE_BOOLEAN, stats.synchronised, nullptr);
}

} // namespace

void write_publish_stats(GstStructure *structure, const PublishSession &session) {
    const peerwire::PublisherStats stats = session.stats();
    gst_structure_set(structure, "connected", G_TYPE_BOOLEAN, session.connected(), "round-trip", G_TYPE_UINT64,
                      static_cast<guint64>(stats.round_trip), "unknown-packets", G_TYPE_UINT64, stats.unknown_packets,
                      "malformed-packets", G_TYPE_UINT64, stats.malformed_packets, "transport-cc-packets",
                      G_TYPE_UINT64, stats.transport_cc_packets, nullptr);
    for (size_t i = 0; i < stats.tracks.size(); ++i) {
        const PublishPlan::Track &track = session.plan().tracks[i];
        GstStructure *nested = track_structure(track, stats.tracks[i]);
        gst_structure_set(structure, track.pad.c_str(), GST_TYPE_STRUCTURE, nested, nullptr);
        gst_structure_free(nested);
    }
}

} // namespace rostrum
