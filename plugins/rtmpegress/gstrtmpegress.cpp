// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/gstrtmpegress.h"

#include "rtmpegress/address_policy.h"
#include "rtmpegress/debug.h"
#include "rtmpegress/egress.h"
#include "rtmpegress/input.h"

#include <gst/video/video.h>

using peerwire::MutexLock;
using rostrum::adopt;
using rostrum::Destination;
using rostrum::DestinationStatus;
using rostrum::Egress;
using rostrum::EgressHooks;
using rostrum::Input;
using rostrum::MediaKind;

namespace {

enum {
    PROP_LOCATION = 1,
    PROP_STATS,
    PROP_LAST_ERROR,
    PROP_RETRY_BASE,
    PROP_RETRY_MAX,
    PROP_TLS_CA_FILE,
    PROP_ALLOW_PRIVATE
};
enum { SIGNAL_ADD, SIGNAL_REMOVE, SIGNAL_REMOVED, N_SIGNALS };
guint signals[N_SIGNALS];

constexpr char kLocationId[] = "location"; // the destination that the property makes
constexpr guint kRetryBaseMs = 500, kRetryMaxMs = 30'000;

GstStaticPadTemplate video_template =
    GST_STATIC_PAD_TEMPLATE("video", GST_PAD_SINK, GST_PAD_REQUEST,
                            GST_STATIC_CAPS("video/x-h264, stream-format = (string) { avc, byte-stream }"));
GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("audio/mpeg, mpegversion = (int) { 2, 4 }"));

/// What the element has that needs a destructor.
struct Impl {
    explicit Impl(EgressHooks hooks) : egress(std::move(hooks)) {}

    Egress egress;

    peerwire::Mutex mutex; // never held while calling out
    std::array<std::unique_ptr<Input>, rostrum::kMediaKinds> inputs GUARDED_BY(mutex);
    std::array<GstPad *, rostrum::kMediaKinds> pads GUARDED_BY(mutex){}; // owned by the element
    std::string location_display GUARDED_BY(mutex);                      // masked
    std::string last_error GUARDED_BY(mutex);
    std::string location_error GUARDED_BY(mutex); // why the property made no destination
    rostrum::DestinationSettings settings GUARDED_BY(mutex){{kRetryBaseMs, kRetryMaxMs}, {}};
};

} // namespace

struct _GstRtmpEgress {
    GstBin parent;
    Impl *impl;
};

G_DEFINE_TYPE(GstRtmpEgress, gst_rtmp_egress, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(rtmpegress, "rtmpegress", GST_RANK_NONE, GST_TYPE_RTMP_EGRESS,
                                      GST_DEBUG_CATEGORY_INIT(gst_rtmp_egress_debug, "rtmpegress", 0, "RTMP egress"))

namespace {

void post_status(GstRtmpEgress *self, const DestinationStatus &status) {
    GstStructure *s = gst_structure_new(
        "rtmpegress-destination", "id", G_TYPE_STRING, status.id.c_str(), "state", G_TYPE_STRING,
        rostrum::to_string(status.state), "error", G_TYPE_STRING, status.error.c_str(), "url", G_TYPE_STRING,
        status.url.c_str(), "bytes", G_TYPE_UINT64, status.bytes, "bitrate", G_TYPE_UINT, status.bitrate_bps,
        "attempts", G_TYPE_UINT, status.attempts, "reconnects", G_TYPE_UINT, status.reconnects, "dropped",
        G_TYPE_UINT64, status.dropped, "retry-in", G_TYPE_UINT, static_cast<guint>(status.retry_in_ms), nullptr);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), s));
}

void request_keyframe(GstRtmpEgress *self) {
    rostrum::GstPtr<GstPad> pad;
    {
        MutexLock lock(self->impl->mutex);
        if (GstPad *video = self->impl->pads[static_cast<size_t>(MediaKind::Video)])
            pad = rostrum::ref(video);
    }
    if (pad)
        gst_pad_push_event(pad.get(), gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, TRUE, 0));
}

bool add_destination(GstRtmpEgress *self, const char *id, const char *url, const char *key) {
    Impl &impl = *self->impl;
    const auto added = id && *id ? impl.egress.add(id, url ? url : "", key ? key : "")
                                 : rostrum::Error{400, "a destination needs an id"};
    MutexLock lock(impl.mutex);
    impl.last_error = added.ok() ? "" : std::to_string(added.error().code) + ": " + added.error().text;
    return added.ok();
}

gboolean on_add_destination(GstRtmpEgress *self, const char *id, const char *url, const char *key) {
    return add_destination(self, id, url, key);
}

