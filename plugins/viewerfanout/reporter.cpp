// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/reporter.h"

#include <gst/video/video-event.h>

namespace rostrum {

namespace {

std::shared_ptr<GWeakRef> weak_reference(GstElement *element) {
    std::shared_ptr<GWeakRef> reference(new GWeakRef, [](GWeakRef *weak) {
        g_weak_ref_clear(weak);
        delete weak;
    });
    g_weak_ref_init(reference.get(), element);
    return reference;
}

} // namespace

Reporter::Reporter(GstElement *element) : element_(weak_reference(element)) {}

Reporter::~Reporter() = default;

/// Runs `job(element)` on the queue's thread unless the element is gone by then.
template <class Job> void Reporter::post(Job job) {
    queue_.post([weak = element_, job = std::move(job)] {
        GstElement *element = static_cast<GstElement *>(g_weak_ref_get(weak.get()));
        if (!element)
            return;
        job(element);
        gst_object_unref(element);
    });
}

void Reporter::viewer_connected(const std::string &id) {
    post([id](GstElement *element) {
        g_signal_emit_by_name(element, "viewer-connected", id.c_str());
        g_object_notify(G_OBJECT(element), "viewer-count");
    });
}

void Reporter::viewer_quality(const std::string &id, const ViewerQuality &quality) {
    post([id, quality](GstElement *element) {
        GstStructure *structure = gst_structure_new("viewer-quality", "layer", G_TYPE_UINT, quality.layer, "paused",
                                                    G_TYPE_BOOLEAN, quality.reason == peerwire::LayerReason::Paused,
                                                    "reason", G_TYPE_STRING, to_string(quality.reason), "estimate",
                                                    G_TYPE_UINT64, static_cast<guint64>(quality.estimate_bps), nullptr);
        g_signal_emit_by_name(element, "viewer-quality", id.c_str(), structure);
        gst_structure_free(structure);
    });
}

void Reporter::viewer_disconnected(const std::string &id, const std::string &reason) {
    post([id, reason](GstElement *element) {
        g_signal_emit_by_name(element, "viewer-disconnected", id.c_str(), reason.c_str());
        g_object_notify(G_OBJECT(element), "viewer-count");
    });
}

void Reporter::keyframe_wanted(unsigned layer) {
    post([layer](GstElement *element) {
        const std::string name = "video_" + std::to_string(layer);
        g_autoptr(GstPad) pad = gst_element_get_static_pad(element, name.c_str());
        if (pad)
            gst_pad_push_event(pad, gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0));
    });
}

void Reporter::layer_demand_changed() {
    post([](GstElement *element) { g_object_notify(G_OBJECT(element), "layer-demand"); });
}

/// An element message with one field.
void Reporter::post_message(const char *name, const char *field, const std::string &value) {
    post([=](GstElement *element) {
        GstStructure *structure = gst_structure_new(name, field, G_TYPE_STRING, value.c_str(), nullptr);
        gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
    });
}

void Reporter::listening(const std::string &uri) {
    post_message("viewerfanout-listening", "uri", uri);
}

void Reporter::source_changed(const std::string &pad, SourceWatch::Change change) {
    const bool lost = change == SourceWatch::Change::Lost;
    post_message(lost ? "viewerfanout-source-lost" : "viewerfanout-source-back", "pad", pad);
}

} // namespace rostrum
