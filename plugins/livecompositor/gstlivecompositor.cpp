// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The livecompositor element: pads, latency, states. What it does is in the classes beside it.
//
// Locks: GST_OBJECT_LOCK guards nothing of ours; Board and Output have leaf mutexes of their own; ElementImpl's
// mutex guards the rest. None of them is held while posting, emitting or pushing.

#include "livecompositor/gstlivecompositor.h"

#include "livecompositor/element_impl.h"
#include "livecompositor/gstlivecompositorpad.h"
#include "livecompositor/properties.h"

#include <algorithm>

GST_DEBUG_CATEGORY(livecompositor_debug);
#define GST_CAT_DEFAULT livecompositor_debug

using namespace livecompositor;
using peerwire::MutexLock;

namespace {

constexpr TimeNs kProcessingNs = 20'000'000; // from an input's own latency to its picture being here
constexpr guint kMaxPads = 64;

GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS("video/x-raw, format=I420, width=[16,7680], height=[16,7680], "
                                            "framerate=[1/1,120/1]"));
GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("audio/x-raw, format=" GST_AUDIO_NE(S16) ", layout=interleaved, rate=48000, "
                                                             "channels=2"));
// What is cheapest to take goes first, so that sources and decoders which can choose do so.
GstStaticPadTemplate video_sink_template = GST_STATIC_PAD_TEMPLATE(
    "video_%u", GST_PAD_SINK, GST_PAD_REQUEST,
    GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE("I420") ";" GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
GstStaticPadTemplate audio_sink_template =
    GST_STATIC_PAD_TEMPLATE("audio_%u", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS("audio/x-raw, format={" GST_AUDIO_NE(F32) "," GST_AUDIO_NE(
                                S16) "}, rate=48000, channels=[1,2], "
                                     "layout=interleaved;" GST_AUDIO_CAPS_MAKE(GST_AUDIO_FORMATS_ALL)));

} // namespace

static void gst_live_compositor_child_proxy_init(gpointer iface, gpointer);

G_DEFINE_TYPE_WITH_CODE(GstLiveCompositor, gst_live_compositor, GST_TYPE_ELEMENT,
                        G_IMPLEMENT_INTERFACE(GST_TYPE_CHILD_PROXY, gst_live_compositor_child_proxy_init)
                            GST_DEBUG_CATEGORY_INIT(livecompositor_debug, "livecompositor", 0, "live compositor"))
GST_ELEMENT_REGISTER_DEFINE(livecompositor, "livecompositor", GST_RANK_NONE, GST_TYPE_LIVE_COMPOSITOR)

// Messages

void gst_live_compositor_complain(GstLiveCompositor *self, const std::string &text) {
    GstBus *bus = gst_element_get_bus(GST_ELEMENT(self));
    if (bus) {
        GST_ELEMENT_WARNING(self, LIBRARY, SETTINGS, ("%s", text.c_str()), ("The picture stays as it was."));
        gst_object_unref(bus);
    } else {
        GST_WARNING_OBJECT(self, "%s", text.c_str());
        MutexLock lock(self->impl->mutex);
        self->impl->complaints.push_back(text);
    }
}

static void say_complaints(GstLiveCompositor *self) {
    std::vector<std::string> complaints;
    {
        MutexLock lock(self->impl->mutex);
        complaints.swap(self->impl->complaints);
    }
    for (const std::string &text : complaints)
        gst_live_compositor_complain(self, text);
}

static GstPad *find_pad(GstLiveCompositor *self, const char *kind, unsigned index) {
    const std::string name = kind + std::to_string(index);
    return gst_element_get_static_pad(GST_ELEMENT(self), name.c_str());
}

static std::string label_of(GstLiveCompositor *self, unsigned index) {
    for (const char *kind : {"audio_", "video_"}) {
        GstPad *pad = find_pad(self, kind, index);
        if (!pad)
            continue;
        PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(pad)->impl;
        std::string label = impl.board->pad(impl.settings()).label;
        gst_object_unref(pad);
        if (!label.empty())
            return label;
    }
    return {};
}

/// Audio thread.
static void speaker_changed(GstLiveCompositor *self) {
    const auto speaker = self->impl->board->speaker();
    const std::string pad = speaker ? "audio_" + std::to_string(*speaker) : "";
    const std::string label = speaker ? label_of(self, *speaker) : "";
    GST_INFO_OBJECT(self, "active speaker: %s", speaker ? pad.c_str() : "nobody");
    gst_element_post_message(
        GST_ELEMENT(self),
        gst_message_new_element(GST_OBJECT(self), gst_structure_new("livecompositor-speaker", "pad", G_TYPE_STRING,
                                                                    speaker ? pad.c_str() : nullptr, "label",
                                                                    G_TYPE_STRING, label.c_str(), nullptr)));
    g_object_notify(G_OBJECT(self), "active-speaker");
}

