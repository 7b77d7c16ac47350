// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/feed_sink.h"

#include <gst/app/app.h>

namespace rostrum {
namespace {

struct FeedSink {
    GstRef<GstRtpFeed> feed;
    std::function<void()> on_packet;
    GstRef<GstCaps> caps;
    bool started = false;
};

peerwire::TimeNs capture_time(GstAppSink *sink, GstSample *sample) {
    const GstClockTime running = gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME,
                                                             GST_BUFFER_PTS(gst_sample_get_buffer(sample)));
    if (!GST_CLOCK_TIME_IS_VALID(running))
        return 0;
    return static_cast<peerwire::TimeNs>(gst_element_get_base_time(GST_ELEMENT(sink)) + running);
}

GstFlowReturn take_sample(GstAppSink *sink, gpointer data) {
    auto &self = *static_cast<FeedSink *>(data);
    const auto sample = GstRef<GstSample>::adopt(gst_app_sink_pull_sample(sink));
    if (!sample)
        return GST_FLOW_OK;
    self.on_packet();
    RtpQueue &queue = gst_rtp_feed_queue(self.feed.get());
    GstCaps *caps = gst_sample_get_caps(sample.get());
    if (caps && (!self.caps || !gst_caps_is_equal(caps, self.caps.get()))) {
        self.caps = GstRef<GstCaps>::ref(caps);
        queue.push_caps(self.caps, !self.started);
        self.started = true;
    }
    GstBuffer *buffer = gst_buffer_copy(gst_sample_get_buffer(sample.get())); // the memory stays shared
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    queue.push_buffer(buffer, capture_time(sink, sample.get()));
    return GST_FLOW_OK;
}

} // namespace

GstElement *make_feed_sink(GstRef<GstRtpFeed> feed, std::function<void()> on_packet) {
    GstElement *sink = gst_element_factory_make("appsink", nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
    GstAppSinkCallbacks callbacks{};
    callbacks.new_sample = take_sample;
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks,
                               new FeedSink{.feed = std::move(feed), .on_packet = std::move(on_packet)},
                               [](gpointer data) { delete static_cast<FeedSink *>(data); });
    return sink;
}

} // namespace rostrum