void on_remove_destination(GstRtmpEgress *self, const char *id) {
    if (id && !self->impl->egress.remove(id))
        GST_WARNING_OBJECT(self, "there is no destination '%s' to remove", id);
}

void set_location(GstRtmpEgress *self, const char *location) {
    Impl &impl = *self->impl;
    impl.egress.remove(kLocationId);
    const bool wanted = location && *location;
    const bool added = wanted && add_destination(self, kLocationId, location, nullptr);
    const auto target = rostrum::parse_target(wanted ? location : "");
    MutexLock lock(impl.mutex);
    impl.location_display = target.ok() ? target.value()->display() : "";
    impl.location_error = wanted && !added ? impl.last_error : "";
}

GstStructure *make_stats(GstRtmpEgress *self) {
    GValue list = G_VALUE_INIT;
    g_value_init(&list, GST_TYPE_ARRAY);
    for (const DestinationStatus &status : self->impl->egress.status()) {
        GValue value = G_VALUE_INIT;
        g_value_init(&value, GST_TYPE_STRUCTURE);
        g_value_take_boxed(
            &value,
            gst_structure_new("destination", "id", G_TYPE_STRING, status.id.c_str(), "url", G_TYPE_STRING,
                              status.url.c_str(), "state", G_TYPE_STRING, rostrum::to_string(status.state), "error",
                              G_TYPE_STRING, status.error.c_str(), "bytes", G_TYPE_UINT64, status.bytes, "bitrate",
                              G_TYPE_UINT, status.bitrate_bps, "attempts", G_TYPE_UINT, status.attempts, "reconnects",
                              G_TYPE_UINT, status.reconnects, "dropped", G_TYPE_UINT64, status.dropped, nullptr));
        gst_value_array_append_and_take_value(&list, &value);
    }
    GstStructure *stats = gst_structure_new_empty("rtmpegress-stats");
    gst_structure_take_value(stats, "destinations", &list);
    return stats;
}

} // namespace

static void gst_rtmp_egress_set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {
    auto *self = GST_RTMP_EGRESS(object);
    if (id == PROP_LOCATION) {
        set_location(self, g_value_get_string(value));
        return;
    }
    MutexLock lock(self->impl->mutex);
    if (id == PROP_RETRY_BASE)
        self->impl->settings.backoff.base_ms = g_value_get_uint(value);
    else if (id == PROP_RETRY_MAX)
        self->impl->settings.backoff.cap_ms = g_value_get_uint(value);
    else if (id == PROP_TLS_CA_FILE)
        self->impl->settings.push.tls_ca_file = g_value_get_string(value) ? g_value_get_string(value) : "";
    else if (id == PROP_ALLOW_PRIVATE)
        self->impl->settings.push.refuse_address =
            g_value_get_boolean(value) ? rostrum::AddressPolicy() : rostrum::public_addresses_only();
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_rtmp_egress_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    auto *self = GST_RTMP_EGRESS(object);
    if (id == PROP_STATS) {
        g_value_take_boxed(value, make_stats(self));
        return;
    }
    Impl &impl = *self->impl;
    MutexLock lock(impl.mutex);
    if (id == PROP_LOCATION)
        g_value_set_string(value, impl.location_display.empty() ? nullptr : impl.location_display.c_str());
    else if (id == PROP_LAST_ERROR)
        g_value_set_string(value, impl.last_error.c_str());
    else if (id == PROP_RETRY_BASE)
        g_value_set_uint(value, static_cast<guint>(impl.settings.backoff.base_ms));
    else if (id == PROP_RETRY_MAX)
        g_value_set_uint(value, static_cast<guint>(impl.settings.backoff.cap_ms));
    else if (id == PROP_TLS_CA_FILE)
        g_value_set_string(value, impl.settings.push.tls_ca_file.c_str());
    else if (id == PROP_ALLOW_PRIVATE)
        g_value_set_boolean(value, !impl.settings.push.refuse_address);
    else
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static GstPad *gst_rtmp_egress_request_new_pad(GstElement *element, GstPadTemplate *templ, const gchar *,
                                               const GstCaps *) {
    auto *self = GST_RTMP_EGRESS(element);
    Impl &impl = *self->impl;
    const char *name = GST_PAD_TEMPLATE_NAME_TEMPLATE(templ);
    const MediaKind kind = g_str_equal(name, "video") ? MediaKind::Video : MediaKind::Audio;
    const auto slot = static_cast<size_t>(kind);
    {
        MutexLock lock(impl.mutex);
        if (impl.inputs[slot])
            return nullptr;
    }
    auto input = std::make_unique<Input>(GST_BIN(self), kind, impl.egress.feed(), [&impl] { impl.egress.revive(); });
    if (!input->target()) {
        GST_ELEMENT_ERROR(self, CORE, MISSING_PLUGIN,
                          ("h264parse (bad), aacparse (good) and appsink (base) are needed"), (nullptr));
        return nullptr;
    }
    GstPad *pad = gst_ghost_pad_new_from_template(name, input->target(), templ);
    gst_pad_set_active(pad, TRUE);
    {
        MutexLock lock(impl.mutex);
        impl.inputs[slot] = std::move(input);
        impl.pads[slot] = pad;
    }
    gst_element_add_pad(element, pad);
    return pad;
}

static void gst_rtmp_egress_release_pad(GstElement *element, GstPad *pad) {
    Impl &impl = *GST_RTMP_EGRESS(element)->impl;
    std::unique_ptr<Input> input;
    {
        MutexLock lock(impl.mutex);
        for (size_t slot = 0; slot < rostrum::kMediaKinds; slot++) {
            if (impl.pads[slot] != pad)
                continue;
            input = std::move(impl.inputs[slot]);
            impl.pads[slot] = nullptr;
        }
    }
    gst_pad_set_active(pad, FALSE);
    gst_ghost_pad_set_target(GST_GHOST_PAD(pad), nullptr);
    gst_element_remove_pad(element, pad);
}

static GstStateChangeReturn gst_rtmp_egress_change_state(GstElement *element, GstStateChange transition) {
    auto *self = GST_RTMP_EGRESS(element);
    Impl &impl = *self->impl;
    if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
        std::string error;
        {
            MutexLock lock(impl.mutex);
            error = impl.location_error;
        }
        if (!error.empty()) {
            GST_ELEMENT_ERROR(self, RESOURCE, SETTINGS, ("Cannot publish to this location"), ("%s", error.c_str()));
            return GST_STATE_CHANGE_FAILURE;
        }
    }
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED)
        impl.egress.start();
    // A streaming thread may be waiting in it, with the sink's preroll lock, which the state change needs.
    impl.egress.interrupt_drain(GST_STATE_TRANSITION_NEXT(transition) <= GST_STATE_TRANSITION_CURRENT(transition));
    const auto result = GST_ELEMENT_CLASS(gst_rtmp_egress_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY ||
        (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE))
        impl.egress.stop();
    return result;
}

