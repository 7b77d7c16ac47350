// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/sink_pad.h"

namespace rostrum {

namespace {

/// What a pad's functions need; freed with the pad.
struct PadData {
    Fanout &fanout;
    TrackInput &input;
};

PadData &data_of(GstPad *pad) {
    return *static_cast<PadData *>(gst_pad_get_element_private(pad));
}

GstFlowReturn chain(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
    PadData &data = data_of(pad);
    const GstFlowReturn flow = data.input.take(pad, GST_ELEMENT(parent), buffer);
    gst_buffer_unref(buffer);
    data.fanout.wake(data.input.is_whole());
    return flow;
}

/// A list is one frame: its packets leave together.
GstFlowReturn chain_list(GstPad *pad, GstObject *parent, GstBufferList *list) {
    PadData &data = data_of(pad);
    GstFlowReturn flow = GST_FLOW_OK;
    for (guint i = 0; i < gst_buffer_list_length(list) && flow == GST_FLOW_OK; ++i)
        flow = data.input.take(pad, GST_ELEMENT(parent), gst_buffer_list_get(list, i));
    gst_buffer_list_unref(list);
    data.fanout.wake(data.input.is_whole());
    return flow;
}

gboolean handle_event(GstPad *pad, GstObject *parent, GstEvent *event) {
    TrackInput &input = data_of(pad).input;
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_STREAM_START:
        input.begin_stream();
        break;
    case GST_EVENT_CAPS: {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(event, &caps);
        input.set_caps(caps);
        break;
    }
    case GST_EVENT_SEGMENT: {
        const GstSegment *segment = nullptr;
        gst_event_parse_segment(event, &segment);
        if (segment->format != GST_FORMAT_TIME) {
            gst_event_unref(event);
            return FALSE;
        }
        input.set_segment(*segment);
        break;
    }
    case GST_EVENT_EOS:
        input.end();
        break;
    case GST_EVENT_FLUSH_START:
        input.pacer().set_flushing(true);
        break;
    case GST_EVENT_FLUSH_STOP:
        input.pacer().set_flushing(false);
        input.flush();
        break;
    default:
        break;
    }
    const bool eos = GST_EVENT_TYPE(event) == GST_EVENT_EOS;
    const gboolean handled = gst_pad_event_default(pad, parent, event);
    if (eos)
        post_eos_when_ended(GST_ELEMENT(parent), pad);
    return handled;
}

gboolean activate_mode(GstPad *pad, GstObject *, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH)
        return FALSE;
    data_of(pad).input.pacer().set_flushing(!active);
    return TRUE;
}

} // namespace

GstPad *make_sink_pad(GstPadTemplate *templ, const std::string &name, Fanout &fanout, TrackInput &input) {
    GstPad *pad = gst_pad_new_from_template(templ, name.c_str());
    auto *data = new PadData{fanout, input};
    gst_pad_set_element_private(pad, data);
    g_object_weak_ref(
        G_OBJECT(pad), [](gpointer pad_data, GObject *) { delete static_cast<PadData *>(pad_data); }, data);
    gst_pad_set_chain_function(pad, chain);
    gst_pad_set_chain_list_function(pad, chain_list);
    gst_pad_set_event_function(pad, handle_event);
    gst_pad_set_activatemode_function(pad, activate_mode);
    return pad;
}

void end_input(GstPad *pad) {
    data_of(pad).input.end();
}

void post_eos_when_ended(GstElement *element, GstPad *ending) {
    unsigned pads = 0, ended = 0;
    GST_OBJECT_LOCK(element);
    for (GList *walk = element->sinkpads; walk; walk = walk->next) {
        ++pads;
        ended += walk->data == ending || GST_PAD_IS_EOS(GST_PAD(walk->data)) ? 1 : 0;
    }
    GST_OBJECT_UNLOCK(element);
    if (pads > 0 && ended == pads)
        gst_element_post_message(element, gst_message_new_eos(GST_OBJECT(element)));
}

} // namespace rostrum
