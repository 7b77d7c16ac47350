// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webrtcbin_viewer.h"

#include "waiting.h"

#include <algorithm>

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

namespace test {

namespace {

const char *const kAudio =
    "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=111";

// libnice would ask the network for gateways and list addresses that a server on this machine does not reach.
void keep_on_loopback(GstElement *rtc) {
    GObject *ice = nullptr, *agent = nullptr;
    g_object_get(rtc, "ice-agent", &ice, nullptr);
    g_object_get(ice, "agent", &agent, nullptr);
    g_object_set(agent, "upnp", FALSE, nullptr);
    g_object_set(ice, "ice-tcp", FALSE, nullptr);
    gboolean added = FALSE;
    g_signal_emit_by_name(ice, "add-local-ip-address", "127.0.0.1", &added);
    g_object_unref(agent);
    g_object_unref(ice);
}

void receive(GstElement *rtc, const char *caps_text) {
    g_autoptr(GstCaps) caps = gst_caps_from_string(caps_text);
    GstWebRTCRTPTransceiver *transceiver = nullptr;
    g_signal_emit_by_name(rtc, "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY, caps, &transceiver);
    gst_object_unref(transceiver);
}

} // namespace

WebrtcbinViewer::WebrtcbinViewer(const Signalling &play, const char *video)
    : pipeline_(gst_pipeline_new("viewer")), rtc_(gst_element_factory_make("webrtcbin", "rtc")) {
    g_object_set(rtc_, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, "latency", 50, nullptr);
    gst_bin_add(GST_BIN(pipeline_), rtc_);
    keep_on_loopback(rtc_);
    g_signal_connect(rtc_, "pad-added", G_CALLBACK(on_pad), this);
    gst_element_set_state(pipeline_, GST_STATE_PLAYING);
    receive(rtc_, video);
    receive(rtc_, kAudio);
    const std::string answer = play(make_offer());
    GstSDPMessage *sdp = nullptr;
    g_assert_cmpint(gst_sdp_message_new_from_text(answer.c_str(), &sdp), ==, GST_SDP_OK);
    GstWebRTCSessionDescription *description = gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
    g_signal_emit_by_name(rtc_, "set-remote-description", description, nullptr);
    gst_webrtc_session_description_free(description);
}

WebrtcbinViewer::~WebrtcbinViewer() {
    g_signal_handlers_disconnect_by_data(rtc_, this);
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
}

std::string WebrtcbinViewer::make_offer() {
    GstPromise *promise = gst_promise_new();
    g_signal_emit_by_name(rtc_, "create-offer", nullptr, promise);
    gst_promise_wait(promise);
    GstWebRTCSessionDescription *offer = nullptr;
    gst_structure_get(gst_promise_get_reply(promise), "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &offer, nullptr);
    gst_promise_unref(promise);
    g_assert_nonnull(offer);
    g_signal_emit_by_name(rtc_, "set-local-description", offer, nullptr);
    gst_webrtc_session_description_free(offer);
    wait_for("candidates of the viewer", [this] {
        GstWebRTCICEGatheringState state;
        g_object_get(rtc_, "ice-gathering-state", &state, nullptr);
        return state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE;
    });
    GstWebRTCSessionDescription *local = nullptr;
    g_object_get(rtc_, "local-description", &local, nullptr);
    g_autofree char *text = gst_sdp_message_as_text(local->sdp);
    gst_webrtc_session_description_free(local);
    return text;
}

/// On a streaming thread of webrtcbin.
void WebrtcbinViewer::on_pad(GstElement *, GstPad *pad, gpointer data) {
    auto *self = static_cast<WebrtcbinViewer *>(data);
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
        return;
    GstElement *decode = gst_element_factory_make("decodebin", nullptr);
    g_signal_connect(decode, "pad-added", G_CALLBACK(on_decoded), self);
    gst_bin_add(GST_BIN(self->pipeline_), decode);
    gst_element_sync_state_with_parent(decode);
    GstPad *in = gst_element_get_static_pad(decode, "sink");
    gst_pad_link(pad, in);
    gst_object_unref(in);
}

/// On a streaming thread of the decoder.
void WebrtcbinViewer::on_decoded(GstElement *, GstPad *pad, gpointer data) {
    auto *self = static_cast<WebrtcbinViewer *>(data);
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    const bool video = gst_structure_has_name(gst_caps_get_structure(caps, 0), "video/x-raw");
    GstElement *sink = gst_element_factory_make("fakesink", nullptr);
    g_object_set(sink, "sync", FALSE, "async", FALSE, "signal-handoffs", TRUE, nullptr);
    g_signal_connect(sink, "handoff", video ? G_CALLBACK(on_picture) : G_CALLBACK(on_sound), self);
    gst_bin_add(GST_BIN(self->pipeline_), sink);
    gst_element_sync_state_with_parent(sink);
    g_autoptr(GstPad) in = gst_element_get_static_pad(sink, "sink");
    gst_pad_link(pad, in);
}

void WebrtcbinViewer::on_picture(GstElement *, GstBuffer *, GstPad *pad, gpointer data) {
    auto *self = static_cast<WebrtcbinViewer *>(data);
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    int width = 0;
    gst_structure_get_int(gst_caps_get_structure(caps, 0), "width", &width);
    self->width_ = width;
    const gint64 now = g_get_monotonic_time(), last = self->last_us_.exchange(now);
    ++self->frames_;
    if (last && now - last > self->gap_us_)
        self->gap_us_ = now - last;
}

/// opusdec gives 16-bit samples.
void WebrtcbinViewer::on_sound(GstElement *, GstBuffer *buffer, GstPad *, gpointer data) {
    auto *self = static_cast<WebrtcbinViewer *>(data);
    ++self->sounds_;
    GstMapInfo map;
    if (!gst_buffer_map(buffer, &map, GST_MAP_READ))
        return;
    const auto *samples = reinterpret_cast<const gint16 *>(map.data);
    const bool loud = std::any_of(samples, samples + map.size / sizeof *samples, [](gint16 s) { return s > 1000; });
    gst_buffer_unmap(buffer, &map);
    if (loud)
        self->loud_ = true;
}

double WebrtcbinViewer::longest_gap() const {
    return static_cast<double>(std::max<gint64>(gap_us_, g_get_monotonic_time() - last_us_)) / G_USEC_PER_SEC;
}

void WebrtcbinViewer::reset_gap() {
    gap_us_ = 0;
}

void WebrtcbinViewer::wait_frames(unsigned more, unsigned seconds) {
    const unsigned goal = frames_ + more;
    wait_for(
        "pictures at the viewer", [&] { return frames_ >= goal; }, seconds);
}

} // namespace test
