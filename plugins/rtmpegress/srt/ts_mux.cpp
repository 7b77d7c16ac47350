// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/srt/ts_mux.h"

#include <algorithm>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>

namespace rostrum {

namespace {

constexpr guint64 kMaxQueuedNs = 5 * GST_SECOND; // a history (3 s) and a stall of 2 s
constexpr guint64 kMaxQueuedBytes = 24u << 20;
constexpr guint64 kResumeQueuedNs = GST_SECOND / 2;
constexpr GstClockTime kPatience = GST_SECOND; // sound and picture may arrive this far apart
constexpr int kPacketsPerPiece = 7;            // what SRT carries in one packet

struct Kind {
    const char *parser, *caps; // as MPEG-TS has it
};

constexpr Kind kVideo = {"h264parse", "video/x-h264,stream-format=byte-stream,alignment=au"};
constexpr Kind kAudio = {"aacparse", "audio/mpeg,mpegversion=4,stream-format=adts"};

} // namespace

TsMux::TsMux(const StreamFormat &format, std::function<void(const uint8_t *, size_t)> out)
    : out_(std::move(out)), pipeline_(sink(gst_pipeline_new(nullptr))),
      bus_(adopt(gst_element_get_bus(pipeline_.get()))) {
    GstElement *mux = make("mpegtsmux");
    if (!mux || !add_sink(mux)) {
        fault_ = "the GStreamer element mpegtsmux (bad) is needed";
        return;
    }
    g_object_set(mux, "alignment", kPacketsPerPiece, "latency", kPatience, nullptr);
    for (const MediaKind kind : {MediaKind::Video, MediaKind::Audio})
        if (GstCaps *caps = format.of(kind); caps && !add_input(mux, kind, caps))
            fault_ = "MPEG-TS cannot carry this stream";
}

TsMux::~TsMux() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

GstElement *TsMux::make(const char *factory) {
    GstElement *element = gst_element_factory_make(factory, nullptr);
    if (element)
        gst_bin_add(GST_BIN(pipeline_.get()), element);
    return element;
}

bool TsMux::add_input(GstElement *mux, MediaKind kind, GstCaps *caps) {
    const auto &[parser, wanted] = kind == MediaKind::Video ? kVideo : kAudio;
    GstElement *source = make("appsrc"), *parse = make(parser);
    if (!source || !parse)
        return false;
    g_object_set(source, "is-live", TRUE, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "max-buffers", guint64{0},
                 "max-time", guint64{0}, "emit-signals", FALSE, "caps", caps, nullptr);
    if (kind == MediaKind::Video)
        g_object_set(parse, "config-interval", -1, nullptr); // whoever tunes in can decode
    input(kind) = {ref(source), ref(caps)};
    const auto ts_caps = adopt(gst_caps_from_string(wanted));
    return gst_element_link(source, parse) && gst_element_link_filtered(parse, mux, ts_caps.get());
}

bool TsMux::add_sink(GstElement *mux) {
    GstElement *sink = make("appsink");
    if (!sink)
        return false;
    g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
    GstAppSinkCallbacks callbacks{};
    callbacks.eos = [](GstAppSink *, gpointer self) { static_cast<TsMux *>(self)->ended_ = true; };
    callbacks.new_sample = [](GstAppSink *from, gpointer self) {
        const auto sample = adopt(gst_app_sink_try_pull_sample(from, 0));
        GstMapInfo map;
        if (sample && gst_buffer_map(gst_sample_get_buffer(sample.get()), &map, GST_MAP_READ)) {
            static_cast<TsMux *>(self)->out_(map.data, map.size);
            gst_buffer_unmap(gst_sample_get_buffer(sample.get()), &map);
        }
        return GST_FLOW_OK;
    };
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, this, nullptr);
    return gst_element_link(mux, sink);
}

std::string TsMux::start() {
    if (fault_.empty() && gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        fault_ = "the MPEG-TS pipeline did not start";
    return fault_;
}

std::string TsMux::error() {
    const auto message = adopt(gst_bus_pop_filtered(bus_.get(), GST_MESSAGE_ERROR));
    if (!message)
        return "";
    GError *error = nullptr;
    gst_message_parse_error(message.get(), &error, nullptr);
    return adopt(error)->message;
}

bool TsMux::has_backlog() const {
    return std::any_of(inputs_.begin(), inputs_.end(), [](const Input &input) {
        return input.source && gst_app_src_get_current_level_bytes(GST_APP_SRC(input.source.get())) > 0;
    });
}

int64_t TsMux::running_time() const {
    return static_cast<int64_t>(gst_element_get_current_running_time(pipeline_.get()));
}

bool TsMux::can_begin(const FramePtr &start) const {
    if (start->dts == start_dts_)
        return false;
    return std::all_of(inputs_.begin(), inputs_.end(), [](const Input &input) {
        return !input.source || gst_app_src_get_current_level_time(GST_APP_SRC(input.source.get())) < kResumeQueuedNs;
    });
}

void TsMux::begin(const FramePtr &start) {
    start_dts_ = start->dts;
    // Now, so that the muxer knows how late a frame is; but never back in what was sent before.
    const int64_t first = std::min(start->dts, start->pts);
    offset_ = std::max(running_time(), last_out_ + 1'000'000) - first;
}

bool TsMux::take(const FramePtr &frame) {
    Input &in = input(frame->kind);
    if (!in.source)
        return true;
    GstAppSrc *source = GST_APP_SRC(in.source.get());
    if (gst_app_src_get_current_level_time(source) > kMaxQueuedNs ||
        gst_app_src_get_current_level_bytes(source) > kMaxQueuedBytes)
        return false;
    const int64_t dts = frame->dts + offset_, pts = frame->pts + offset_;
    if (dts < 0 || pts < 0)
        return true;
    if (!gst_caps_is_equal(in.caps.get(), frame->caps.get())) {
        in.caps = ref(frame->caps.get());
        gst_app_src_set_caps(source, in.caps.get());
    }
    GstBuffer *buffer = gst_buffer_copy(frame->buffer.get()); // shares the memory
    GST_BUFFER_DTS(buffer) = static_cast<GstClockTime>(dts);
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(pts);
    last_out_ = std::max(last_out_, dts);
    gst_app_src_push_buffer(source, buffer);
    return true;
}

void TsMux::end(MediaKind kind) {
    if (GstElement *source = input(kind).source.get())
        gst_app_src_end_of_stream(GST_APP_SRC(source));
}

} // namespace rostrum
