// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/pulling_ingest.h"

#include "streamsrc/local_time.h"

#include <gst/video/video.h>

#include <algorithm>

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace rostrum {

using peerwire::kNsPerMs;
using peerwire::MutexLock;

namespace {

constexpr unsigned kFirstRetryMs = 500;
constexpr unsigned kMaxRetryMs = 15000;
constexpr unsigned kWatchMs = 1000;
constexpr peerwire::TimeNs kMaxSilence = 6000 * kNsPerMs; // a paused encoder is silent for less, a dead peer for ever
constexpr unsigned kPadWaitMs = 3000;                     // for the second pad, then no-more-pads

unsigned retry_delay(unsigned attempt) {
    const unsigned delay = std::min(kMaxRetryMs, kFirstRetryMs << std::min(attempt, 6u));
    return delay + g_random_int_range(0, static_cast<gint32>(delay / 4 + 1)); // relays must not come back all at once
}

} // namespace

PullingIngest::PullingIngest(const StreamSourceSettings &settings, Outputs &outputs, IngestListener &listener)
    : settings_(settings), outputs_(outputs), listener_(listener) {}

PullingIngest::~PullingIngest() {
    loop_.run([this] {
        disconnect(true);
        puller_.reset();
    });
}

void PullingIngest::start(std::unique_ptr<Puller> puller) {
    loop_.post([this, shared = std::make_shared<std::unique_ptr<Puller>>(std::move(puller))] {
        puller_ = std::move(*shared);
        connect();
        watch_silence();
    });
}

void PullingIngest::connect() {
    const unsigned generation = ++generation_;
    listener_.on_state({"connecting", "", ""});
    pipeline_ = GstRef<GstElement>::ref(gst_pipeline_new(nullptr));
    const auto clock = GstRef<GstClock>::adopt(gst_system_clock_obtain());
    gst_pipeline_use_clock(GST_PIPELINE(pipeline_.get()), clock.get());
    // Running time begins here, known before PLAYING: what is paced needs it with its first packet.
    gst_element_set_start_time(pipeline_.get(), GST_CLOCK_TIME_NONE);
    gst_element_set_base_time(pipeline_.get(), static_cast<GstClockTime>(monotonic_now()));
    const auto bus = GstRef<GstBus>::adopt(gst_element_get_bus(pipeline_.get()));
    bus_watch_ = gst_bus_create_watch(bus.get());
    g_source_set_callback(bus_watch_, G_SOURCE_FUNC(on_bus_message), this, nullptr);
    g_source_attach(bus_watch_, loop_.context());

    last_packet_ = monotonic_now();
    const auto opened = puller_->open(GST_BIN(pipeline_.get()));
    if (!opened) {
        listener_.on_failure(opened.error().text, "while building the pulling pipeline");
        return disconnect(false);
    }
    outputs_.expect({"video_0", "audio_0"});
    gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING); // a failure comes as a message
    if (generation == generation_)
        puller_->started();
}

void PullingIngest::disconnect(bool final) {
    ++generation_;
    if (!pipeline_)
        return;
    puller_->closing(final);
    {
        MutexLock lock(mutex_);
        sources_.clear();
    }
    g_source_destroy(bus_watch_);
    g_source_unref(bus_watch_);
    bus_watch_ = nullptr;
    gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
    pipeline_.reset();
    connected_ = false;
}

void PullingIngest::retry(const std::string &reason) {
    const bool was_connected = connected_;
    disconnect(false);
    listener_.on_state({"disconnected", reason, ""});
    attempt_ = was_connected ? 0 : attempt_ + 1;
    ++reconnects_;
    schedule(retry_delay(attempt_), &PullingIngest::connect);
}

void PullingIngest::schedule(unsigned delay_ms, void (PullingIngest::*step)()) {
    loop_.post_after(delay_ms, [this, step, generation = generation_.load()] {
        if (generation == generation_ && puller_)
            (this->*step)();
    });
}

void PullingIngest::watch_silence() {
    if (pipeline_ && monotonic_now() - last_packet_ > kMaxSilence * (1 + attempt_) && !puller_->finite())
        retry("no-packets");
    loop_.post_after(kWatchMs, [this] {
        if (puller_)
            watch_silence();
    });
}

gboolean PullingIngest::on_bus_message(GstBus *, GstMessage *message, gpointer self) {
    static_cast<PullingIngest *>(self)->handle_message(message);
    return G_SOURCE_CONTINUE;
}

void PullingIngest::handle_message(GstMessage *message) {
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR: {
        g_autoptr(GError) error = nullptr;
        g_autofree gchar *detail = nullptr;
        gst_message_parse_error(message, &error, &detail);
        GST_WARNING_OBJECT(pipeline_.get(), "%s: %s", error->message, detail ? detail : "");
        const std::string text = error->message;
        if (!puller_->finite())
            return retry(text);
        disconnect(false);
        return listener_.on_failure(text, detail ? detail : "");
    }
    case GST_MESSAGE_EOS:
        if (!puller_->finite())
            return retry("ended");
        disconnect(false);
        listener_.on_state({"disconnected", "ended", ""});
        return listener_.on_end();
    default:
        return;
    }
}

void PullingIngest::fail(const std::string &reason) {
    loop_.post([this, reason, generation = generation_.load()] {
        if (generation == generation_ && pipeline_)
            retry(reason);
    });
}

void PullingIngest::set_connected() {
    if (connected_)
        return;
    connected_ = true;
    listener_.on_state({"connected", "", ""});
    loop_.post_after(kPadWaitMs, [this] {
        if (puller_)
            outputs_.give_up_waiting();
    });
}

void PullingIngest::deliver(GstBin *pipeline, GstPad *pad, const std::string &name) {
    const unsigned generation = generation_;
    const auto first = std::make_shared<std::atomic<bool>>(true);
    GstElement *sink = make_feed_sink(outputs_.feed(name, 0), [this, generation, first] {
        last_packet_ = monotonic_now();
        ++packets_;
        if (first->exchange(false))
            loop_.post([this, generation] {
                if (generation != generation_)
                    return;
                attempt_ = 0;
                set_connected();
            });
    });
    gst_bin_add(pipeline, sink);
    gst_element_sync_state_with_parent(sink);
    const auto sink_pad = GstRef<GstPad>::adopt(gst_element_get_static_pad(sink, "sink"));
    if (GST_PAD_LINK_FAILED(gst_pad_link(pad, sink_pad.get())))
        return fail("cannot link " + name);
    MutexLock lock(mutex_);
    sources_[name] = GstRef<GstPad>::ref(pad);
}

bool PullingIngest::request_keyframe(const std::string &name) {
    GstRef<GstPad> source;
    {
        MutexLock lock(mutex_);
        const auto found = sources_.find(name);
        if (found == sources_.end())
            return false;
        source = found->second;
    }
    return gst_pad_send_event(source.get(), gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0));
}

void PullingIngest::fill_stats(GstStructure *stats) const {
    gst_structure_set(stats, "packets", G_TYPE_UINT64, packets_.load(), "reconnects", G_TYPE_UINT64, reconnects_.load(),
                      nullptr);
}

} // namespace rostrum
