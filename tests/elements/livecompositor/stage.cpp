// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "stage.h"

#include <algorithm>
#include <cmath>

namespace {

constexpr guint kDeadlineMs = 10000; // an output that does not come to wait on the clock hangs

struct Yuv {
    double y, u, v;
};
Yuv to_yuv(Rgb c) {
    const double y = 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b;
    return {16 + y * 219 / 255, 128 + (c.b - y) / 1.8556 * 224 / 255, 128 + (c.r - y) / 1.5748 * 224 / 255};
}

GstFlowReturn take(GstPad *pad, GstObject *, GstBuffer *buffer) {
    auto *output = static_cast<Output *>(gst_pad_get_element_private(pad));
    const std::lock_guard lock(output->mutex);
    output->buffers.push_back(buffer);
    output->caps.push_back(gst_pad_get_current_caps(pad));
    return GST_FLOW_OK;
}

// Without a template a pad would accept no other caps than its first.
GstStaticPadTemplate any_template = GST_STATIC_PAD_TEMPLATE("any", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

gboolean take_event(GstPad *pad, GstObject *, GstEvent *event) {
    auto *output = static_cast<Output *>(gst_pad_get_element_private(pad));
    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) {
        const std::lock_guard lock(output->mutex);
        output->eos = true;
    }
    gst_event_unref(event);
    return TRUE;
}

void catch_output(GstElement *compositor, const char *name, Output *output) {
    GstPad *source = gst_element_get_static_pad(compositor, name);
    GstPad *pad = gst_pad_new_from_static_template(&any_template, name);
    gst_pad_set_element_private(pad, output);
    gst_pad_set_chain_function(pad, take);
    gst_pad_set_event_function(pad, take_event);
    gst_pad_set_active(pad, TRUE);
    g_assert_cmpint(gst_pad_link(source, pad), ==, GST_PAD_LINK_OK);
    gst_object_unref(source); // keeps its peer alive through the link until the stage ends
}

void forget(Output &output) {
    for (GstBuffer *buffer : output.buffers)
        gst_buffer_unref(buffer);
    for (GstCaps *caps : output.caps)
        gst_caps_unref(caps);
    output.buffers.clear();
    output.caps.clear();
}

void drop_output(GstElement *compositor, const char *name, Output &output) {
    GstPad *source = gst_element_get_static_pad(compositor, name);
    GstPad *pad = gst_pad_get_peer(source);
    gst_pad_unlink(source, pad);
    gst_pad_set_active(pad, FALSE);
    gst_object_unref(pad);
    gst_object_unref(pad);
    gst_object_unref(source);
    forget(output);
}

gboolean answer_latency(GstPad *pad, GstObject *parent, GstQuery *query) {
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return gst_pad_query_default(pad, parent, query);
    gst_query_set_latency(query, gst_pad_get_element_private(pad) != nullptr, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
}

void assert_follow(const std::vector<GstBuffer *> &buffers) {
    for (size_t i = 1; i < buffers.size(); ++i)
        g_assert_cmpuint(GST_BUFFER_PTS(buffers[i]), ==,
                         GST_BUFFER_PTS(buffers[i - 1]) + GST_BUFFER_DURATION(buffers[i - 1]));
}

} // namespace

bool looks_like(Rgb got, Rgb expected) {
    return std::abs(got.r - expected.r) < 24 && std::abs(got.g - expected.g) < 24 && std::abs(got.b - expected.b) < 24;
}

void assert_color(Rgb got, Rgb expected) {
    if (!looks_like(got, expected))
        g_error("colour is %d,%d,%d instead of %d,%d,%d", got.r, got.g, got.b, expected.r, expected.g, expected.b);
}

Feed::Feed(GstElement *compositor, const char *pad_name, bool live) : compositor_(compositor) {
    sink_ = gst_element_request_pad_simple(compositor, pad_name);
    g_assert_nonnull(sink_);
    source_ = gst_pad_new("feed", GST_PAD_SRC);
    gst_pad_set_element_private(source_, live ? this : nullptr);
    gst_pad_set_query_function(source_, answer_latency);
    gst_pad_set_active(source_, TRUE);
    g_assert_cmpint(gst_pad_link(source_, sink_), ==, GST_PAD_LINK_OK);
    gst_pad_push_event(source_, gst_event_new_stream_start(pad_name));
}

Feed::~Feed() {
    leave();
    gst_pad_set_active(source_, FALSE);
    gst_object_unref(source_);
}

void Feed::leave() {
    if (!sink_)
        return;
    gst_pad_unlink(source_, sink_);
    gst_element_release_request_pad(compositor_, sink_);
    gst_clear_object(&sink_);
}

void Feed::caps(const std::string &text) {
    GstCaps *caps = gst_caps_from_string(text.c_str());
    gst_video_info_init(&info_);
    if (g_str_has_prefix(text.c_str(), "video"))
        g_assert_true(gst_video_info_from_caps(&info_, caps));
    gst_pad_push_event(source_, gst_event_new_caps(caps));
    gst_caps_unref(caps);
    segment(0);
}

void Feed::segment(GstClockTime base) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.base = base;
    gst_pad_push_event(source_, gst_event_new_segment(&segment));
}