/// The bin's own EOS follows the one of its last input; before that one counts, the servers are told.
static void gst_rtmp_egress_handle_message(GstBin *bin, GstMessage *message) {
    Impl &impl = *GST_RTMP_EGRESS(bin)->impl;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS) {
        bool all_ended;
        {
            MutexLock lock(impl.mutex);
            all_ended = std::all_of(impl.inputs.begin(), impl.inputs.end(),
                                    [](const auto &input) { return !input || input->has_ended(); });
        }
        if (all_ended)
            impl.egress.drain();
    }
    GST_BIN_CLASS(gst_rtmp_egress_parent_class)->handle_message(bin, message);
}

static void gst_rtmp_egress_init(GstRtmpEgress *self) {
    self->impl = new Impl({
        [self] {
            MutexLock lock(self->impl->mutex);
            return self->impl->settings;
        },
        [self](const DestinationStatus &status) { post_status(self, status); },
        [self] { request_keyframe(self); },
        [self](const std::string &id) { g_signal_emit(self, signals[SIGNAL_REMOVED], 0, id.c_str()); },
    });
}

static void gst_rtmp_egress_finalize(GObject *object) {
    auto *self = GST_RTMP_EGRESS(object);
    delete self->impl;
    G_OBJECT_CLASS(gst_rtmp_egress_parent_class)->finalize(object);
}

/// Inputs refer to the bin's children, which the parent class is about to drop.
static void gst_rtmp_egress_dispose(GObject *object) {
    Impl &impl = *GST_RTMP_EGRESS(object)->impl;
    impl.egress.stop();
    std::array<std::unique_ptr<Input>, rostrum::kMediaKinds> inputs;
    {
        MutexLock lock(impl.mutex);
        inputs.swap(impl.inputs);
        impl.pads = {};
    }
    for (auto &input : inputs)
        input.reset();
    G_OBJECT_CLASS(gst_rtmp_egress_parent_class)->dispose(object);
}

