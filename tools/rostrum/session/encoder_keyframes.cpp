// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "encoder_keyframes.h"

#include "keyframe_cadence.h"

#include <gst/video/video.h>

namespace rostrum::session {

namespace {

using Shared = std::shared_ptr<KeyframeCadence>;

/// Any thread.
GstPadProbeReturn take_request(GstPad *, GstPadProbeInfo *info, gpointer data) {
    if (!gst_video_event_is_force_key_unit(GST_PAD_PROBE_INFO_EVENT(info)))
        return GST_PAD_PROBE_OK;
    (*static_cast<Shared *>(data))->request();
    return GST_PAD_PROBE_DROP;
}

/// The streaming thread, with a picture on its way into the encoder.
GstPadProbeReturn mark(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    g_autoptr(GstEvent) sticky = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = nullptr;
    if (sticky)
        gst_event_parse_segment(sticky, &segment);
    const GstClockTime pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
    const GstClockTime time = segment ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts) : pts;
    if (GST_CLOCK_TIME_IS_VALID(time) && (*static_cast<Shared *>(data))->next(static_cast<int64_t>(time)))
        gst_pad_send_event(pad, gst_video_event_new_downstream_force_key_unit(
                                    pts, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, FALSE, 0)); // the next one
    return GST_PAD_PROBE_OK;
}

void add_probe(GstElement *encoder, const char *name, GstPadProbeType type, GstPadProbeCallback probe,
               const Shared &cadence) {
    const auto pad = adopt(gst_element_get_static_pad(encoder, name));
    gst_pad_add_probe(pad.get(), type, probe, new Shared(cadence),
                      [](gpointer data) { delete static_cast<Shared *>(data); });
}

} // namespace

void pace_keyframes(GstElement *encoder) {
    const auto cadence = std::make_shared<KeyframeCadence>();
    add_probe(encoder, "src", GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, take_request, cadence);
    add_probe(encoder, "sink", GST_PAD_PROBE_TYPE_BUFFER, mark, cadence);
}

} // namespace rostrum::session