void Feed::flush() {
    gst_pad_push_event(source_, gst_event_new_flush_start());
    gst_pad_push_event(source_, gst_event_new_flush_stop(TRUE));
    segment(0);
}

GstFlowReturn Feed::push(GstBuffer *buffer, GstClockTime pts) {
    GST_BUFFER_PTS(buffer) = pts;
    return gst_pad_push(source_, buffer);
}

GstFlowReturn Feed::picture(GstClockTime pts, Rgb color) {
    const Yuv c = to_yuv(color);
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, info_.size, nullptr);
    GstVideoFrame frame;
    g_assert_true(gst_video_frame_map(&frame, &info_, buffer, GST_MAP_WRITE));
    const double values[] = {c.y, c.u, c.v};
    for (guint i = 0; i < 3; ++i) {
        const gint h = GST_VIDEO_FRAME_COMP_HEIGHT(&frame, i), stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, i);
        std::fill_n(static_cast<guint8 *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, i)), stride * h,
                    static_cast<guint8>(std::lround(values[i])));
    }
    gst_video_frame_unmap(&frame);
    return push(buffer, pts);
}

GstFlowReturn Feed::samples(GstClockTime pts, int frames, int16_t value) {
    const size_t count = static_cast<size_t>(frames) * 2;
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, count * sizeof value, nullptr);
    const std::vector<int16_t> data(count, value);
    gst_buffer_fill(buffer, 0, data.data(), count * sizeof value);
    return push(buffer, pts);
}

void Feed::restart() {
    gst_pad_set_active(source_, FALSE);
    gst_pad_set_active(source_, TRUE);
    gst_pad_push_event(source_, gst_event_new_stream_start("again"));
}

void Feed::eos() {
    gst_pad_push_event(source_, gst_event_new_eos());
}

Stage::Stage(const char *properties) : clock_(GST_TEST_CLOCK(gst_test_clock_new())) {
    const std::string description = std::string("livecompositor name=c transition=0 ") + properties;
    GError *error = nullptr;
    compositor_ = gst_parse_launch(description.c_str(), &error);
    g_assert_no_error(error);
    pipeline_ = gst_pipeline_new(nullptr);
    gst_bin_add(GST_BIN(pipeline_), compositor_);
    gst_pipeline_use_clock(GST_PIPELINE(pipeline_), GST_CLOCK(clock_));
    gst_element_set_start_time(pipeline_, GST_CLOCK_TIME_NONE);
    gst_element_set_base_time(pipeline_, 0);
    catch_output(compositor_, "video", &video_);
    catch_output(compositor_, "audio", &audio_);
}

Stage::~Stage() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    drop_output(compositor_, "video", video_);
    drop_output(compositor_, "audio", audio_);
    gst_object_unref(pipeline_);
    gst_object_unref(clock_);
}