/// Video thread.
static void tiles_changed(GstLiveCompositor *self, const std::vector<ShownTile> &tiles) {
    {
        MutexLock lock(self->impl->mutex);
        self->impl->tiles = tiles;
    }
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), describe(tiles)));
    g_object_notify(G_OBJECT(self), "tiles");
}

// Latency

static TimeNs upstream_latency(GstLiveCompositor *self) {
    GstIterator *pads = gst_element_iterate_sink_pads(GST_ELEMENT(self));
    GValue most = G_VALUE_INIT;
    g_value_init(&most, G_TYPE_INT64);
    const auto fold = [](const GValue *item, GValue *result, gpointer) -> gboolean {
        GstQuery *query = gst_query_new_latency();
        gboolean live = FALSE;
        GstClockTime min = 0;
        if (gst_pad_peer_query(GST_PAD(g_value_get_object(item)), query)) {
            gst_query_parse_latency(query, &live, &min, nullptr);
            if (live)
                g_value_set_int64(result, std::max(g_value_get_int64(result), static_cast<gint64>(min)));
        }
        gst_query_unref(query);
        return TRUE;
    };
    while (gst_iterator_fold(pads, fold, &most, nullptr) == GST_ITERATOR_RESYNC) {
        g_value_set_int64(&most, 0);
        gst_iterator_resync(pads);
    }
    gst_iterator_free(pads);
    return g_value_get_int64(&most);
}

/// Takes over what the inputs and the property ask for. Once it has played the delay only grows: shrinking would let
/// the outputs run ahead of the clock. True when it changed.
static bool update_delay(GstLiveCompositor *self) {
    ElementImpl &impl = *self->impl;
    const TimeNs upstream = upstream_latency(self);
    MutexLock lock(impl.mutex);
    TimeNs wanted = TimeNs{impl.latency_ms} * GST_MSECOND;
    if (upstream > 0)
        wanted = std::clamp(upstream + kProcessingNs, wanted, TimeNs{kMaxLatencyMs} * GST_MSECOND);
    const TimeNs before = impl.board->delay_ns;
    if (impl.has_played)
        wanted = std::max(wanted, before);
    impl.board->delay_ns = wanted;
    return wanted != before;
}

void gst_live_compositor_latency_changed(GstLiveCompositor *self) {
    if (!update_delay(self))
        return;
    GST_INFO_OBJECT(self, "delay is now %" GST_STIME_FORMAT, GST_STIME_ARGS(self->impl->board->delay_ns.load()));
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_latency(GST_OBJECT(self)));
}

/// What leaves has the delay plus the time that making a picture may take: half a frame.
static GstClockTime reported_latency(const ElementImpl &impl) {
    const Settings s = impl.board->settings();
    return static_cast<GstClockTime>(impl.board->delay_ns.load()) +
           gst_util_uint64_scale(GST_SECOND / 2, static_cast<guint64>(s.fps_d), static_cast<guint64>(s.fps_n));
}

// Source pads

static gboolean answer_caps(const ElementImpl &impl, GstPad *pad, GstQuery *query) {
    GstCaps *filter = nullptr;
    gst_query_parse_caps(query, &filter);
    GstCaps *caps = pad == impl.video_pad ? VideoProducer::caps_of(impl.board->settings()) : AudioProducer::caps();
    if (filter) {
        GstCaps *both = gst_caps_intersect_full(filter, caps, GST_CAPS_INTERSECT_FIRST);
        gst_caps_unref(caps);
        caps = both;
    }
    gst_query_set_caps_result(query, caps);
    gst_caps_unref(caps);
    return TRUE;
}

static gboolean source_query(GstPad *pad, GstObject *parent, GstQuery *query) {
    GstLiveCompositor *self = GST_LIVE_COMPOSITOR(parent);
    const ElementImpl &impl = *self->impl;
    switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_LATENCY:
        update_delay(self);
        gst_query_set_latency(query, TRUE, reported_latency(impl), GST_CLOCK_TIME_NONE);
        return TRUE;
    case GST_QUERY_CAPS:
        return answer_caps(impl, pad, query);
    case GST_QUERY_POSITION: {
        GstFormat format;
        gst_query_parse_position(query, &format, nullptr);
        if (format != GST_FORMAT_TIME)
            return FALSE;
        gst_query_set_position(query, format, (pad == impl.video_pad ? impl.video : impl.audio).position());
        return TRUE;
    }
    case GST_QUERY_DURATION:
    case GST_QUERY_SEEKING:
        return FALSE;
    default:
        return gst_pad_query_default(pad, parent, query);
    }
}

