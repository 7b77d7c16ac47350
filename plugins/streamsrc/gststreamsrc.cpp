// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-streamsrc
 * @title: streamsrc
 * @short_description: a host's media, as RTP
 *
 * Receives what one publisher sends (WHIP, RFC 9725) or pulls it from a URI, and gives it out as `application/x-rtp`:
 * one `audio_%u` pad, one `video_%u` pad, or one per simulcast layer (`rid` in the caps). Packets leave as they arrive;
 * set #streamsrc:latency to have them ordered. Their PTS is the time of capture in running time: free of network
 * jitter, and the sound and the picture of one publisher share one clock (RTCP sender reports).
 *
 * Pads appear with their first packet and stay until the element returns to READY: when a publisher leaves they fall
 * silent, and the next one goes on with them, after a new stream-start and new caps. Upstream GstForceKeyUnit events
 * ask the publisher for a keyframe. Nothing that happens downstream of one pad disturbs the others.
 *
 * ## Ways to use it
 *
 * A browser publishes, others watch:
 * |[
 * gst-launch-1.0 streamsrc listen=http://127.0.0.1:8080/whip ! viewerfanout listen=http://127.0.0.1:8081/whep
 * ]|
 * `!` in gst-launch-1.0 links the first pad only and then stops listening for more. streamsrc notices that nobody is
 * left to link its next pad and links it to where the first one went, so this line carries sound, picture and all
 * layers; so does `:` in place of `!`. Naming pads works too: `streamsrc name=s … s.video_0 ! …  s.audio_0 ! …`.
 *
 * A relay of the same:
 * |[
 * gst-launch-1.0 streamsrc uri=whep+http://127.0.0.1:8081/whep ! viewerfanout listen=http://127.0.0.1:8082/whep
 * ]|
 * An application that speaks HTTP itself leaves both empty and emits #streamsrc::accept-offer.
 *
 * ## Messages
 *
 * `streamsrc-state`: `state` (string: connecting, connected, stalled, resumed, disconnected), `reason` (string, a
 * stable word such as replaced, remote-close, consent-expired, deleted, or empty), `kind` (string: video or audio when
 * stalled or resumed, else empty). `streamsrc-listening`: `uri` (string).
 *
 * Since: 0.1
 */

#include "streamsrc/gststreamsrc.h"

#include "streamsrc/stream_source.h"

using rostrum::StreamSource;
using rostrum::StreamSourceSettings;

GST_DEBUG_CATEGORY(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

struct _GstStreamSrc {
    GstBin parent;
    StreamSource *impl;
};

G_DEFINE_FINAL_TYPE(GstStreamSrc, gst_stream_src, GST_TYPE_BIN)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE(streamsrc, "streamsrc", GST_RANK_NONE, GST_TYPE_STREAM_SRC,
                                      GST_DEBUG_CATEGORY_INIT(gst_stream_src_debug, "streamsrc", 0,
                                                              "a host's media, as RTP"))

enum {
    PROP_LISTEN = 1,
    PROP_LISTENING_URI,
    PROP_URI,
    PROP_PUBLIC_ADDRESS,
    PROP_PORT_RANGE,
    PROP_ICE_TCP,
    PROP_LATENCY,
    PROP_PREFER_CODEC,
    PROP_START_BITRATE,
    PROP_LAST_ERROR,
    PROP_STATS,
};

enum { SIGNAL_ACCEPT_OFFER, SIGNAL_ACCEPT_PATCH, SIGNAL_END_PUBLISH, N_SIGNALS };
static guint signals[N_SIGNALS];

static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS("application/x-rtp, media=(string)video"));
static GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS("application/x-rtp, media=(string)audio"));

static std::string string_value(const GValue *value) {
    const gchar *text = g_value_get_string(value);
    return text ? text : "";
}

static void gst_stream_src_set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {
    GST_STREAM_SRC(object)->impl->configure([&](StreamSourceSettings &settings) {
        switch (id) {
        case PROP_LISTEN:
            settings.listen = string_value(value);
            break;
        case PROP_URI:
            settings.uri = string_value(value);
            break;
        case PROP_PUBLIC_ADDRESS:
            settings.public_address = string_value(value);
            break;
        case PROP_PORT_RANGE:
            settings.port_range = string_value(value);
            break;
        case PROP_ICE_TCP:
            settings.ice_tcp = g_value_get_boolean(value);
            break;
        case PROP_LATENCY:
            settings.latency_ms = g_value_get_uint(value);
            break;
        case PROP_PREFER_CODEC:
            settings.prefer_codec = string_value(value);
            break;
        case PROP_START_BITRATE:
            settings.start_bitrate_kbps = g_value_get_uint(value);
            break;
        default:
            G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        }
    });
}

