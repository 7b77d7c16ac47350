// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hls_tap.h"

#include <functional>
#include <utility>

namespace rostrum::session {

namespace {

struct Tap {
    std::function<void(const GstStructure *caps)> caps;
    std::function<void(hls::Sample sample, bool discontinuity)> sample;
};

std::string bytes_of(GstBuffer *buffer) {
    std::string bytes(gst_buffer_get_size(buffer), '\0');
    gst_buffer_extract(buffer, 0, bytes.data(), bytes.size());
    return bytes;
}

std::string codec_data(const GstStructure *caps) {
    const GValue *value = gst_structure_get_value(caps, "codec_data");
    GstBuffer *buffer = value && GST_VALUE_HOLDS_BUFFER(value) ? gst_value_get_buffer(value) : nullptr;
    return buffer ? bytes_of(buffer) : "";
}

unsigned number(const GstStructure *caps, const char *name) {
    int value = 0;
    gst_structure_get_int(caps, name, &value);
    return static_cast<unsigned>(std::max(value, 0));
}

void take_buffer(GstPad *pad, GstBuffer *buffer, const Tap &tap) {
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = nullptr;
    if (event)
        gst_event_parse_segment(event, &segment);
    const GstClockTime at = segment && GST_BUFFER_PTS_IS_VALID(buffer)
                                ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer))
                                : GST_CLOCK_TIME_NONE;
    if (at == GST_CLOCK_TIME_NONE)
        return;
    hls::Sample sample;
    sample.time_ns = static_cast<int64_t>(at);
    sample.duration_ns = GST_BUFFER_DURATION_IS_VALID(buffer) ? static_cast<int64_t>(GST_BUFFER_DURATION(buffer)) : 0;
    sample.keyframe = !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    sample.bytes = bytes_of(buffer);
    tap.sample(std::move(sample), GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT));
}

GstPadProbeReturn take(GstPad *pad, GstPadProbeInfo *info, gpointer data) {
    const Tap &tap = *static_cast<Tap *>(data);
    if (GST_PAD_PROBE_INFO_TYPE(info) & GST_PAD_PROBE_TYPE_BUFFER) {
        take_buffer(pad, GST_PAD_PROBE_INFO_BUFFER(info), tap);
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_CAPS) {
        GstCaps *caps = nullptr;
        gst_event_parse_caps(GST_PAD_PROBE_INFO_EVENT(info), &caps);
        tap.caps(gst_caps_get_structure(caps, 0));
    }
    return GST_PAD_PROBE_OK;
}

void attach(GstElement *sink, Tap tap) {
    const auto pad = adopt(gst_element_get_static_pad(sink, "sink"));
    gst_pad_add_probe(pad.get(),
                      static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                      take, new Tap(std::move(tap)), [](gpointer data) { delete static_cast<Tap *>(data); });
}

} // namespace

void tap_video(GstElement *sink, const std::shared_ptr<HlsWriter> &writer, size_t rendition) {
    attach(sink, {[writer, rendition](const GstStructure *caps) {
                      writer->set_video(rendition, {number(caps, "width"), number(caps, "height"), codec_data(caps)});
                  },
                  [writer, rendition](hls::Sample sample, bool discontinuity) {
                      writer->push_video(rendition, std::move(sample), discontinuity);
                  }});
}

void tap_audio(GstElement *sink, const std::shared_ptr<HlsWriter> &writer) {
    attach(sink, {[writer](const GstStructure *caps) {
                      writer->set_audio({number(caps, "rate"), number(caps, "channels"), codec_data(caps)});
                  },
                  [writer](hls::Sample sample, bool) { writer->push_audio(std::move(sample)); }});
}

} // namespace rostrum::session
