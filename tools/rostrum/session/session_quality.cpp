// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How well media gets here from hosts and from here to viewers: readings of the elements' `stats`.

#include "session.h"

#include <algorithm>

namespace rostrum::session {

namespace {

constexpr gint64 kReadEveryMs = 10000;
constexpr size_t kRowsPerSignal = 200; // `serve` has other things to do between two of them

gint64 wall_ms() {
    return g_get_real_time() / 1000;
}

int64_t number(const GstStructure *structure, const char *name) {
    guint64 value = 0;
    gint64 signed_value = 0;
    if (gst_structure_get_uint64(structure, name, &value))
        return static_cast<int64_t>(value);
    return gst_structure_get_int64(structure, name, &signed_value) ? signed_value : 0;
}

const GstStructure *inner(const GstStructure *structure, const char *name) {
    const GValue *value = gst_structure_get_value(structure, name);
    return value && GST_VALUE_HOLDS_STRUCTURE(value) ? gst_value_get_structure(value) : nullptr;
}

TrackReading reception_of(const GstStructure *viewer, const char *track) {
    const GstStructure *told = inner(viewer, track);
    if (!told)
        return {};
    return {number(told, "packets"), number(told, "bytes"), number(told, "lost"), number(told, "jitter-us"),
            number(told, "round-trip-us")};
}

/// Of the picture on that layer, its shorter side.
unsigned height_of(const GstStructure *stats, int layer) {
    const GstStructure *pad = layer < 0 ? nullptr : inner(stats, ("video_" + std::to_string(layer)).c_str());
    return pad ? static_cast<unsigned>(std::min(number(pad, "width"), number(pad, "height"))) : 0;
}

GstStructure *stats_of(GstElement *element) {
    GstStructure *stats = nullptr;
    g_object_get(element, "stats", &stats, nullptr);
    return stats;
}

void read_viewers(GstElement *fanout, Peers &peers, std::vector<PeerReading> &readings) {
    g_autoptr(GstStructure) stats = stats_of(fanout);
    const GValue *list = stats ? gst_structure_get_value(stats, "viewer-list") : nullptr;
    for (guint i = 0; list && i < gst_value_list_get_size(list); ++i) {
        const GstStructure *viewer = gst_value_get_structure(gst_value_list_get_value(list, i));
        const char *id = gst_structure_get_string(viewer, "id");
        const Peer *peer = id ? peers.find(id) : nullptr;
        if (!peer || !peer->connected)
            continue;
        int layer = -1;
        gst_structure_get_int(viewer, "layer", &layer);
        PeerReading reading{peer->resource,
                            peer->participant,
                            false,
                            reception_of(viewer, "audio"),
                            reception_of(viewer, "video"),
                            height_of(stats, layer),
                            g_strcmp0(gst_structure_get_string(viewer, "layer-reason"), "paused") == 0};
        readings.push_back(std::move(reading));
    }
}

/// Layers of one picture count together; jitter is that of the worst.
void add_track(const GstStructure *told, TrackReading &reading) {
    const int64_t repaired = number(told, "repaired");
    reading.packets += number(told, "packets") - repaired;
    reading.bytes += number(told, "bytes");
    reading.lost += std::max<int64_t>(0, number(told, "lost")) + repaired;
    reading.jitter_us = std::max(reading.jitter_us, number(told, "jitter") / 1000);
}

PeerReading read_host(GstElement *src, const Peer &peer) {
    PeerReading reading{peer.resource, peer.participant, true, {}, {}, 0, false};
    g_autoptr(GstStructure) stats = stats_of(src);
    if (!stats)
        return reading;
    for (int i = 0; i < gst_structure_n_fields(stats); ++i) {
        const char *name = gst_structure_nth_field_name(stats, static_cast<guint>(i));
        const GstStructure *track = inner(stats, name);
        if (track && number(track, "packets") > 0)
            add_track(track, g_str_has_prefix(name, "video") ? reading.video : reading.audio);
    }
    const int64_t round_trip_us = number(stats, "round-trip") / 1000;
    for (TrackReading *track : {&reading.audio, &reading.video})
        if (track->packets > 0)
            track->round_trip_us = round_trip_us;
    return reading;
}

unsigned tallest(const Host &host) {
    unsigned height = 0;
    for (const auto &[pad, picture] : host.pictures)
        if (picture.flowing)
            height = std::max(height, std::min(picture.width, picture.height));
    return height;
}

} // namespace

/// At whole ten seconds, so that none reaches far into the next minute.
void Session::watch_quality() {
    quality_timer_.start(static_cast<unsigned>(kReadEveryMs - wall_ms() % kReadEveryMs), [this] {
        read_quality();
        watch_quality();
        return false;
    });
}

std::vector<GstElement *> Session::watched_fanouts() const {
    std::set<std::string> branches;
    for (const auto &[resource, peer] : peers_.all())
        if (peer.role == Peer::Role::Viewer)
            branches.insert(peer.branch);
    std::vector<GstElement *> fanouts;
    for (const auto &branch : branches)
        if (GstElement *fanout = fanout_of(branch))
            fanouts.push_back(fanout);
    return fanouts;
}

void Session::read_quality() {
    std::vector<PeerReading> readings;
    for (GstElement *fanout : watched_fanouts())
        read_viewers(fanout, peers_, readings);
    for (const auto &[resource, peer] : peers_.all()) {
        GstElement *src = peer.role == Peer::Role::Host && peer.connected
                              ? reconciler_.element(host_branch(peer.participant) + "/src")
                              : nullptr;
        if (!src)
            continue;
        readings.push_back(read_host(src, peer));
        if (const Host *host = state_.find_host(peer.participant))
            readings.back().height = tallest(*host);
    }
    quality_.read(readings, wall_ms());
    tell_quality();
}

void Session::tell_quality() {
    const std::vector<MinuteRow> rows = quality_.take();
    for (size_t at = 0; at < rows.size(); at += kRowsPerSignal)
        listener_.statistics(std::span(rows).subspan(at, std::min(kRowsPerSignal, rows.size() - at)));
}

void Session::resend_quality() {
    quality_.resend();
    tell_quality();
}

} // namespace rostrum::session