static void install_properties(GObjectClass *klass) {
    const auto rw = static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
    const auto ro = static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    g_object_class_install_property(
        klass, PROP_LOCATION,
        g_param_spec_string("location", "Location",
                            "One destination: rtmp[s]://[user:password@]host[:port]/application/stream-key or "
                            "srt://host:port?streamid=…. Its id is "
                            "\"location\". Reads back with the key masked",
                            nullptr, static_cast<GParamFlags>(rw | GST_PARAM_MUTABLE_PLAYING)));
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed(
            "stats", "Statistics",
            "rtmpegress-stats, with an array \"destinations\" of {id, url (masked), state, error, bytes, "
            "bitrate (bit/s), attempts, reconnects, dropped (frames)}",
            GST_TYPE_STRUCTURE, ro));
    g_object_class_install_property(klass, PROP_LAST_ERROR,
                                    g_param_spec_string("last-error", "Last error",
                                                        "Why the last add-destination returned FALSE: \"code: text\"; "
                                                        "empty after a success",
                                                        "", ro));
    g_object_class_install_property(
        klass, PROP_RETRY_BASE,
        g_param_spec_uint("retry-base", "First retry",
                          "Wait before the first reconnect, in ms; doubles with each failure. From the next "
                          "connection on",
                          1, 3'600'000, kRetryBaseMs, static_cast<GParamFlags>(rw | GST_PARAM_MUTABLE_PLAYING)));
    g_object_class_install_property(
        klass, PROP_RETRY_MAX,
        g_param_spec_uint("retry-max", "Longest retry",
                          "Longest wait between reconnects, in ms. From the next connection on", 1, 3'600'000,
                          kRetryMaxMs, static_cast<GParamFlags>(rw | GST_PARAM_MUTABLE_PLAYING)));
    g_object_class_install_property(
        klass, PROP_TLS_CA_FILE,
        g_param_spec_string("tls-ca-file", "Trusted certificates",
                            "PEM file of the certificates that an rtmps server's must come from; empty: those that the "
                            "system trusts. From the next connection on",
                            "", static_cast<GParamFlags>(rw | GST_PARAM_MUTABLE_PLAYING)));
    g_object_class_install_property(
        klass, PROP_ALLOW_PRIVATE,
        g_param_spec_boolean("allow-private", "Allow private addresses",
                             "FALSE: a destination whose name resolves to a loopback, private, link-local or other "
                             "address that is not a public one fails. From the next connection on",
                             TRUE, static_cast<GParamFlags>(rw | GST_PARAM_MUTABLE_PLAYING)));
}

static void install_signals(GObjectClass *klass) {
    const GType type = G_TYPE_FROM_CLASS(klass);
    const auto action = static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
    /**
     * GstRtmpEgress::add-destination:
     * @id: name of the destination, unique in this element
     * @url: rtmp[s]://[user:password@]host[:port]/application
     * @stream_key: (nullable): the stream key; without one the URL ends with it
     *
     * In any state. Returns: %FALSE with the reason in #GstRtmpEgress:last-error.
     */
    signals[SIGNAL_ADD] =
        g_signal_new_class_handler("add-destination", type, action, G_CALLBACK(on_add_destination), nullptr, nullptr,
                                   nullptr, G_TYPE_BOOLEAN, 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
    /**
     * GstRtmpEgress::remove-destination:
     * @id: its name
     *
     * Returns at once; the stream is ended and unpublished in the background, which takes at most 3 s.
     */
    signals[SIGNAL_REMOVE] =
        g_signal_new_class_handler("remove-destination", type, action, G_CALLBACK(on_remove_destination), nullptr,
                                   nullptr, nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
    /**
     * GstRtmpEgress::destination-removed:
     * @id: its name
     *
     * After remove-destination, once nothing more goes to that server. From a thread of the element: do not change its
     * state in a handler.
     */
    signals[SIGNAL_REMOVED] = g_signal_new("destination-removed", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr,
                                           G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void gst_rtmp_egress_class_init(GstRtmpEgressClass *klass) {
    GObjectClass *object = G_OBJECT_CLASS(klass);
    object->set_property = gst_rtmp_egress_set_property;
    object->get_property = gst_rtmp_egress_get_property;
    object->dispose = gst_rtmp_egress_dispose;
    object->finalize = gst_rtmp_egress_finalize;
    install_properties(object);
    install_signals(object);

    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    element->request_new_pad = gst_rtmp_egress_request_new_pad;
    element->release_pad = gst_rtmp_egress_release_pad;
    element->change_state = gst_rtmp_egress_change_state;
    gst_element_class_add_static_pad_template(element, &video_template);
    gst_element_class_add_static_pad_template(element, &audio_template);
    gst_element_class_set_static_metadata(element, "RTMP egress", "Sink/Network",
                                          "Sends H.264 and AAC to any number of RTMP servers, each on its own",
                                          "Rostrum contributors");

    GST_BIN_CLASS(klass)->handle_message = gst_rtmp_egress_handle_message;
}
