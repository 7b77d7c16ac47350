// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "bench.h"

namespace rostrum::test {

using peerwire::MutexLock;

Bench::Bench(const std::function<void(GstElement *)> &configure) {
    pipeline = gst_pipeline_new(nullptr);
    source = gst_element_factory_make("streamsrc", nullptr);
    g_assert_nonnull(source);
    if (configure)
        configure(source);
    g_signal_connect(source, "pad-added", G_CALLBACK(on_pad_added), this);
    g_signal_connect(source, "no-more-pads", G_CALLBACK(on_no_more_pads), this);
    gst_bin_add(GST_BIN(pipeline), source);
}

Bench::~Bench() {
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
}

void Bench::play() {
    g_assert_cmpint(gst_element_set_state(pipeline, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
    gst_element_get_state(pipeline, nullptr, nullptr, GST_SECOND);
}

void Bench::set_state(GstState state) {
    g_assert_cmpint(gst_element_set_state(pipeline, state), !=, GST_STATE_CHANGE_FAILURE);
}

void Bench::on_no_more_pads(GstElement *, gpointer self) {
    g_atomic_int_inc(&static_cast<Bench *>(self)->no_more_pads_);
}

void Bench::on_pad_added(GstElement *, GstPad *pad, gpointer self) {
    static_cast<Bench *>(self)->link(pad);
}

void Bench::link(GstPad *pad) {
    g_autofree gchar *name = gst_pad_get_name(pad);
    const auto found = sinks_.find(name);
    const std::string description = found == sinks_.end() ? "fakesink sync=false async=false" : found->second;
    {
        MutexLock lock(mutex_);
        Seen &seen = seen_[name];
        if (const auto caps = GstRef<GstCaps>::adopt(gst_pad_get_current_caps(pad)); seen.caps.empty() && caps)
            seen.caps.push_back(caps); // applications look at the caps when the pad appears
    }
    gst_pad_add_probe(pad,
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                                   GST_PAD_PROBE_TYPE_EVENT_FLUSH),
                      on_data, this, nullptr);
    if (description.empty())
        return;
    GstElement *sink = gst_parse_bin_from_description(description.c_str(), TRUE, nullptr);
    gst_bin_add(GST_BIN(pipeline), sink);
    gst_element_sync_state_with_parent(sink);
    const auto sink_pad = GstRef<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    g_assert_cmpint(gst_pad_link(pad, sink_pad.get()), ==, GST_PAD_LINK_OK);
}

GstPadProbeReturn Bench::on_data(GstPad *pad, GstPadProbeInfo *info, gpointer self) {
    g_autofree gchar *name = gst_pad_get_name(pad);
    static_cast<Bench *>(self)->note(name, info);
    return GST_PAD_PROBE_OK;
}

void Bench::note(const std::string &pad, GstPadProbeInfo *info) {
    MutexLock lock(mutex_);
    Seen &seen = seen_[pad];
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
        ++seen.buffers;
        seen.pts.push_back(GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info)));
        return;
    }
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START: {
        const gchar *id = nullptr;
        gst_event_parse_stream_start(event, &id);
        seen.stream_ids.emplace_back(id);
        break;
    }
    case GST_EVENT_CAPS: {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(event, &caps);
        if (seen.caps.empty() || !gst_caps_is_equal(seen.caps.back().get(), caps))
            seen.caps.push_back(GstRef<GstCaps>::ref(caps));
        break;
    }
    case GST_EVENT_SEGMENT:
        ++seen.segments;
        break;
    case GST_EVENT_FLUSH_STOP:
        ++seen.flush_stops;
        break;
    case GST_EVENT_EOS:
        seen.eos = true;
        break;
    default:
        break;
    }
}

Seen Bench::seen(const std::string &pad) const {
    MutexLock lock(mutex_);
    const auto found = seen_.find(pad);
    return found == seen_.end() ? Seen() : found->second;
}

std::vector<std::string> Bench::pads() const {
    std::vector<std::string> names;
    MutexLock lock(mutex_);
    for (const auto &[name, seen] : seen_)
        names.push_back(name);
    return names;
}

void Bench::take_messages() {
    const auto bus = GstRef<GstBus>::adopt(gst_element_get_bus(pipeline));
    while (const auto message = GstRef<GstMessage>::adopt(gst_bus_pop(bus.get()))) {
        error_ |= GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR;
        const GstStructure *content = gst_message_get_structure(message.get());
        if (content && gst_structure_has_name(content, "streamsrc-state"))
            states_.emplace_back(gst_structure_get_string(content, "state"),
                                 gst_structure_get_string(content, "reason"));
        if (content && gst_structure_has_name(content, "streamsrc-picture"))
            note_picture(content);
    }
}

bool Bench::said(const std::string &state, const char *reason) {
    take_messages();
    for (const auto &[said_state, said_reason] : states_) {
        if (said_state == state && (!reason || said_reason == reason))
            return true;
    }
    return false;
}

void Bench::note_picture(const GstStructure *content) {
    guint width = 0, height = 0;
    gboolean flowing = FALSE;
    g_assert_true(gst_structure_get(content, "width", G_TYPE_UINT, &width, "height", G_TYPE_UINT, &height, "flowing",
                                    G_TYPE_BOOLEAN, &flowing, nullptr));
    pictures_[gst_structure_get_string(content, "pad")] =
        std::to_string(width) + "x" + std::to_string(height) + (flowing ? " flowing" : " silent");
}

std::string Bench::picture(const std::string &pad) {
    take_messages();
    return pictures_[pad];
}

bool Bench::had_error() {
    take_messages();
    return error_;
}

} // namespace rostrum::test