void Stage::play() {
    set_state(GST_STATE_PLAYING);
    run_until(0);
}

void Stage::set_state(GstState state) {
    g_assert_cmpint(gst_element_set_state(pipeline_, state), !=, GST_STATE_CHANGE_FAILURE);
}

void Stage::rewind() {
    base_ = gst_clock_get_time(GST_CLOCK(clock_));
    gst_element_set_base_time(pipeline_, base_);
}

void Stage::run_until(GstClockTime until) {
    const guint outputs = 2u - video_.eos - audio_.eos;
    for (;;) {
        g_assert_true(gst_test_clock_timed_wait_for_multiple_pending_ids(clock_, outputs, kDeadlineMs, nullptr));
        const GstClockTime next = gst_test_clock_get_next_entry_time(clock_);
        if (next > base_ + until)
            break;
        g_assert_true(gst_test_clock_crank(clock_));
    }
    if (until > time())
        gst_test_clock_set_time(clock_, base_ + until);
}

size_t Stage::pictures() {
    const std::lock_guard lock(video_.mutex);
    return video_.buffers.size();
}

size_t Stage::blocks() {
    const std::lock_guard lock(audio_.mutex);
    return audio_.buffers.size();
}

GstClockTime Stage::picture_pts(size_t i) {
    return GST_BUFFER_PTS(video_.buffers.at(i));
}

Rgb Stage::pixel(size_t picture, int x, int y) {
    GstVideoInfo info;
    g_assert_true(gst_video_info_from_caps(&info, video_.caps.at(picture)));
    GstVideoFrame frame;
    g_assert_true(gst_video_frame_map(&frame, &info, video_.buffers.at(picture), GST_MAP_READ));
    const auto sample = [&](guint plane, int px, int py) {
        return static_cast<const guint8 *>(
            GST_VIDEO_FRAME_PLANE_DATA(&frame, plane))[py * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane) + px];
    };
    const double l = (sample(0, x, y) - 16) * 255 / 219.0, u = (sample(1, x / 2, y / 2) - 128) * 255 / 224.0,
                 v = (sample(2, x / 2, y / 2) - 128) * 255 / 224.0;
    gst_video_frame_unmap(&frame);
    const double r = l + 1.5748 * v, b = l + 1.8556 * u;
    return {static_cast<int>(std::lround(r)), static_cast<int>(std::lround((l - 0.2126 * r - 0.0722 * b) / 0.7152)),
            static_cast<int>(std::lround(b))};
}

std::vector<int16_t> Stage::sound() {
    const std::lock_guard lock(audio_.mutex);
    std::vector<int16_t> all;
    for (GstBuffer *buffer : audio_.buffers) {
        const size_t at = all.size();
        all.resize(at + gst_buffer_get_size(buffer) / sizeof(int16_t));
        gst_buffer_extract(buffer, 0, &all[at], gst_buffer_get_size(buffer));
    }
    return all;
}

GstMessage *Stage::pop(GstMessageType type) {
    GstBus *bus = gst_element_get_bus(pipeline_);
    GstMessage *message;
    do {
        message = gst_bus_pop_filtered(bus, type);
        if (message && GST_MESSAGE_SRC(message) == GST_OBJECT(compositor_))
            break;
        gst_clear_message(&message);
    } while (message);
    gst_object_unref(bus);
    return message;
}

GstMessage *Stage::pop(const char *element_message) {
    GstMessage *message = pop(GST_MESSAGE_ELEMENT);
    while (message && !gst_structure_has_name(gst_message_get_structure(message), element_message)) {
        gst_message_unref(message);
        message = pop(GST_MESSAGE_ELEMENT);
    }
    return message;
}

void Stage::forget_locked() {
    forget(video_);
    forget(audio_);
}

void Stage::assert_steps() {
    const std::lock_guard video(video_.mutex), audio(audio_.mutex);
    assert_follow(video_.buffers);
    assert_follow(audio_.buffers);
}
