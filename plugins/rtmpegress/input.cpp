// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/input.h"

#include "rtmpegress/debug.h"

#include <gst/app/gstappsink.h>

namespace rostrum {

namespace {

const char *parser_for(MediaKind kind) {
    return kind == MediaKind::Video ? "h264parse" : "aacparse";
}

GstPtr<GstCaps> flv_caps(MediaKind kind) {
    return adopt(gst_caps_from_string(kind == MediaKind::Video ? "video/x-h264,stream-format=avc,alignment=au"
                                                               : "audio/mpeg,mpegversion=4,stream-format=raw"));
}

GstPtr<GstElement> add(GstBin *bin, const char *factory) {
    GstElement *element = gst_element_factory_make(factory, nullptr);
    if (!element)
        return nullptr;
    gst_bin_add(bin, element);
    return ref(element);
}

/// A live source paces itself, and waiting for its clock times would only add the pipeline's latency. A file does not:
/// it is paced here, or the bounded queues behind would drop most of it.
bool is_upstream_live(GstPad *sinkpad) {
    GstQuery *query = gst_query_new_latency();
    gboolean live = TRUE;
    if (gst_pad_peer_query(sinkpad, query))
        gst_query_parse_latency(query, &live, nullptr, nullptr);
    gst_query_unref(query);
    return live;
}

bool running_time(const GstSegment *segment, GstClockTime time, int64_t &result) {
    guint64 distance = 0;
    const int sign = gst_segment_to_running_time_full(segment, GST_FORMAT_TIME, time, &distance);
    result = sign * static_cast<int64_t>(distance);
    return sign != 0;
}

} // namespace

Input::Input(GstBin *bin, MediaKind kind, Feed &feed, std::function<void()> restarted)
    : bin_(bin), kind_(kind), feed_(feed), restarted_(std::move(restarted)), parse_(add(bin, parser_for(kind))),
      sink_(add(bin, "appsink")) {
    if (!parse_ || !sink_)
        return;
    g_object_set(sink_.get(), "async", FALSE, "caps", flv_caps(kind).get(), "enable-last-sample", FALSE, nullptr);
    gst_element_link(parse_.get(), sink_.get());
    const auto sinkpad = adopt(gst_element_get_static_pad(sink_.get(), "sink"));
    watch(sinkpad.get());

    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = [](GstAppSink *sink, gpointer self) {
        if (const auto sample = adopt(gst_app_sink_try_pull_sample(sink, 0)))
            static_cast<Input *>(self)->on_sample(sample.get());
        return GST_FLOW_OK;
    };
    gst_app_sink_set_callbacks(GST_APP_SINK(sink_.get()), &callbacks, this, nullptr);
    feed_.expect(kind, true);
    gst_element_sync_state_with_parent(sink_.get());
    gst_element_sync_state_with_parent(parse_.get());
    target_ = adopt(gst_element_get_static_pad(parse_.get(), "sink"));
}

Input::~Input() {
    for (GstElement *element : {parse_.get(), sink_.get()}) {
        if (!element)
            continue;
        gst_element_set_locked_state(element, TRUE);
        gst_element_set_state(element, GST_STATE_NULL);
        gst_bin_remove(bin_, element);
    }
    feed_.expect(kind_, false);
}

bool Input::has_ended() const {
    return ended_;
}

void Input::watch(GstPad *sinkpad) {
    const auto types =
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM | GST_PAD_PROBE_TYPE_EVENT_FLUSH);
    gst_pad_add_probe(
        sinkpad, types,
        [](GstPad *pad, GstPadProbeInfo *info, gpointer self) {
            return static_cast<Input *>(self)->on_event(pad, GST_PAD_PROBE_INFO_EVENT(info));
        },
        this, nullptr);
}

GstPadProbeReturn Input::on_event(GstPad *pad, GstEvent *event) {
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(event, &caps);
        feed_.set_caps(kind_, caps);
        g_object_set(sink_.get(), "sync", !is_upstream_live(pad), nullptr);
        break;
    }
    case GST_EVENT_EOS:
        ended_ = true;
        break;
    case GST_EVENT_FLUSH_STOP:
        ended_ = false;
        feed_.reset();
        restarted_();
        break;
    default:
        break;
    }
    return GST_PAD_PROBE_OK;
}

void Input::on_sample(GstSample *sample) {
    GstBuffer *buffer = gst_sample_get_buffer(sample);
    const GstSegment *segment = gst_sample_get_segment(sample);
    auto frame = std::make_shared<Frame>();
    frame->kind = kind_;
    frame->keyframe = kind_ == MediaKind::Audio || !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    if (!running_time(segment, GST_BUFFER_PTS(buffer), frame->pts)) {
        GST_WARNING("dropped a frame without a usable timestamp");
        return;
    }
    if (!running_time(segment, GST_BUFFER_DTS(buffer), frame->dts))
        frame->dts = frame->pts;
    frame->buffer = ref(buffer);
    frame->caps = ref(gst_sample_get_caps(sample));
    feed_.publish(frame);
}

} // namespace rostrum