static void gst_stream_src_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec) {
    StreamSource &impl = *GST_STREAM_SRC(object)->impl;
    const StreamSourceSettings settings = impl.settings();
    switch (id) {
    case PROP_LISTEN:
        return g_value_set_string(value, settings.listen.c_str());
    case PROP_LISTENING_URI:
        return g_value_set_string(value, impl.listening_uri().c_str());
    case PROP_URI:
        return g_value_set_string(value, settings.uri.c_str());
    case PROP_PUBLIC_ADDRESS:
        return g_value_set_string(value, settings.public_address.c_str());
    case PROP_PORT_RANGE:
        return g_value_set_string(value, settings.port_range.c_str());
    case PROP_ICE_TCP:
        return g_value_set_boolean(value, settings.ice_tcp);
    case PROP_LATENCY:
        return g_value_set_uint(value, settings.latency_ms);
    case PROP_PREFER_CODEC:
        return g_value_set_string(value, settings.prefer_codec.c_str());
    case PROP_START_BITRATE:
        return g_value_set_uint(value, settings.start_bitrate_kbps);
    case PROP_LAST_ERROR:
        return g_value_set_string(value, impl.last_error().c_str());
    case PROP_STATS:
        return g_value_take_boxed(value, impl.stats());
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
}

static gchar *answer_or_null(const rostrum::Result<std::string> &answer) {
    return answer ? g_strdup(answer.value().c_str()) : nullptr;
}

static gchar *accept_offer(GstStreamSrc *self, const gchar *offer) {
    return answer_or_null(self->impl->accept_offer(offer ? offer : ""));
}

static gchar *accept_patch(GstStreamSrc *self, const gchar *fragment) {
    return answer_or_null(self->impl->accept_patch(fragment ? fragment : ""));
}

static void end_publish(GstStreamSrc *self, const gchar *reason) {
    self->impl->end_publish(reason ? reason : "");
}

static GstStateChangeReturn gst_stream_src_change_state(GstElement *element, GstStateChange transition) {
    StreamSource &impl = *GST_STREAM_SRC(element)->impl;
    if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !impl.start())
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        impl.stop();
    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(gst_stream_src_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        impl.finish_stop();
    if (result == GST_STATE_CHANGE_FAILURE) {
        if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
            impl.stop();
            impl.finish_stop();
        }
        return result;
    }
    const bool live_without_preroll =
        transition == GST_STATE_CHANGE_READY_TO_PAUSED || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED;
    return live_without_preroll ? GST_STATE_CHANGE_NO_PREROLL : result;
}

static gboolean gst_stream_src_send_event(GstElement *element, GstEvent *event) {
    if (!(gst_event_type_get_flags(GST_EVENT_TYPE(event)) & GST_EVENT_TYPE_DOWNSTREAM))
        return GST_ELEMENT_CLASS(gst_stream_src_parent_class)->send_event(element, event);
    GST_STREAM_SRC(element)->impl->send_event(event);
    return TRUE;
}

static void gst_stream_src_finalize(GObject *object) {
    delete GST_STREAM_SRC(object)->impl;
    G_OBJECT_CLASS(gst_stream_src_parent_class)->finalize(object);
}