/// Upstream events concern this element, not its inputs: a key frame request for raw pictures is met by the next one.
static gboolean source_event(GstPad *, GstObject *, GstEvent *event) {
    const GstEventType type = GST_EVENT_TYPE(event);
    gst_event_unref(event);
    return type == GST_EVENT_LATENCY || type == GST_EVENT_QOS || type == GST_EVENT_RECONFIGURE ||
           type == GST_EVENT_CUSTOM_UPSTREAM;
}

static gboolean source_activate(GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active) {
    if (mode != GST_PAD_MODE_PUSH)
        return FALSE;
    ElementImpl &impl = *GST_LIVE_COMPOSITOR(parent)->impl;
    Output &output = pad == impl.video_pad ? impl.video : impl.audio;
    return active ? output.start() : output.stop();
}

static GstPad *add_source_pad(GstLiveCompositor *self, GstStaticPadTemplate *templ) {
    GstPad *pad = gst_pad_new_from_static_template(templ, templ->name_template);
    gst_pad_set_query_function(pad, source_query);
    gst_pad_set_event_function(pad, source_event);
    gst_pad_set_activatemode_function(pad, source_activate);
    gst_pad_use_fixed_caps(pad);
    gst_element_add_pad(GST_ELEMENT(self), pad);
    return pad;
}

static std::string new_stream_id(const char *kind) {
    gchar *uuid = g_uuid_string_random();
    std::string id = std::string(uuid) + "/" + kind;
    g_free(uuid);
    return id;
}

ElementImpl::ElementImpl(GstLiveCompositor *self)
    : video_pad(add_source_pad(self, &video_template)), audio_pad(add_source_pad(self, &audio_template)),
      video_producer(*board, [self](const auto &shown) { tiles_changed(self, shown); }),
      audio_producer(*board, [self] { speaker_changed(self); }),
      video(video_pad, *board, video_producer, new_stream_id("video")),
      audio(audio_pad, *board, audio_producer, new_stream_id("audio")) {}

// Sink pads

static std::optional<unsigned> wanted_index(const gchar *name, bool video) {
    const gchar *const digits = name && g_str_has_prefix(name, video ? "video_" : "audio_") ? name + 6 : nullptr;
    guint64 index = 0;
    if (!digits || !g_ascii_string_to_unsigned(digits, 10, 0, G_MAXUINT, &index, nullptr))
        return std::nullopt;
    return static_cast<unsigned>(index);
}

/// Takes `wanted`, or the smallest number that is free; nothing when it is taken. Pads are requested from any thread.
static std::optional<unsigned> reserve_index(ElementImpl &impl, bool video, std::optional<unsigned> wanted) {
    MutexLock lock(impl.mutex);
    std::set<unsigned> &taken = video ? impl.video_numbers : impl.audio_numbers;
    unsigned index = wanted.value_or(0);
    while (!wanted && taken.contains(index))
        ++index;
    return taken.size() < kMaxPads && taken.insert(index).second ? std::optional(index) : std::nullopt;
}

static void free_index(ElementImpl &impl, bool video, unsigned index) {
    MutexLock lock(impl.mutex);
    (video ? impl.video_numbers : impl.audio_numbers).erase(index);
}

static GstPad *request_new_pad(GstElement *element, GstPadTemplate *templ, const gchar *name, const GstCaps *) {
    GstLiveCompositor *self = GST_LIVE_COMPOSITOR(element);
    const bool video = g_str_has_prefix(GST_PAD_TEMPLATE_NAME_TEMPLATE(templ), "video_");
    const auto index = reserve_index(*self->impl, video, wanted_index(name, video));
    if (!index) {
        gst_live_compositor_complain(self, std::string(name ? name : "the pad") + " is taken, or there are " +
                                               std::to_string(kMaxPads) + " of its kind, which is the most");
        return nullptr;
    }
    const std::string full_name = (video ? "video_" : "audio_") + std::to_string(*index);
    GstLiveCompositorPad *pad = gst_live_compositor_pad_new(templ, full_name.c_str(), self->impl->board, video, *index);
    // Active before it can be linked: its peer may push at once.
    gst_pad_set_active(GST_PAD(pad), TRUE);
    gst_element_add_pad(element, GST_PAD(pad));
    gst_child_proxy_child_added(GST_CHILD_PROXY(self), G_OBJECT(pad), full_name.c_str());
    return GST_PAD(pad);
}

static void release_pad(GstElement *element, GstPad *pad) {
    PadImpl &impl = *GST_LIVE_COMPOSITOR_PAD(pad)->impl;
    gst_object_ref(pad);
    gst_pad_set_active(pad, FALSE); // lets go of its streaming thread
    impl.leave_board();
    gst_child_proxy_child_removed(GST_CHILD_PROXY(element), G_OBJECT(pad), GST_PAD_NAME(pad));
    gst_element_remove_pad(element, pad);
    free_index(*GST_LIVE_COMPOSITOR(element)->impl, impl.video != nullptr, impl.index());
    gst_object_unref(pad);
}

