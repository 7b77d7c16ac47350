// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/stats.h"

namespace rostrum {

namespace {

struct ViewerField {
    const char *name;
    peerwire::Counter peerwire::ViewerCounters::*counter;
    bool summed;
};

using C = peerwire::ViewerCounters;
constexpr ViewerField kViewerFields[] = {
    {"packets", &C::packets, true},
    {"bytes", &C::bytes, true},
    {"retransmitted", &C::retransmitted, true},
    {"redundant", &C::redundant, true},
    {"nack-duplicate", &C::nack_duplicate, true},
    {"nack-over-budget", &C::nack_over_budget, true},
    {"nack-unknown", &C::nack_unknown, true},
    {"unsupported-codec", &C::unsupported_codec, true},
    {"oversized", &C::oversized, true},
    {"jumps", &C::jumps, true},
    {"keyframe-requests", &C::keyframe_requests, true},
    {"rtcp-ignored", &C::rtcp_ignored, true},
    {"layer-switches", &C::layer_switches, true},
    {"probes", &C::probes, true},
    {"probe-bytes", &C::probe_bytes, true},
    {"estimate", &C::estimate_bps, false},
    {"remb", &C::remb_bps, false},
    {"round-trip-us", &C::round_trip_us, false},
    {"fraction-lost", &C::fraction_lost, false},
};

struct ReceptionField {
    const char *name;
    peerwire::Counter peerwire::ReceptionCounters::*counter;
};

using R = peerwire::ReceptionCounters;
constexpr ReceptionField kReceptionFields[] = {{"packets", &R::packets},
                                               {"bytes", &R::bytes},
                                               {"lost", &R::lost},
                                               {"jitter-us", &R::jitter_us},
                                               {"round-trip-us", &R::round_trip_us}};

void set_number(GstStructure *structure, const char *name, uint64_t value) {
    gst_structure_set(structure, name, G_TYPE_UINT64, static_cast<guint64>(value), nullptr);
}

/// Takes `inner`.
void set_structure(GstStructure *structure, const char *name, GstStructure *inner) {
    gst_structure_set(structure, name, GST_TYPE_STRUCTURE, inner, nullptr);
    gst_structure_free(inner);
}

/// -1 = none.
int layer_number(uint64_t layer) {
    return layer < peerwire::kMaxLayers ? static_cast<int>(layer) : -1;
}

GstStructure *reception_structure(const peerwire::ReceptionCounters &counters) {
    GstStructure *structure = gst_structure_new_empty("reception");
    for (const ReceptionField &field : kReceptionFields)
        set_number(structure, field.name, (counters.*field.counter).get());
    return structure;
}

GstStructure *viewer_structure(const ViewerStats &viewer) {
    GstStructure *structure = gst_structure_new("viewer", "id", G_TYPE_STRING, viewer.id.c_str(), "connected",
                                                G_TYPE_BOOLEAN, viewer.connected, nullptr);
    for (const ViewerField &field : kViewerFields)
        set_number(structure, field.name, ((*viewer.counters).*field.counter).get());
    const auto reason = static_cast<peerwire::LayerReason>(viewer.counters->layer_reason.get());
    gst_structure_set(structure, "layer", G_TYPE_INT, layer_number(viewer.counters->layer.get()), "layer-reason",
                      G_TYPE_STRING, to_string(reason), nullptr);
    set_structure(structure, "video", reception_structure(viewer.counters->video_reception));
    set_structure(structure, "audio", reception_structure(viewer.counters->audio_reception));
    return structure;
}

} // namespace

void add_input_stats(GstStructure *stats, const TrackInput &input) {
    const peerwire::WriterCounters &counters = input.counters();
    GstStructure *structure = gst_structure_new("input", "codec", G_TYPE_STRING, to_string(input.codec()), nullptr);
    set_number(structure, "packets", counters.packets.get());
    set_number(structure, "bytes", counters.bytes.get());
    set_number(structure, "keyframes", counters.keyframes.get());
    set_number(structure, "sources", counters.sources.get());
    if (!input.is_audio()) {
        set_number(structure, "width", counters.picture_width.get());
        set_number(structure, "height", counters.picture_height.get());
    }
    set_number(structure, "dropped-malformed", counters.dropped_malformed.get());
    set_number(structure, "dropped-waiting", counters.dropped_waiting.get());
    set_number(structure, "dropped-old", counters.dropped_old.get());
    set_number(structure, "dropped-duplicate", counters.dropped_duplicate.get());
    set_structure(stats, input.describe().c_str(), structure);
}

GstStructure *demand_structure(const LayerDemand &demand) {
    GstStructure *structure =
        gst_structure_new("viewerfanout-layer-demand", "viewers", G_TYPE_UINT, demand.viewers, "starving", G_TYPE_UINT,
                          demand.starving, "limited", G_TYPE_UINT, demand.limited, nullptr);
    for (unsigned layer = 0; layer < demand.on.size(); ++layer)
        if (demand.on[layer] > 0)
            gst_structure_set(structure, TrackInput::pad_name(layer).c_str(), G_TYPE_UINT, demand.on[layer], nullptr);
    return structure;
}

void add_viewer_stats(GstStructure *stats, const std::vector<ViewerStats> &viewers) {
    GValue list = G_VALUE_INIT;
    gst_value_list_init(&list, static_cast<guint>(viewers.size()));
    uint64_t connected = 0;
    GstStructure *sums = gst_structure_new_empty("viewers");
    for (const ViewerField &field : kViewerFields) {
        uint64_t sum = 0;
        for (const ViewerStats &viewer : viewers)
            sum += ((*viewer.counters).*field.counter).get();
        if (field.summed)
            set_number(sums, field.name, sum);
    }
    for (const ViewerStats &viewer : viewers) {
        connected += viewer.connected ? 1 : 0;
        GValue value = G_VALUE_INIT;
        g_value_init(&value, GST_TYPE_STRUCTURE);
        g_value_take_boxed(&value, viewer_structure(viewer));
        gst_value_list_append_and_take_value(&list, &value);
    }
    set_number(sums, "count", viewers.size());
    set_number(sums, "connected", connected);
    set_structure(stats, "viewers", sums);
    gst_structure_take_value(stats, "viewer-list", &list);
}

void add_server_stats(GstStructure *stats, const peerwire::ServerCounters &counters, double load) {
    GstStructure *structure = gst_structure_new("server", "load", G_TYPE_DOUBLE, load, nullptr);
    set_number(structure, "refused-busy", counters.peers_refused);
    set_number(structure, "datagrams-in", counters.datagrams_in);
    set_number(structure, "datagrams-out", counters.datagrams_out);
    set_number(structure, "bytes-out", counters.bytes_out);
    set_number(structure, "send-calls", counters.send_calls);
    set_number(structure, "handshake-datagrams", counters.handshake_datagrams);
    set_number(structure, "longest-wake-us", counters.longest_wake_us);
    set_number(structure, "dropped-auth", counters.dropped_auth);
    set_number(structure, "dropped-handshake", counters.dropped_handshake);
    set_number(structure, "dropped-replay", counters.dropped_replay);
    set_number(structure, "dropped-stun", counters.dropped_stun);
    set_number(structure, "dropped-unchecked", counters.dropped_unchecked);
    set_number(structure, "dropped-unknown", counters.dropped_unknown);
    set_number(structure, "dropped-send", counters.dropped_send_full + counters.dropped_send_error);
    set_number(structure, "tcp-accepted", counters.tcp_accepted);
    set_number(structure, "tcp-refused", counters.tcp_refused);
    set_number(structure, "tcp-stuck", counters.tcp_stuck);
    set_structure(stats, "server", structure);
}

} // namespace rostrum
