// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/gstrtpfeed.h"

#include "streamsrc/local_time.h"

#include <gst/video/video.h>

#include <atomic>

using peerwire::TimeNs;
using rostrum::GstRef;
using rostrum::RtpItem;

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace {

struct FeedState {
    // constant after construction
    std::string name;
    rostrum::RtpFeedOwner *owner = nullptr;

    rostrum::RtpQueue queue;
    std::atomic<guint64> unpushed{0};

    // streaming thread only
    GstRef<GstCaps> caps;
    bool new_stream = true;
    bool segment_needed = true;
    bool announced = false;
    bool at_eos = false;
    unsigned streams = 0;
    GstFlowReturn flow = GST_FLOW_OK;
    rostrum::LocalTime local_time;
};

} // namespace

struct _GstRtpFeed {
    GstElement parent;
    GstPad *src;
    FeedState *state;
};

G_DEFINE_FINAL_TYPE(GstRtpFeed, gst_rtp_feed, GST_TYPE_ELEMENT)

static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS("application/x-rtp"));

static void push_stream_start(GstRtpFeed *self) {
    FeedState &state = *self->state;
    g_autofree gchar *id =
        gst_pad_create_stream_id_printf(self->src, GST_ELEMENT(self), "%s-%u", state.name.c_str(), state.streams++);
    GstEvent *event = gst_event_new_stream_start(id);
    gst_event_set_group_id(event, gst_util_group_id_next());
    gst_pad_push_event(self->src, event);
    state.new_stream = false;
    state.segment_needed = true;
    state.at_eos = false;
}

static void push_format(GstRtpFeed *self) {
    FeedState &state = *self->state;
    if (state.new_stream)
        push_stream_start(self);
    if (state.caps)
        gst_pad_push_event(self->src, gst_event_new_caps(state.caps.get()));
    state.caps.reset();
    if (!state.segment_needed)
        return;
    GstSegment segment; // running time = PTS
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(self->src, gst_event_new_segment(&segment));
    state.segment_needed = false;
}

static void push_event(GstRtpFeed *self, GstRef<GstEvent> event) {
    FeedState &state = *self->state;
    const GstEventType type = GST_EVENT_TYPE(event.get());
    if (state.new_stream && type == GST_EVENT_EOS)
        push_format(self);
    gst_pad_push_event(self->src, event.release());
    state.at_eos |= type == GST_EVENT_EOS;
    if (type == GST_EVENT_FLUSH_STOP) {
        state.segment_needed = true;
        state.at_eos = false;
    }
}

static void note_flow(GstRtpFeed *self, GstFlowReturn flow) {
    FeedState &state = *self->state;
    if (flow != GST_FLOW_OK)
        ++state.unpushed;
    if (flow == state.flow)
        return;
    state.flow = flow;
    if (flow == GST_FLOW_OK || flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_FLUSHING)
        GST_DEBUG_OBJECT(self, "downstream is %s", gst_flow_get_name(flow));
    else
        GST_WARNING_OBJECT(self, "downstream is %s: packets are dropped until it recovers", gst_flow_get_name(flow));
}

static void push_buffer(GstRtpFeed *self, RtpItem item) {
    FeedState &state = *self->state;
    const TimeNs running = state.local_time.to_running_time(GST_ELEMENT(self), item.capture);
    if (state.new_stream || state.caps || state.segment_needed)
        push_format(self);
    if (!state.announced) {
        state.announced = true;
        state.owner->on_feed_ready(state.name);
    }
    if (state.at_eos)
        return;
    GstBuffer *buffer = item.buffer.release();
    GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(running);
    note_flow(self, gst_pad_push(self->src, buffer));
}

static void feed_loop(gpointer data) {
    GstRtpFeed *self = GST_RTP_FEED(data);
    FeedState &state = *self->state;
    auto item = state.queue.pop();
    if (!item) {
        gst_pad_pause_task(self->src);
        return;
    }
    if (item->caps) {
        state.caps = std::move(item->caps);
        state.new_stream |= item->new_stream;
    } else if (item->event) {
        push_event(self, std::move(item->event));
    } else {
        push_buffer(self, std::move(*item));
    }
}

