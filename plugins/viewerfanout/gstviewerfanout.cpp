// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * element-viewerfanout:
 *
 * One feed out to any number of WebRTC viewers (ICE-lite, DTLS-SRTP): RTP in, encrypted once per viewer, nothing is
 * encoded. New viewers start at the newest keyframe; sources may change their codec, SSRC and numbering at any time.
 *
 * ## Element messages
 * `viewerfanout-listening`: `uri` (string). `viewerfanout-source-lost`: `pad` (string): its stream ended, or nothing
 * came for 2 s; viewers stay and see the last picture. `viewerfanout-source-back`: `pad` (string): media goes on in
 * the same connections, a picture from its keyframe on.
 *
 * ## Example
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay ! viewerfanout
 * listen=http://127.0.0.1:8080/whep
 * ]|
 */

#include "viewerfanout/gstviewerfanout.h"

#include "viewerfanout/fanout.h"
#include "viewerfanout/sink_pad.h"
#include "viewerfanout/stats.h"

#include <algorithm>
#include <cstdio>

using rostrum::Error;
using rostrum::Fanout;
using rostrum::FanoutSettings;
using rostrum::TrackInput;

GST_DEBUG_CATEGORY(viewerfanout_debug);
#define GST_CAT_DEFAULT viewerfanout_debug

namespace {

enum {
    PROP_LISTEN = 1,
    PROP_LISTENING_URI,
    PROP_PUBLIC_ADDRESS,
    PROP_PORT_RANGE,
    PROP_ICE_TCP,
    PROP_SHARDS,
    PROP_MAX_VIEWERS,
    PROP_MAX_LOAD,
    PROP_HISTORY,
    PROP_KEYFRAME_INTERVAL,
    PROP_START_BITRATE,
    PROP_SOURCE_TIMEOUT,
    PROP_CODECS,
    PROP_STATS,
    PROP_VIEWER_COUNT,
    PROP_LAST_ERROR,
    PROP_LAYER_DEMAND,
};

GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE(
    "video_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp, media = (string) video"));
GstStaticPadTemplate audio_template = GST_STATIC_PAD_TEMPLATE(
    "audio", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS("application/x-rtp, media = (string) audio"));

} // namespace

struct _GstViewerFanout {
    GstElement parent;
    Fanout *impl;
};

G_DEFINE_TYPE_WITH_CODE(GstViewerFanout, gst_viewer_fanout, GST_TYPE_ELEMENT,
                        GST_DEBUG_CATEGORY_INIT(viewerfanout_debug, "viewerfanout", 0, "one feed to many viewers"))
GST_ELEMENT_REGISTER_DEFINE(viewerfanout, "viewerfanout", GST_RANK_NONE, GST_TYPE_VIEWER_FANOUT)

