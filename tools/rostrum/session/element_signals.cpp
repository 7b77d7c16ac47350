// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "element_signals.h"

#include <algorithm>
#include <cstdlib>

namespace rostrum::session {

namespace {

peerwire::Error last_error(GstElement *element) {
    g_autofree char *text = nullptr;
    g_object_get(element, "last-error", &text, nullptr);
    if (!text || !*text)
        return {500, "the element gave no reason"};
    char *rest = nullptr;
    const long code = std::strtol(text, &rest, 10);
    if (rest == text || code < 400 || code > 599)
        return {500, text};
    while (*rest == ':' || *rest == ' ')
        ++rest;
    return {static_cast<int>(code), rest};
}

peerwire::Result<std::string> answer_of(GstElement *element, char *answer) {
    if (!answer)
        return last_error(element);
    std::string text = answer;
    g_free(answer);
    return text;
}

/// What is not limited is left out.
GstStructure *options_of(const ViewerLimits &limits) {
    GstStructure *options = gst_structure_new_empty("viewer-options");
    if (limits.max_layer != ViewerLimits::kNone)
        gst_structure_set(options, "max-layer", G_TYPE_UINT, limits.max_layer, nullptr);
    if (limits.max_bitrate != ViewerLimits::kNone)
        gst_structure_set(options, "max-bitrate", G_TYPE_UINT, limits.max_bitrate, nullptr);
    return options;
}

std::string field(const GstStructure *structure, const char *name) {
    const char *value = gst_structure_get_string(structure, name);
    return value ? value : "";
}

Track track_of(GstPad *pad) {
    g_autofree char *name = gst_pad_get_name(pad);
    Track track{name, g_str_has_prefix(name, "video") != FALSE, {}, {}};
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    if (caps && gst_caps_get_size(caps) > 0) {
        const GstStructure *structure = gst_caps_get_structure(caps, 0);
        g_autofree char *encoding = g_ascii_strup(field(structure, "encoding-name").c_str(), -1);
        track.encoding = encoding;
        track.rid = field(structure, "rid");
    }
    return track;
}

} // namespace

peerwire::Result<std::string> call_element(GstElement *element, const char *signal,
                                           const std::vector<std::string> &arguments) {
    char *answer = nullptr;
    if (arguments.size() == 1)
        g_signal_emit_by_name(element, signal, arguments[0].c_str(), &answer);
    else
        g_signal_emit_by_name(element, signal, arguments[0].c_str(), arguments[1].c_str(), &answer);
    return answer_of(element, answer);
}

peerwire::Result<std::string> add_viewer(GstElement *fanout, const std::string &id, const std::string &offer,
                                         const ViewerLimits &limits) {
    char *answer = nullptr;
    g_autoptr(GstStructure) options = options_of(limits);
    g_signal_emit_by_name(fanout, "add-viewer", id.c_str(), offer.c_str(), options, &answer);
    return answer_of(fanout, answer);
}

peerwire::Result<bool> limit_viewer(GstElement *fanout, const std::string &id, const ViewerLimits &limits) {
    gboolean done = FALSE;
    g_autoptr(GstStructure) options = options_of(limits);
    g_signal_emit_by_name(fanout, "set-viewer-options", id.c_str(), options, &done);
    return done ? peerwire::Result<bool>(true) : peerwire::Error{404, "there is no such viewer"};
}

std::map<std::string, Tile> tiles_of(const GstStructure *message) {
    std::map<std::string, Tile> tiles;
    const GValue *array = gst_structure_get_value(message, "tiles");
    for (guint i = 0; array && i < gst_value_array_get_size(array); ++i) {
        const GstStructure *told = gst_value_get_structure(gst_value_array_get_value(array, i));
        int width = 0, height = 0;
        gboolean muted = FALSE;
        gst_structure_get(told, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, "muted", G_TYPE_BOOLEAN,
                          &muted, nullptr);
        const std::string fit = field(told, "fit");
        tiles[field(told, "pad")] = {static_cast<unsigned>(std::max(width, 0)),
                                     static_cast<unsigned>(std::max(height, 0)),
                                     fit == "cover"     ? Fit::Cover
                                     : fit == "contain" ? Fit::Contain
                                                        : Fit::Auto,
                                     muted != FALSE};
    }
    return tiles;
}

LayerDemand layer_demand_of(GstElement *fanout) {
    g_autoptr(GstStructure) structure = nullptr;
    g_object_get(fanout, "layer-demand", &structure, nullptr);
    LayerDemand demand;
    if (structure)
        gst_structure_get(structure, "starving", G_TYPE_UINT, &demand.starving, "limited", G_TYPE_UINT, &demand.limited,
                          nullptr);
    return demand;
}

std::vector<Track> tracks_of(GstElement *streamsrc) {
    std::vector<Track> tracks;
    GST_OBJECT_LOCK(streamsrc);
    std::vector<GstPtr<GstPad>> pads;
    for (GList *at = streamsrc->srcpads; at; at = at->next)
        pads.push_back(ref(GST_PAD(at->data)));
    GST_OBJECT_UNLOCK(streamsrc);
    for (const auto &pad : pads)
        tracks.push_back(track_of(pad.get()));
    std::sort(tracks.begin(), tracks.end(), [](const Track &a, const Track &b) { return a.pad < b.pad; });
    return tracks;
}

} // namespace rostrum::session
