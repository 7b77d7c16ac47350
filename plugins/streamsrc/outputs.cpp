// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/outputs.h"

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace rostrum {

using peerwire::MutexLock;

GstRef<GstRtpFeed> Outputs::feed(const std::string &name, unsigned latency_ms) {
    {
        MutexLock lock(mutex_);
        if (const auto known = outputs_.find(name); known != outputs_.end())
            return known->second.feed;
    }
    Output output = make_output(name, latency_ms);
    bool first = false;
    GstRef<GstRtpFeed> feed;
    {
        MutexLock lock(mutex_);
        const auto [place, inserted] = outputs_.try_emplace(name, output);
        first = inserted;
        feed = place->second.feed;
    }
    if (!first) // another thread made it in the meantime
        discard(output);
    return feed;
}

Outputs::Output Outputs::make_output(const std::string &name, unsigned latency_ms) {
    Output output;
    GstElement *feed = gst_rtp_feed_new(name, this);
    output.feed = GstRef<GstRtpFeed>::ref(GST_RTP_FEED(feed));
    gst_bin_add(bin_, feed);
    if (latency_ms > 0)
        output.jitter_buffer = GstRef<GstElement>::ref(gst_element_factory_make("rtpjitterbuffer", nullptr));
    if (output.jitter_buffer) {
        g_object_set(output.jitter_buffer.get(), "latency", latency_ms, "do-lost", TRUE, nullptr);
        gst_bin_add(bin_, output.jitter_buffer.get());
        gst_element_link(feed, output.jitter_buffer.get());
        gst_element_sync_state_with_parent(output.jitter_buffer.get());
    }
    gst_element_sync_state_with_parent(feed);
    return output;
}

void Outputs::discard(const Output &output) {
    if (output.pad) {
        gst_pad_set_active(output.pad.get(), FALSE);
        gst_element_remove_pad(GST_ELEMENT(bin_), output.pad.get());
    }
    gst_element_set_state(GST_ELEMENT(output.feed.get()), GST_STATE_NULL);
    gst_bin_remove(bin_, GST_ELEMENT(output.feed.get()));
    if (output.jitter_buffer) {
        gst_element_set_state(output.jitter_buffer.get(), GST_STATE_NULL);
        gst_bin_remove(bin_, output.jitter_buffer.get());
    }
}

void Outputs::expect(const std::vector<std::string> &names) {
    {
        MutexLock lock(mutex_);
        expected_ = names;
        complete_ = false;
    }
    check_complete();
}

bool Outputs::all_exposed_locked() const {
    for (const std::string &name : expected_) {
        const auto found = outputs_.find(name);
        if (found == outputs_.end() || !found->second.pad)
            return false;
    }
    return !expected_.empty();
}

void Outputs::check_complete() {
    {
        MutexLock lock(mutex_);
        if (complete_ || closing_ || !all_exposed_locked())
            return;
        complete_ = true;
    }
    gst_element_no_more_pads(GST_ELEMENT(bin_));
}

void Outputs::give_up_waiting() {
    {
        MutexLock lock(mutex_);
        const bool any =
            std::any_of(outputs_.begin(), outputs_.end(), [](const auto &o) { return bool(o.second.pad); });
        if (complete_ || !any || closing_)
            return;
        complete_ = true;
    }
    gst_element_no_more_pads(GST_ELEMENT(bin_));
}

void Outputs::on_feed_ready(const std::string &name) {
    GstRef<GstPad> pad;
    {
        MutexLock lock(mutex_);
        while (exposing_ && !closing_)
            turn_free_.wait(mutex_);
        const auto found = outputs_.find(name);
        if (closing_ || found == outputs_.end())
            return;
        exposing_ = true;
        pad = found->second.pad = make_pad(name, found->second);
    }
    expose(name, pad.get());
    {
        MutexLock lock(mutex_);
        exposing_ = false;
        turn_free_.notify_all();
    }
    check_complete();
}

static gboolean copy_sticky_event(GstPad *, GstEvent **event, gpointer pad) {
    gst_pad_store_sticky_event(GST_PAD(pad), *event);
    return TRUE;
}

// A jitter buffer stops for good at the first error from downstream, so it never hears of one.
static GstFlowReturn push_regardless(GstPad *pad, GstObject *parent, GstBuffer *buffer) {
    gst_proxy_pad_chain_default(pad, parent, buffer);
    return GST_FLOW_OK;
}

GstRef<GstPad> Outputs::make_pad(const std::string &name, const Output &output) {
    GstElement *last = output.jitter_buffer ? output.jitter_buffer.get() : GST_ELEMENT(output.feed.get());
    const auto target = GstRef<GstPad>::adopt(gst_element_get_static_pad(last, "src"));
    const auto source = GstRef<GstPad>::adopt(gst_element_get_static_pad(GST_ELEMENT(output.feed.get()), "src"));
    GstPadTemplate *templ =
        gst_element_get_pad_template(GST_ELEMENT(bin_), name.compare(0, 5, "video") == 0 ? "video_%u" : "audio_%u");
    auto pad = GstRef<GstPad>::ref(gst_ghost_pad_new_from_template(name.c_str(), target.get(), templ));
    const auto inner = GstRef<GstPad>::adopt(GST_PAD(gst_proxy_pad_get_internal(GST_PROXY_PAD(pad.get()))));
    if (output.jitter_buffer)
        gst_pad_set_chain_function(inner.get(), push_regardless);
    gst_pad_set_active(pad.get(), TRUE);
    gst_pad_sticky_events_foreach(source.get(), copy_sticky_event, pad.get());
    return pad;
}

void Outputs::expose(const std::string &name, GstPad *pad) {
    GST_INFO_OBJECT(bin_, "new pad %s", name.c_str());
    gst_element_add_pad(GST_ELEMENT(bin_), pad);
    follow_siblings(pad);
}

// `gst-launch-1.0 streamsrc … ! viewerfanout …` links the first pad and stops listening for more. When nobody can link
// this pad any more, it goes where its siblings went, if there is room for it.
void Outputs::follow_siblings(GstPad *pad) {
    static const guint pad_added = g_signal_lookup("pad-added", GST_TYPE_ELEMENT);
    if (gst_pad_is_linked(pad) || g_signal_has_handler_pending(bin_, pad_added, 0, TRUE))
        return;
    std::vector<GstRef<GstPad>> siblings;
    {
        MutexLock lock(mutex_);
        for (const auto &[name, output] : outputs_) {
            if (output.pad && output.pad.get() != pad)
                siblings.push_back(output.pad);
        }
    }
    for (const auto &sibling : siblings) {
        const auto peer = GstRef<GstPad>::adopt(gst_pad_get_peer(sibling.get()));
        if (!peer)
            continue;
        const auto sink = GstRef<GstElement>::adopt(gst_pad_get_parent_element(peer.get()));
        if (sink && gst_element_link_pads(GST_ELEMENT(bin_), GST_PAD_NAME(pad), sink.get(), nullptr))
            return;
    }
}

void Outputs::send_event(GstEvent *event) {
    for (const auto &feed : feeds())
        gst_element_send_event(GST_ELEMENT(feed.get()), gst_event_ref(event));
    gst_event_unref(event);
}

std::vector<GstRef<GstRtpFeed>> Outputs::feeds() const {
    std::vector<GstRef<GstRtpFeed>> all;
    MutexLock lock(mutex_);
    for (const auto &[name, output] : outputs_)
        all.push_back(output.feed);
    return all;
}

void Outputs::begin_close() {
    MutexLock lock(mutex_);
    closing_ = true;
    turn_free_.notify_all();
}

void Outputs::finish_close() {
    std::map<std::string, Output> doomed;
    {
        MutexLock lock(mutex_);
        doomed.swap(outputs_);
        expected_.clear();
        complete_ = false;
        closing_ = false;
        exposing_ = false;
    }
    for (const auto &[name, output] : doomed)
        discard(output);
}

} // namespace rostrum