namespace {

std::string string_of(const GValue *value) {
    const char *text = g_value_get_string(value);
    return text ? text : "";
}

void set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec) {
    Fanout &fanout = *GST_VIEWER_FANOUT(object)->impl;
    FanoutSettings settings = fanout.settings();
    switch (id) {
    case PROP_LISTEN:
        settings.listen = string_of(value);
        break;
    case PROP_PUBLIC_ADDRESS:
        settings.public_address = string_of(value);
        break;
    case PROP_PORT_RANGE:
        settings.port_range = string_of(value);
        break;
    case PROP_ICE_TCP:
        settings.ice_tcp = g_value_get_boolean(value);
        break;
    case PROP_SHARDS:
        settings.shards = g_value_get_uint(value);
        break;
    case PROP_MAX_VIEWERS:
        settings.max_viewers = g_value_get_uint(value);
        break;
    case PROP_MAX_LOAD:
        settings.max_load = g_value_get_double(value);
        break;
    case PROP_HISTORY:
        settings.history_ms = g_value_get_uint(value);
        break;
    case PROP_KEYFRAME_INTERVAL:
        settings.keyframe_interval_ms = g_value_get_uint(value);
        break;
    case PROP_START_BITRATE:
        settings.start_bps = g_value_get_uint(value);
        break;
    case PROP_SOURCE_TIMEOUT:
        settings.source_timeout_ms = g_value_get_uint(value);
        break;
    case PROP_CODECS:
        settings.codecs = string_of(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
        return;
    }
    fanout.set_settings(std::move(settings));
}

void get_property(GObject *object, guint id, GValue *value, GParamSpec *spec) {
    Fanout &fanout = *GST_VIEWER_FANOUT(object)->impl;
    const FanoutSettings settings = fanout.settings();
    switch (id) {
    case PROP_LISTEN:
        return g_value_set_string(value, settings.listen.c_str());
    case PROP_LISTENING_URI:
        return g_value_set_string(value, fanout.listening_uri().c_str());
    case PROP_PUBLIC_ADDRESS:
        return g_value_set_string(value, settings.public_address.c_str());
    case PROP_PORT_RANGE:
        return g_value_set_string(value, settings.port_range.c_str());
    case PROP_ICE_TCP:
        return g_value_set_boolean(value, settings.ice_tcp);
    case PROP_SHARDS:
        return g_value_set_uint(value, settings.shards);
    case PROP_MAX_VIEWERS:
        return g_value_set_uint(value, settings.max_viewers);
    case PROP_MAX_LOAD:
        return g_value_set_double(value, settings.max_load);
    case PROP_HISTORY:
        return g_value_set_uint(value, settings.history_ms);
    case PROP_KEYFRAME_INTERVAL:
        return g_value_set_uint(value, settings.keyframe_interval_ms);
    case PROP_START_BITRATE:
        return g_value_set_uint(value, settings.start_bps);
    case PROP_SOURCE_TIMEOUT:
        return g_value_set_uint(value, settings.source_timeout_ms);
    case PROP_CODECS:
        return g_value_set_string(value, settings.codecs.c_str());
    case PROP_STATS:
        return g_value_take_boxed(value, fanout.make_stats());
    case PROP_VIEWER_COUNT:
        return g_value_set_uint(value, fanout.viewer_count());
    case PROP_LAYER_DEMAND:
        return g_value_take_boxed(value, rostrum::demand_structure(fanout.layer_demand()));
    case PROP_LAST_ERROR:
        return g_value_set_string(value, fanout.last_error().c_str());
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

// Action signals.

/// The text for the caller, or NULL with `last-error` set.
char *result_text(Fanout &fanout, const peerwire::Result<std::string> &result) {
    if (result.ok())
        return g_strdup(result.value().c_str());
    fanout.set_last_error(result.error());
    return nullptr;
}

/// `max-layer`, `max-bitrate`; what is not there is not limited.
peerwire::LayerLimits read_limits(const GstStructure *options) {
    guint layer = G_MAXUINT, bitrate = G_MAXUINT;
    gst_structure_get_uint(options, "max-layer", &layer);
    gst_structure_get_uint(options, "max-bitrate", &bitrate);
    peerwire::LayerLimits limits;
    limits.max_layer = std::min<guint>(layer, peerwire::kMaxLayers);
    if (bitrate != G_MAXUINT)
        limits.max_bps = bitrate;
    return limits;
}

char *add_viewer(GstViewerFanout *self, const char *id, const char *sdp, const GstStructure *options) {
    if (!id || !*id || !sdp)
        return result_text(*self->impl, Error{400, "add-viewer needs an id and an SDP offer"});
    rostrum::ViewerOptions viewer;
    gboolean transport_cc = FALSE;
    if (options) {
        viewer.limits = read_limits(options);
        gst_structure_get_boolean(options, "transport-cc", &transport_cc);
    }
    viewer.transport_cc = transport_cc;
    return result_text(*self->impl, self->impl->add_viewer(id, sdp, viewer));
}

char *common_codecs(GstViewerFanout *self, const char *sdp) {
    return result_text(*self->impl, self->impl->common_codecs(sdp ? sdp : ""));
}

char *patch_viewer(GstViewerFanout *self, const char *id, const char *fragment) {
    if (!id || !fragment)
        return result_text(*self->impl, Error{400, "patch-viewer needs an id and an SDP fragment"});
    return result_text(*self->impl, self->impl->patch_viewer(id, fragment));
}

gboolean set_viewer_options(GstViewerFanout *self, const char *id, const GstStructure *options) {
    return id && options && self->impl->set_limits(id, read_limits(options));
}

void remove_viewer(GstViewerFanout *self, const char *id, const char *reason) {
    if (id)
        self->impl->remove_viewer(id, reason ? reason : "");
}

void remove_all_viewers(GstViewerFanout *self, const char *reason) {
    self->impl->remove_all_viewers(reason ? reason : "");
}

// Pads.

/// "video_3" or "audio"; "" for "video_%u" or none: the first layer without a pad. Fails with kMaxLayers + 1.
unsigned layer_for(GstElement *element, GstPadTemplate *templ, const char *name) {
    constexpr unsigned kNoLayer = peerwire::kMaxLayers + 1;
    if (templ == gst_element_get_pad_template(element, "audio"))
        return TrackInput::kAudio;
    unsigned layer = 0;
    if (name && std::sscanf(name, "video_%u", &layer) == 1)
        return layer < peerwire::kMaxLayers ? layer : kNoLayer;
    for (; layer < peerwire::kMaxLayers; ++layer) {
        g_autoptr(GstPad) pad = gst_element_get_static_pad(element, ("video_" + std::to_string(layer)).c_str());
        if (!pad)
            return layer;
    }
    return kNoLayer;
}

GstPad *request_new_pad(GstElement *element, GstPadTemplate *templ, const char *name, const GstCaps *) {
    const unsigned layer = layer_for(element, templ, name);
    if (layer > TrackInput::kAudio) {
        GST_WARNING_OBJECT(element, "no pad '%s': there are %u video layers at most", GST_STR_NULL(name),
                           peerwire::kMaxLayers);
        return nullptr;
    }
    TrackInput *input = GST_VIEWER_FANOUT(element)->impl->input(layer);
    const std::string pad_name = input->describe();
    if (GstPad *taken = gst_element_get_static_pad(element, pad_name.c_str())) {
        gst_object_unref(taken);
        return nullptr;
    }
    GstPad *pad = rostrum::make_sink_pad(templ, pad_name, *GST_VIEWER_FANOUT(element)->impl, *input);
    input->pacer().set_playing(GST_STATE(element) == GST_STATE_PLAYING);
    gst_pad_set_active(pad, TRUE);
    gst_element_add_pad(element, pad);
    return pad;
}

void release_pad(GstElement *element, GstPad *pad) {
    gst_pad_set_active(pad, FALSE); // its streaming thread is out of the input from here on
    rostrum::end_input(pad);
    gst_element_remove_pad(element, pad);
    rostrum::post_eos_when_ended(element, nullptr);
}

GstStateChangeReturn change_state(GstElement *element, GstStateChange transition) {
    Fanout &fanout = *GST_VIEWER_FANOUT(element)->impl;
    if (transition == GST_STATE_CHANGE_NULL_TO_READY) {
        if (const auto error = fanout.open()) {
            GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ_WRITE, ("Cannot serve viewers: %s", error->text.c_str()),
                              ("code %d", error->code));
            fanout.close();
            return GST_STATE_CHANGE_FAILURE;
        }
    }
    if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING || transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
        fanout.set_playing(transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING);
    const GstStateChangeReturn result =
        GST_ELEMENT_CLASS(gst_viewer_fanout_parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        fanout.clear();
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        fanout.close();
    return result;
}

void finalize(GObject *object) {
    delete GST_VIEWER_FANOUT(object)->impl;
    G_OBJECT_CLASS(gst_viewer_fanout_parent_class)->finalize(object);
}

// Class.

GParamSpec *string_spec(const char *name, const char *nick, const char *blurb, const char *value, unsigned when) {
    return g_param_spec_string(name, nick, blurb, value,
                               GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | when));
}

GParamSpec *uint_spec(const char *name, const char *nick, const char *blurb, guint min, guint max, guint value,
                      unsigned when) {
    return g_param_spec_uint(name, nick, blurb, min, max, value,
                             GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | when));
}

void install_settings(GObjectClass *klass) {
    const auto install = [klass](guint id, GParamSpec *spec) { g_object_class_install_property(klass, id, spec); };
    install(PROP_LISTEN,
            string_spec("listen", "Listen",
                        "Serve WHEP by itself at this http://ADDRESS:PORT/PATH; port 0 takes a free one; empty = no",
                        "", GST_PARAM_MUTABLE_READY));
    install(PROP_PUBLIC_ADDRESS,
            string_spec("public-address", "Public address",
                        "Comma list of the IP addresses at which viewers reach this machine; candidates in answers",
                        "127.0.0.1", GST_PARAM_MUTABLE_READY));
    install(PROP_PORT_RANGE, string_spec("port-range", "Port range",
                                         "UDP ports as MIN-MAX, one is taken per shard; empty = any free port", "",
                                         GST_PARAM_MUTABLE_READY));
    install(PROP_ICE_TCP,
            g_param_spec_boolean("ice-tcp", "ICE-TCP",
                                 "Offer viewers TCP as well, for networks that block UDP (RFC 6544): at the number of "
                                 "the UDP port when that is free, else at another one of port-range",
                                 FALSE,
                                 GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)));
    install(PROP_CODECS,
            string_spec("codecs", "Video codecs",
                        "Comma list of the video codecs that answers list when the offer has them, in order of "
                        "preference (h264, vp8, vp9, av1); counts for the next viewer",
                        "h264,vp8", GST_PARAM_MUTABLE_PLAYING));
    install(PROP_SHARDS, uint_spec("shards", "Shards", "Threads that serve viewers, each with a socket of its own", 1,
                                   64, 1, GST_PARAM_MUTABLE_READY));
    install(PROP_MAX_VIEWERS,
            uint_spec("max-viewers", "Maximum viewers", "More are refused with 503; who is in stays in", 0, G_MAXUINT,
                      10000, GST_PARAM_MUTABLE_PLAYING));
    install(PROP_MAX_LOAD,
            g_param_spec_double("max-load", "Maximum load",
                                "Share of its time that a shard may work; viewers who would make it more are refused "
                                "with 503. 1 = nobody is refused, and frames may wait for each other",
                                0, 1, 0.9,
                                GParamFlags(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)));
    install(PROP_HISTORY, uint_spec("history", "History",
                                    "Milliseconds of packets kept for retransmission and for starting at a keyframe",
                                    100, 60000, 3000, GST_PARAM_MUTABLE_PLAYING));
    install(PROP_KEYFRAME_INTERVAL,
            uint_spec("keyframe-interval", "Keyframe interval",
                      "Milliseconds in which at most one keyframe request goes upstream per pad, however many viewers "
                      "ask; 0 = no limit",
                      0, 60000, 500, GST_PARAM_MUTABLE_PLAYING));
    install(PROP_START_BITRATE,
            uint_spec("start-bitrate", "Start bitrate",
                      "Bit/s that a new viewer's path is taken to carry until something is known about it: chooses the "
                      "quality layer it starts with",
                      10000, G_MAXUINT, peerwire::kDefaultStartBps, GST_PARAM_MUTABLE_PLAYING));
    install(PROP_SOURCE_TIMEOUT,
            uint_spec("source-timeout", "Source timeout",
                      "Milliseconds without a packet on any pad after which viewers are closed with reason "
                      "'source-gone'; who comes later gets as long; 0 = they may stay for ever",
                      0, G_MAXUINT, 0, GST_PARAM_MUTABLE_PLAYING));
}

