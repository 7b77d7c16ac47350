// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/rtmp_push.h"

#include "rtmpegress/push_failure.h"

#include <algorithm>
#include <gst/app/gstappsrc.h>

namespace rostrum {

namespace {

constexpr guint64 kMaxQueuedNs = 5 * GST_SECOND; // a history (3 s) and a stall of 2 s
constexpr guint64 kMaxQueuedBytes = 24u << 20;
constexpr guint64 kResumeQueuedNs = GST_SECOND / 2;
constexpr GstClockTime kMuxPatience =
    GST_SECOND;                     // sound and picture may arrive this far apart; a silent one stops nobody
constexpr guint kChunkBytes = 4096; // the default of 128 costs a header each 128 bytes; what OBS sends
constexpr guint kIoTimeoutSeconds = 5;

GstElement *make(GstElement *pipeline, const char *factory) {
    GstElement *element = gst_element_factory_make(factory, nullptr);
    if (element)
        gst_bin_add(GST_BIN(pipeline), element);
    return element;
}

void configure_sink(GstElement *sink, const RtmpUrl &url) {
    g_object_set(sink, "scheme", url.tls ? 1 : 0, "host", url.host.c_str(), "port", int{url.port}, "application",
                 url.application.c_str(), "stream", url.stream.c_str(), nullptr);
    if (!url.username.empty())
        g_object_set(sink, "username", url.username.c_str(), "password", url.password.c_str(), nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, "chunk-size", kChunkBytes, "timeout",
                 kIoTimeoutSeconds, nullptr);
}

} // namespace

RtmpPush::RtmpPush(const RtmpUrl &url, const StreamFormat &format)
    : url_(url), pipeline_(rostrum::sink(gst_pipeline_new(nullptr))),
      bus_(adopt(gst_element_get_bus(pipeline_.get()))) {
    GstElement *mux = make(pipeline_.get(), "flvmux");
    GstElement *sink = make(pipeline_.get(), "rtmp2sink");
    if (!mux || !sink) {
        failure_ = {true, "the GStreamer elements flvmux (good) and rtmp2sink (bad) are needed"};
        return;
    }
    g_object_set(mux, "streamable", TRUE, "latency", kMuxPatience, nullptr);
    configure_sink(sink, url_);
    sink_ = ref(sink);
    bool linked = gst_element_link(mux, sink);
    for (const MediaKind kind : {MediaKind::Video, MediaKind::Audio})
        if (GstCaps *caps = format.of(kind))
            linked = linked && add_input(mux, kind, caps);
    if (!linked)
        failure_ = {true, "FLV cannot carry this stream"};
}

RtmpPush::~RtmpPush() {
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

bool RtmpPush::add_input(GstElement *mux, MediaKind kind, GstCaps *caps) {
    GstElement *source = make(pipeline_.get(), "appsrc");
    if (!source)
        return false;
    g_object_set(source, "is-live", TRUE, "format", GST_FORMAT_TIME, "max-bytes", guint64{0}, "max-buffers", guint64{0},
                 "max-time", guint64{0}, "emit-signals", FALSE, "caps", caps, nullptr);
    input(kind) = {ref(source), ref(caps)};
    return gst_element_link_pads(source, "src", mux, kind == MediaKind::Video ? "video" : "audio");
}

bool RtmpPush::start() {
    if (!failure_.text.empty())
        return false;
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE)
        return true;
    if (poll(0) != Event::Failed)
        failure_ = {false, "the RTMP pipeline did not start"};
    return false;
}

void RtmpPush::finish() {
    for (const MediaKind kind : {MediaKind::Video, MediaKind::Audio})
        end(kind);
}

RtmpPush::Event RtmpPush::poll(int64_t timeout_ms) {
    const auto types = static_cast<GstMessageType>(GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    const auto message =
        adopt(gst_bus_timed_pop_filtered(bus_.get(), static_cast<GstClockTime>(timeout_ms) * GST_MSECOND, types));
    if (!message)
        return Event::None;
    if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_EOS)
        return Event::Ended;
    GError *error = nullptr;
    gchar *debug = nullptr;
    gst_message_parse_error(message.get(), &error, &debug);
    failure_ = describe_failure(url_, *adopt(error), adopt(debug).get());
    return Event::Failed;
}

PushBytes RtmpPush::bytes() const {
    GstStructure *stats = nullptr;
    g_object_get(sink_.get(), "stats", &stats, nullptr);
    const auto owned = adopt(stats);
    PushBytes bytes;
    gst_structure_get_uint64(stats, "out-bytes-total", &bytes.sent);
    gst_structure_get_uint64(stats, "out-bytes-acked", &bytes.acknowledged);
    bytes.published = bytes.sent > 0; // rtmp2sink shows its connection only once the publish command succeeded
    return bytes;
}

bool RtmpPush::has_backlog() const {
    return std::any_of(inputs_.begin(), inputs_.end(), [](const Input &input) {
        return input.source && gst_app_src_get_current_level_bytes(GST_APP_SRC(input.source.get())) > 0;
    });
}

int64_t RtmpPush::running_time() const {
    return static_cast<int64_t>(gst_element_get_current_running_time(pipeline_.get()));
}

bool RtmpPush::can_begin(const FramePtr &start) {
    if (start->dts == start_dts_)
        return false;
    return std::all_of(inputs_.begin(), inputs_.end(), [](const Input &input) {
        return !input.source || gst_app_src_get_current_level_time(GST_APP_SRC(input.source.get())) < kResumeQueuedNs;
    });
}

void RtmpPush::begin(const FramePtr &start) {
    start_dts_ = start->dts;
    // Now, so that flvmux knows how late a frame is; but never back in what was sent before.
    const int64_t first = std::min(start->dts, start->pts);
    offset_ = std::max(running_time(), last_out_ + 1'000'000) - first;
}

bool RtmpPush::take(const FramePtr &frame) {
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
    gst_app_src_push_buffer(source, buffer); // after end() or in a failed session it is dropped
    return true;
}

void RtmpPush::end(MediaKind kind) {
    if (GstElement *source = input(kind).source.get())
        gst_app_src_end_of_stream(GST_APP_SRC(source));
}

namespace {

class RtmpTarget final : public Target {
  public:
    explicit RtmpTarget(RtmpUrl url) : url_(std::move(url)) {}
    std::string display() const override { return url_.display(); }
    std::unique_ptr<Push> make_push(const StreamFormat &format, const PushSettings &) const override {
        return std::make_unique<RtmpPush>(url_, format);
    }

  private:
    const RtmpUrl url_;
};

} // namespace

Result<std::shared_ptr<const Target>> parse_rtmp_target(std::string_view url, std::string_view stream_key) {
    auto parsed = parse_rtmp_url(url, stream_key);
    if (!parsed)
        return parsed.error();
    return std::shared_ptr<const Target>(std::make_shared<RtmpTarget>(std::move(parsed).value()));
}

} // namespace rostrum
