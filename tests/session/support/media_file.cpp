// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "media_file.h"

#include <gst/gst.h>

#include <cmath>
#include <cstdlib>

namespace test {

namespace {

constexpr double kWhite = 200;    // mean luma of a flash
constexpr int kLoud = 3000;       // sample of a beep
constexpr double kQuietGap = 0.3; // seconds between two beeps

struct Reader {
    MediaFile file;
    bool white = true; // a flash that has begun before the file does not count
    double last_loud = 0;
};

double seconds(GstPad *pad, GstBuffer *buffer, GstClockTime offset = 0) {
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = nullptr;
    gst_event_parse_segment(event, &segment);
    const GstClockTime time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    return static_cast<double>(time + offset) / GST_SECOND;
}

void on_picture(GstElement *, GstBuffer *buffer, GstPad *pad, gpointer data) {
    auto &reader = *static_cast<Reader *>(data);
    const double at = seconds(pad, buffer);
    if (reader.file.frames++ == 0)
        reader.file.video_begin = at;
    reader.file.video_end =
        at + static_cast<double>(GST_BUFFER_DURATION_IS_VALID(buffer) ? GST_BUFFER_DURATION(buffer) : 0) / GST_SECOND;
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    double sum = 0;
    for (gsize i = 0; i < map.size; ++i)
        sum += map.data[i];
    const bool white = sum / static_cast<double>(map.size) > kWhite;
    gst_buffer_unmap(buffer, &map);
    if (white && !reader.white)
        reader.file.flashes.push_back(at);
    reader.white = white;
}

void on_sound(GstElement *, GstBuffer *buffer, GstPad *pad, gpointer data) {
    auto &reader = *static_cast<Reader *>(data);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_READ);
    const auto *samples = reinterpret_cast<const gint16 *>(map.data);
    const gsize count = map.size / sizeof(gint16);
    if (reader.file.audio_end == 0)
        reader.file.audio_begin = seconds(pad, buffer);
    for (gsize i = 0; i < count; ++i) {
        if (std::abs(samples[i]) < kLoud)
            continue;
        const double at = seconds(pad, buffer, i * GST_SECOND / 48000);
        if (at - reader.last_loud > kQuietGap)
            reader.file.beeps.push_back(at);
        reader.last_loud = at;
    }
    reader.file.audio_end = seconds(pad, buffer, count * GST_SECOND / 48000);
    gst_buffer_unmap(buffer, &map);
}

void connect(GstElement *pipeline, const char *sink, GCallback on_data, Reader &reader) {
    GstElement *element = gst_bin_get_by_name(GST_BIN(pipeline), sink);
    g_signal_connect(element, "handoff", on_data, &reader);
    gst_object_unref(element);
}

void read_size(GstElement *pipeline, MediaFile &file) {
    GstElement *original = gst_bin_get_by_name(GST_BIN(pipeline), "original");
    GstPad *pad = gst_element_get_static_pad(original, "src");
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    int width = 0, height = 0;
    if (caps) {
        gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
        gst_structure_get_int(gst_caps_get_structure(caps, 0), "height", &height);
    }
    file.width = static_cast<unsigned>(width);
    file.height = static_cast<unsigned>(height);
    gst_object_unref(pad);
    gst_object_unref(original);
}

} // namespace

MediaFile read_media(const std::string &path, Streams streams) {
    std::string description = "filesrc location=\"" + path + "\" ! decodebin name=d ";
    if (streams != Streams::Audio)
        description += "d. ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! videoconvert ! "
                       "identity name=original ! videoscale ! video/x-raw,format=GRAY8,width=32,height=32 ! "
                       "fakesink name=v sync=false signal-handoffs=true ";
    if (streams != Streams::Video)
        description += "d. ! queue max-size-time=0 max-size-bytes=0 max-size-buffers=0 ! audioconvert ! "
                       "audioresample ! audio/x-raw,format=S16LE,channels=1,rate=48000,layout=interleaved ! "
                       "fakesink name=a sync=false signal-handoffs=true";
    g_autoptr(GError) error = nullptr;
    GstElement *pipeline = gst_parse_launch(description.c_str(), &error);
    g_assert_no_error(error);
    Reader reader;
    if (streams != Streams::Audio)
        connect(pipeline, "v", G_CALLBACK(on_picture), reader);
    if (streams != Streams::Video)
        connect(pipeline, "a", G_CALLBACK(on_sound), reader);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus *bus = gst_element_get_bus(pipeline);
    g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(
        bus, 120 * GST_SECOND, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    g_assert_nonnull(message);
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, nullptr);
    g_assert_no_error(error);
    if (streams != Streams::Audio)
        read_size(pipeline, reader.file);
    gst_object_unref(bus);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return reader.file;
}

std::vector<double> lip_sync(const MediaFile &file) {
    std::vector<double> result;
    for (const double flash : file.flashes) {
        const auto near = std::min_element(file.beeps.begin(), file.beeps.end(), [&](double a, double b) {
            return std::fabs(a - flash) < std::fabs(b - flash);
        });
        if (near != file.beeps.end() && std::fabs(*near - flash) < 0.5)
            result.push_back(*near - flash);
    }
    return result;
}

MediaFile settled(MediaFile file) {
    std::erase_if(file.flashes, [&](double at) { return at < file.video_begin + kSettledSeconds; });
    return file;
}

void assert_frame_rate(const MediaFile &file) {
    g_assert_cmpfloat(file.frames / file.duration(), >, 5);
}

} // namespace test