void install_readable(GObjectClass *klass) {
    const auto flags = GParamFlags(G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    const auto install = [klass](guint id, GParamSpec *spec) { g_object_class_install_property(klass, id, spec); };
    install(PROP_LISTENING_URI,
            g_param_spec_string("listening-uri", "Listening URI",
                                "`listen` with the real port while the element listens, else empty; also posted as "
                                "element message viewerfanout-listening {uri}",
                                "", flags));
    install(PROP_STATS,
            g_param_spec_boxed("stats", "Statistics",
                               "A structure for each pad, `viewers` (sums over the present ones), `viewer-list` (one "
                               "each), `server` (datagrams, drops by reason), keyframe-requests (sent upstream)",
                               GST_TYPE_STRUCTURE, flags));
    install(PROP_VIEWER_COUNT,
            g_param_spec_uint("viewer-count", "Viewer count",
                              "Connected viewers; notifies, from the thread of the signals", 0, G_MAXUINT, 0, flags));
    install(PROP_LAYER_DEMAND,
            g_param_spec_boxed("layer-demand", "Layer demand",
                               "What layers the connected viewers need (uint each): viewers, starving (even the "
                               "smallest layer is more than they can take, or asked for), limited (a better one "
                               "flows), and by pad name how many get its layer; notifies, from the thread of the "
                               "signals, at most four times a second",
                               GST_TYPE_STRUCTURE, flags));
    install(PROP_LAST_ERROR,
            g_param_spec_string("last-error", "Last error",
                                "Why the last add-viewer or patch-viewer gave NULL, as 'CODE: text'; codes as in HTTP",
                                "", flags));
}

void install_signals(GType type) {
    const auto action = GSignalFlags(G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION);
    /**
     * GstViewerFanout::add-viewer:
     * @id: a name for the viewer, not in use
     * @sdp: its SDP offer
     * @options: (nullable): `max-layer` (uint: no better quality layer than this one, counted from the one with the
     * lowest bitrate), `max-bitrate` (uint, bit/s of picture and sound), `transport-cc` (boolean, rather than REMB)
     *
     * Returns: (transfer full) (nullable): the SDP answer; NULL on error, see last-error
     */
    g_signal_new_class_handler("add-viewer", type, action, G_CALLBACK(add_viewer), nullptr, nullptr, nullptr,
                               G_TYPE_STRING, 3, G_TYPE_STRING, G_TYPE_STRING, GST_TYPE_STRUCTURE);
    /**
     * GstViewerFanout::common-codecs:
     * @sdp: an SDP offer
     *
     * For whoever has several feeds of one picture and has to choose.
     *
     * Returns: (transfer full) (nullable): the video codecs that an answer would list, as `codecs`; "" for sound alone;
     * NULL on error, see last-error
     */
    g_signal_new_class_handler("common-codecs", type, action, G_CALLBACK(common_codecs), nullptr, nullptr, nullptr,
                               G_TYPE_STRING, 1, G_TYPE_STRING);
    /**
     * GstViewerFanout::patch-viewer:
     * @id: the viewer
     * @sdpfrag: trickled candidates, or new ICE credentials (RFC 8840)
     *
     * Returns: (transfer full) (nullable): "" for candidates, the answering fragment for an ICE restart; NULL on error
     */
    g_signal_new_class_handler("patch-viewer", type, action, G_CALLBACK(patch_viewer), nullptr, nullptr, nullptr,
                               G_TYPE_STRING, 2, G_TYPE_STRING, G_TYPE_STRING);
    /**
     * GstViewerFanout::set-viewer-options:
     * @id: the viewer
     * @options: `max-layer`, `max-bitrate` as in add-viewer; what is left out is not limited any more
     *
     * Returns: FALSE when there is no such viewer
     */
    g_signal_new_class_handler("set-viewer-options", type, action, G_CALLBACK(set_viewer_options), nullptr, nullptr,
                               nullptr, G_TYPE_BOOLEAN, 2, G_TYPE_STRING, GST_TYPE_STRUCTURE);
    /**
     * GstViewerFanout::remove-viewer:
     * @id: the viewer; an unknown one is ignored
     * @reason: (nullable): comes back in viewer-disconnected
     */
    g_signal_new_class_handler("remove-viewer", type, action, G_CALLBACK(remove_viewer), nullptr, nullptr, nullptr,
                               G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
    /**
     * GstViewerFanout::remove-all-viewers:
     * @reason: (nullable): comes back in viewer-disconnected
     */
    g_signal_new_class_handler("remove-all-viewers", type, action, G_CALLBACK(remove_all_viewers), nullptr, nullptr,
                               nullptr, G_TYPE_NONE, 1, G_TYPE_STRING);
    /**
     * GstViewerFanout::viewer-connected:
     * @id: the viewer
     *
     * Media flows to it. Emitted from a thread of the element's own, with no lock held.
     */
    g_signal_new("viewer-connected", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
                 G_TYPE_STRING);
    /**
     * GstViewerFanout::viewer-quality:
     * @id: the viewer
     * @quality: `layer` (uint, number of the video pad that it gets), `paused` (boolean: not even the smallest layer
     * fits, sound only), `reason` (string: best, limit, bandwidth, paused), `estimate` (uint64, bit/s that its path
     * carries)
     *
     * The viewer gets another layer, or its picture pauses or goes on. From the thread of viewer-connected.
     */
    g_signal_new("viewer-quality", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 2, G_TYPE_STRING,
                 GST_TYPE_STRUCTURE);
    /**
     * GstViewerFanout::viewer-disconnected:
     * @id: the viewer
     * @reason: that of remove-viewer, or removed, remote-close, consent-expired, connect-timeout, dtls-failed,
     * source-gone, shutdown
     *
     * Once for each viewer that was added, connected or not.
     */
    g_signal_new("viewer-disconnected", type, G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 2,
                 G_TYPE_STRING, G_TYPE_STRING);
}

} // namespace

static void gst_viewer_fanout_class_init(GstViewerFanoutClass *klass) {
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    install_settings(object_class);
    install_readable(object_class);
    install_signals(G_TYPE_FROM_CLASS(klass));

    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    element_class->change_state = change_state;
    element_class->request_new_pad = request_new_pad;
    element_class->release_pad = release_pad;
    gst_element_class_add_static_pad_template(element_class, &video_template);
    gst_element_class_add_static_pad_template(element_class, &audio_template);
    gst_element_class_set_static_metadata(element_class, "Viewer fan-out", "Sink/Network/WebRTC",
                                          "Sends one feed of RTP to any number of WebRTC viewers (WHEP)",
                                          "Rostrum contributors");
}

static void gst_viewer_fanout_init(GstViewerFanout *self) {
    self->impl = new Fanout(GST_ELEMENT(self));
    GST_OBJECT_FLAG_SET(self, GST_ELEMENT_FLAG_SINK);
}