static GObject *child_by_index(GstChildProxy *proxy, guint index) {
    GST_OBJECT_LOCK(proxy);
    GObject *pad = static_cast<GObject *>(g_list_nth_data(GST_ELEMENT(proxy)->sinkpads, index));
    if (pad)
        gst_object_ref(pad);
    GST_OBJECT_UNLOCK(proxy);
    return pad;
}

static guint child_count(GstChildProxy *proxy) {
    return GST_ELEMENT(proxy)->numsinkpads;
}

static void gst_live_compositor_child_proxy_init(gpointer iface, gpointer) {
    auto *proxy = static_cast<GstChildProxyInterface *>(iface);
    proxy->get_child_by_index = child_by_index;
    proxy->get_children_count = child_count;
}

// States

static void play(GstLiveCompositor *self) {
    ElementImpl &impl = *self->impl;
    update_delay(self);
    {
        MutexLock lock(impl.mutex);
        impl.has_played = true;
    }
    GstClock *clock = gst_element_get_clock(GST_ELEMENT(self));
    if (!clock)
        clock = gst_system_clock_obtain();
    const GstClockTime base_time = gst_element_get_base_time(GST_ELEMENT(self));
    impl.video.play(clock, base_time);
    impl.audio.play(clock, base_time);
    gst_object_unref(clock);
}

static void pause(GstLiveCompositor *self) {
    ElementImpl &impl = *self->impl;
    impl.video.pause();
    impl.audio.pause();
}

static void rewind(GstLiveCompositor *self) {
    MutexLock lock(self->impl->mutex);
    self->impl->has_played = false;
}

static GstStateChangeReturn change_state(GstElement *element, GstStateChange transition) {
    GstLiveCompositor *self = GST_LIVE_COMPOSITOR(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
        warm_up_fonts();
        say_complaints(self);
    }
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
        rewind(self);
    if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
        pause(self);
    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(gst_live_compositor_parent_class)->change_state(element, transition);
    if (result == GST_STATE_CHANGE_FAILURE)
        return result;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
        play(self);
    const bool paused =
        transition == GST_STATE_CHANGE_READY_TO_PAUSED || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
    return paused ? GST_STATE_CHANGE_NO_PREROLL : result;
}

/// EOS for the whole element ends both outputs, so that recordings behind it are finished.
static gboolean send_event(GstElement *element, GstEvent *event) {
    if (GST_EVENT_TYPE(event) != GST_EVENT_EOS)
        return GST_ELEMENT_CLASS(gst_live_compositor_parent_class)->send_event(element, event);
    gst_event_unref(event);
    ElementImpl &impl = *GST_LIVE_COMPOSITOR(element)->impl;
    impl.video.send_eos();
    impl.audio.send_eos();
    return TRUE;
}

static void finalize(GObject *object) {
    delete GST_LIVE_COMPOSITOR(object)->impl;
    G_OBJECT_CLASS(gst_live_compositor_parent_class)->finalize(object);
}

static void gst_live_compositor_class_init(GstLiveCompositorClass *klass) {
    auto *object_class = G_OBJECT_CLASS(klass);
    object_class->finalize = finalize;
    install_properties(object_class);
    install_actions(object_class);

    auto *element_class = GST_ELEMENT_CLASS(klass);
    element_class->change_state = change_state;
    element_class->request_new_pad = request_new_pad;
    element_class->release_pad = release_pad;
    element_class->send_event = send_event;
    gst_element_class_add_static_pad_template(element_class, &video_template);
    gst_element_class_add_static_pad_template(element_class, &audio_template);
    gst_element_class_add_static_pad_template_with_gtype(element_class, &video_sink_template,
                                                         GST_TYPE_LIVE_COMPOSITOR_PAD);
    gst_element_class_add_static_pad_template_with_gtype(element_class, &audio_sink_template,
                                                         GST_TYPE_LIVE_COMPOSITOR_PAD);
    gst_element_class_set_static_metadata(
        element_class, "Live compositor", "Filter/Editor/Video/Audio/Compositor",
        "Composes live pictures and mixes their sound at a constant rate, whatever the "
        "inputs do",
        "Rostrum contributors");
}

static void gst_live_compositor_init(GstLiveCompositor *self) {
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE); // gets the EOS that an application sends to the pipeline
    self->impl = new ElementImpl(self);
}

static gboolean plugin_init(GstPlugin *plugin) {
    return GST_ELEMENT_REGISTER(livecompositor, plugin);
}

#define PACKAGE "rostrum"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, livecompositor, "Live composition of pictures and sound",
                  plugin_init, ROSTRUM_VERSION, "LGPL", "Rostrum", "Rostrum")