static gboolean activate_mode(GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH)
        return FALSE;
    GstRtpFeed *self = GST_RTP_FEED(parent);
    if (active) {
        self->state->queue.open();
        return gst_pad_start_task(pad, feed_loop, self, nullptr);
    }
    self->state->queue.close();
    return gst_pad_stop_task(pad);
}

static gboolean handle_src_event(GstPad *pad, GstObject *parent, GstEvent *event) {
    GstRtpFeed *self = GST_RTP_FEED(parent);
    const auto owned = GstRef<GstEvent>::adopt(event);
    if (gst_video_event_is_force_key_unit(event))
        return self->state->owner->on_keyframe_request(self->state->name);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_LATENCY:
    case GST_EVENT_QOS:
    case GST_EVENT_RECONFIGURE:
        return TRUE;
    default:
        return FALSE; // live: no seeks, no steps
    }
}

static gboolean handle_src_query(GstPad *pad, GstObject *parent, GstQuery *query) {
    if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
        return gst_pad_query_default(pad, parent, query);
    // Packets leave as they arrive; what jitter there is, a jitter buffer downstream accounts for.
    gst_query_set_latency(query, TRUE, 0, GST_CLOCK_TIME_NONE);
    return TRUE;
}

static gboolean gst_rtp_feed_send_event(GstElement *element, GstEvent *event) {
    GstRtpFeed *self = GST_RTP_FEED(element);
    if (!(gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_DOWNSTREAM))
        return GST_ELEMENT_CLASS(gst_rtp_feed_parent_class)->send_event(element, event);
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_START) {
        self->state->queue.flush();
        return gst_pad_push_event(self->src, event);
    }
    self->state->queue.push_event(GstRef<GstEvent>::adopt(event));
    return TRUE;
}

static GstStateChangeReturn gst_rtp_feed_change_state(GstElement *element, GstStateChange transition) {
    GstRtpFeed *self = GST_RTP_FEED(element);
    FeedState &state = *self->state;
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
        state.queue.set_live(false);
    const GstStateChangeReturn result = GST_ELEMENT_CLASS(gst_rtp_feed_parent_class)->change_state(element, transition);
    if (result == GST_STATE_CHANGE_FAILURE)
        return result;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING) {
        state.queue.set_live(true);
        state.owner->on_keyframe_request(state.name); // what came while paused is lost
    }
    const bool live_without_preroll =
        transition == GST_STATE_CHANGE_READY_TO_PAUSED || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
    return live_without_preroll ? GST_STATE_CHANGE_NO_PREROLL : result;
}

static void gst_rtp_feed_finalize(GObject *object) {
    delete GST_RTP_FEED(object)->state;
    G_OBJECT_CLASS(gst_rtp_feed_parent_class)->finalize(object);
}

static void gst_rtp_feed_class_init(GstRtpFeedClass *klass) {
    auto *element_class = GST_ELEMENT_CLASS(klass);
    G_OBJECT_CLASS(klass)->finalize = gst_rtp_feed_finalize;
    element_class->send_event = gst_rtp_feed_send_event;
    element_class->change_state = gst_rtp_feed_change_state;
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(element_class, "RTP feed", "Source/Network/RTP",
                                          "One stream of RTP packets, from inside streamsrc", "Rostrum contributors");
}

static void gst_rtp_feed_init(GstRtpFeed *self) {
    self->state = new FeedState;
    self->src = gst_pad_new_from_static_template(&src_template, "src");
    gst_pad_set_activatemode_function(self->src, activate_mode);
    gst_pad_set_event_function(self->src, handle_src_event);
    gst_pad_set_query_function(self->src, handle_src_query);
    gst_pad_use_fixed_caps(self->src);
    gst_element_add_pad(GST_ELEMENT(self), self->src);
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}

GstElement *gst_rtp_feed_new(const std::string &name, rostrum::RtpFeedOwner *owner) {
    auto *self = GST_RTP_FEED(g_object_new(GST_TYPE_RTP_FEED, nullptr));
    self->state->name = name;
    self->state->owner = owner;
    return GST_ELEMENT(self);
}

rostrum::RtpQueue &gst_rtp_feed_queue(GstRtpFeed *feed) {
    return feed->state->queue;
}

const std::string &gst_rtp_feed_name(GstRtpFeed *feed) {
    return feed->state->name;
}

guint64 gst_rtp_feed_unpushed(GstRtpFeed *feed) {
    return feed->state->unpushed;
}