static GParamSpec *string_property(const char *name, const char *nick, const char *blurb, const char *initial) {
    return g_param_spec_string(
        name, nick, blurb, initial,
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

static GParamSpec *read_only_string(const char *name, const char *nick, const char *blurb) {
    return g_param_spec_string(name, nick, blurb, "",
                               static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
}

static GParamSpec *uint_property(const char *name, const char *nick, const char *blurb, guint max, guint initial) {
    return g_param_spec_uint(
        name, nick, blurb, 0, max, initial,
        static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

static void install_properties(GObjectClass *klass) {
    klass->set_property = gst_stream_src_set_property;
    klass->get_property = gst_stream_src_get_property;
    const StreamSourceSettings initial;
    const auto install = [klass](guint id, GParamSpec *spec) { g_object_class_install_property(klass, id, spec); };
    install(PROP_LISTEN, string_property("listen", "Listen",
                                         "Answer WHIP here by itself: http://ADDRESS:PORT/PATH, port 0 = any free one; "
                                         "empty = do not listen",
                                         ""));
    install(PROP_LISTENING_URI, read_only_string("listening-uri", "Listening URI",
                                                 "Where it listens, with the real port; empty when it does not"));
    install(PROP_URI, string_property("uri", "URI",
                                      "Pull from here instead of being published to: whep+http(s)://, srt://, rtsp://, "
                                      "rtmp://, http(s)://, file://; empty = be published to",
                                      ""));
    install(PROP_PUBLIC_ADDRESS,
            string_property("public-address", "Public address",
                            "IP addresses that publishers reach us at, comma-separated; one loopback address only = "
                            "listen on loopback only",
                            initial.public_address.c_str()));
    install(PROP_PORT_RANGE, string_property("port-range", "Port range",
                                             "UDP port to receive at, first free one of MIN-MAX; empty = any", ""));
    install(PROP_ICE_TCP,
            g_param_spec_boolean(
                "ice-tcp", "ICE-TCP",
                "Offer publishers TCP as well, for networks that block UDP (RFC 6544): at the number of the UDP port "
                "when that is free, else at another one of port-range",
                FALSE, static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
    install(PROP_LATENCY, uint_property("latency", "Latency",
                                        "Order packets and wait this long for lost ones, in ms; 0 = give them out as "
                                        "they arrive (put an rtpjitterbuffer before a decoder)",
                                        10000, initial.latency_ms));
    install(PROP_PREFER_CODEC,
            string_property("prefer-codec", "Preferred codec",
                            "Video codecs to answer first, comma-separated, of h264, vp8, vp9, av1; the others are "
                            "answered behind them",
                            initial.prefer_codec.c_str()));
    install(PROP_START_BITRATE, uint_property("start-bitrate", "Start bitrate",
                                              "Bitrate that browsers begin with, in kbit/s; 0 = leave it to them",
                                              100000, initial.start_bitrate_kbps));
    install(PROP_LAST_ERROR, read_only_string("last-error", "Last error",
                                              "Why the last accept-offer, accept-patch or start failed, \"CODE: text\" "
                                              "with an HTTP status code; empty = none did"));
    install(PROP_STATS, g_param_spec_boxed(
                            "stats", "Statistics",
                            "streamsrc-stats: state, connected, round-trip (ns), dropped, and per pad a nested "
                            "structure: encoding-name, mid, rid, ssrc, packets, bytes, bitrate (bit/s), lost, nacked, "
                            "repaired, given-up, duplicates, keyframes, plis, jitter (ns), stalled, synchronised",
                            GST_TYPE_STRUCTURE, static_cast<GParamFlags>(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

static guint action(GObjectClass *klass, const char *name, GCallback handler, GType result) {
    return g_signal_new_class_handler(name, G_TYPE_FROM_CLASS(klass),
                                      static_cast<GSignalFlags>(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION), handler, nullptr,
                                      nullptr, nullptr, result, 1, G_TYPE_STRING);
}

static void install_signals(GObjectClass *klass) {
    /**
     * GstStreamSrc::accept-offer:
     * @sdp: a WHIP client's offer
     *
     * Takes a publisher, who replaces the one before. Needs PAUSED or PLAYING.
     *
     * Returns: (transfer full) (nullable): the answer, or %NULL; then #GstStreamSrc:last-error says why
     */
    signals[SIGNAL_ACCEPT_OFFER] = action(klass, "accept-offer", G_CALLBACK(accept_offer), G_TYPE_STRING);
    /**
     * GstStreamSrc::accept-patch:
     * @fragment: application/trickle-ice-sdpfrag (RFC 8840)
     *
     * Returns: (transfer full) (nullable): the fragment that answers an ICE restart, "" when there is nothing to
     * answer, %NULL on error
     */
    signals[SIGNAL_ACCEPT_PATCH] = action(klass, "accept-patch", G_CALLBACK(accept_patch), G_TYPE_STRING);
    /**
     * GstStreamSrc::end-publish:
     * @reason: given back in the streamsrc-state message
     *
     * Closes the connection of whoever publishes; the pads stay.
     */
    signals[SIGNAL_END_PUBLISH] = action(klass, "end-publish", G_CALLBACK(end_publish), G_TYPE_NONE);
}

static void gst_stream_src_class_init(GstStreamSrcClass *klass) {
    auto *element_class = GST_ELEMENT_CLASS(klass);
    G_OBJECT_CLASS(klass)->finalize = gst_stream_src_finalize;
    element_class->change_state = gst_stream_src_change_state;
    element_class->send_event = gst_stream_src_send_event;
    install_properties(G_OBJECT_CLASS(klass));
    install_signals(G_OBJECT_CLASS(klass));
    gst_element_class_add_static_pad_template(element_class, &video_template);
    gst_element_class_add_static_pad_template(element_class, &audio_template);
    gst_element_class_set_static_metadata(
        element_class, "Stream source", "Source/Network/WebRTC",
        "Receives what a host publishes (WHIP), or pulls it (WHEP and others), as RTP", "Rostrum contributors");
}

static void gst_stream_src_init(GstStreamSrc *self) {
    self->impl = new StreamSource(GST_BIN(self));
    gst_bin_set_suppressed_flags(GST_BIN(self),
                                 static_cast<GstElementFlags>(GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK));
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SOURCE);
}
