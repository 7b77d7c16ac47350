// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/whep_puller.h"

#include "common/sdp_negotiate.h"

#include <algorithm>
#include <cstring>

GST_DEBUG_CATEGORY_EXTERN(gst_stream_src_debug);
#define GST_CAT_DEFAULT gst_stream_src_debug

namespace rostrum {
namespace {

// Of receiver reports. Every NACK that leaves before its time puts the next report off by this (RFC 4585 §3.5.3): with
// the session's own 5 s, none leaves on a path that loses much, and the server knows nothing of the loss.
constexpr guint64 kReportInterval = 500 * GST_MSECOND;

// Repairs by NACK need a few round trips; packets that are in order do not wait.
constexpr unsigned kMinLatencyMs = 200;

std::string video_preferences(const std::string &preferred) {
    struct Format {
        const char *name, *caps;
    };
    static constexpr Format kFormats[] = {
        {"h264", "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,"
                 "packetization-mode=(string)1,profile-level-id=(string)42e01f,level-asymmetry-allowed=(string)1"},
        {"vp8", "application/x-rtp,media=video,encoding-name=VP8,payload=98,clock-rate=90000"},
        {"vp9", "application/x-rtp,media=video,encoding-name=VP9,payload=100,clock-rate=90000"},
    };
    std::vector<const Format *> order;
    const std::vector<std::string> wanted = split_codecs(preferred);
    for (const Format &format : kFormats)
        order.push_back(&format);
    const auto rank = [&wanted](const Format *format) {
        return std::find(wanted.begin(), wanted.end(), format->name) - wanted.begin();
    };
    std::stable_sort(order.begin(), order.end(),
                     [&rank](const Format *a, const Format *b) { return rank(a) < rank(b); });
    std::string text;
    for (const Format *format : order)
        text += (text.empty() ? "" : ";") + std::string(format->caps);
    return text;
}

constexpr char kAudioPreferences[] =
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2";

bool is_loopback(const std::string &endpoint) {
    g_autoptr(GUri) uri = g_uri_parse(endpoint.c_str(), G_URI_FLAGS_NONE, nullptr);
    const char *host = uri ? g_uri_get_host(uri) : nullptr;
    return host && (g_str_equal(host, "localhost") || g_str_has_prefix(host, "127."));
}

GstWebRTCSessionDescription *description_of(GstWebRTCSDPType type, const std::string &text) {
    GstSDPMessage *sdp = nullptr;
    if (gst_sdp_message_new_from_text(text.c_str(), &sdp) != GST_SDP_OK)
        return nullptr;
    return gst_webrtc_session_description_new(type, sdp);
}

} // namespace

Result<bool> WhepPuller::open(GstBin *pipeline) {
    pipeline_ = pipeline;
    ++session_;
    offer_sent_ = false;
    GstElement *webrtcbin = gst_element_factory_make("webrtcbin", nullptr);
    if (!webrtcbin)
        return Error{500, "the element webrtcbin is missing (gst-plugins-bad and gst-plugin-nice)"};
    webrtcbin_ = GstRef<GstElement>::ref(webrtcbin);
    client_ = std::make_unique<WhepClient>(endpoint_);
    g_object_set(webrtcbin, "bundle-policy", GST_WEBRTC_BUNDLE_POLICY_MAX_BUNDLE, "latency",
                 std::max(kMinLatencyMs, host_.settings().latency_ms), nullptr);
    set_up_ice();
    g_signal_connect(webrtcbin, "notify::ice-gathering-state", G_CALLBACK(on_gathering_state), this);
    g_signal_connect(webrtcbin, "notify::connection-state", G_CALLBACK(on_connection_state), this);
    g_signal_connect(webrtcbin, "deep-element-added", G_CALLBACK(on_element_added), this);
    g_signal_connect(webrtcbin, "pad-added", G_CALLBACK(on_pad_added), this);
    gst_bin_add(pipeline, webrtcbin);
    return true;
}

void WhepPuller::set_up_ice() {
    g_autoptr(GObject) ice = nullptr;
    g_object_get(webrtcbin_.get(), "ice-agent", &ice, nullptr);
    if (!ice)
        return;
    g_object_set(ice, "ice-tcp", FALSE, nullptr);
    g_autoptr(GObject) agent = nullptr;
    g_object_get(ice, "agent", &agent, nullptr);
    if (agent)
        g_object_set(agent, "upnp", FALSE, nullptr); // else 200 ms and multicast for nothing
    if (!is_loopback(endpoint_))
        return;
    gboolean added = FALSE;
    g_signal_emit_by_name(ice, "add-local-ip-address", "127.0.0.1", &added); // libnice skips loopback by itself
}

void WhepPuller::add_transceivers() {
    for (const std::string &text : {video_preferences(host_.settings().prefer_codec), std::string(kAudioPreferences)}) {
        const auto caps = GstRef<GstCaps>::adopt(gst_caps_from_string(text.c_str()));
        GstWebRTCRTPTransceiver *transceiver = nullptr;
        g_signal_emit_by_name(webrtcbin_.get(), "add-transceiver", GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY,
                              caps.get(), &transceiver);
        if (!transceiver)
            continue;
        g_object_set(transceiver, "do-nack", TRUE, nullptr);
        gst_object_unref(transceiver); // a reference kept would leak its transport
    }
}

void WhepPuller::started() {
    add_transceivers();
    // The promise may be kept after closing(): it has a webrtcbin of its own.
    GstPromise *promise =
        gst_promise_new_with_change_func(on_offer_promise, new GstRef<GstElement>(webrtcbin_),
                                         [](gpointer p) { delete static_cast<GstRef<GstElement> *>(p); });
    g_signal_emit_by_name(webrtcbin_.get(), "create-offer", nullptr, promise);
}

void WhepPuller::on_offer_promise(GstPromise *promise, gpointer data) {
    GstElement *webrtcbin = static_cast<GstRef<GstElement> *>(data)->get();
    GstWebRTCSessionDescription *offer = nullptr;
    if (gst_promise_wait(promise) == GST_PROMISE_RESULT_REPLIED)
        gst_structure_get(gst_promise_get_reply(promise), "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &offer,
                          nullptr);
    gst_promise_unref(promise);
    if (!offer)
        return; // the silence is noticed
    g_signal_emit_by_name(webrtcbin, "set-local-description", offer, nullptr);
    gst_webrtc_session_description_free(offer);
}

void WhepPuller::on_gathering_state(GObject *webrtcbin, GParamSpec *, gpointer data) {
    auto *self = static_cast<WhepPuller *>(data);
    GstWebRTCICEGatheringState state{};
    g_object_get(webrtcbin, "ice-gathering-state", &state, nullptr);
    if (state != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE)
        return;
    self->host_.loop().post([self, session = self->session_] {
        if (session == self->session_ && self->pipeline_)
            self->post_offer();
    });
}

void WhepPuller::post_offer() {
    GstWebRTCSessionDescription *local = nullptr;
    g_object_get(webrtcbin_.get(), "local-description", &local, nullptr);
    if (!local || offer_sent_)
        return;
    offer_sent_ = true;
    g_autofree gchar *text = gst_sdp_message_as_text(local->sdp);
    gst_webrtc_session_description_free(local);
    client_->play(text, [this](const Result<std::string> &answer) {
        if (answer)
            on_answer(answer.value());
        else
            host_.fail(answer.error().text);
    });
}

void WhepPuller::on_answer(const std::string &sdp) {
    GstWebRTCSessionDescription *answer = description_of(GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
    if (!answer)
        return host_.fail("the answer is not SDP");
    g_signal_emit_by_name(webrtcbin_.get(), "set-remote-description", answer, nullptr);
    gst_webrtc_session_description_free(answer);
}

void WhepPuller::on_connection_state(GObject *webrtcbin, GParamSpec *, gpointer data) {
    GstWebRTCPeerConnectionState state{};
    g_object_get(webrtcbin, "connection-state", &state, nullptr);
    if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED)
        static_cast<WhepPuller *>(data)->host_.fail("ice-failed");
}

// webrtcbin itself never notices that the other side closed; its DTLS decoder does.
void WhepPuller::on_element_added(GstBin *, GstBin *, GstElement *element, gpointer self) {
    GstElementFactory *factory = gst_element_get_factory(element);
    if (factory && g_str_equal(GST_OBJECT_NAME(factory), "dtlsdec"))
        g_signal_connect(element, "notify::connection-state", G_CALLBACK(on_dtls_state), self);
    if (factory && g_str_equal(GST_OBJECT_NAME(factory), "rtpsession"))
        g_object_set(element, "rtcp-min-interval", kReportInterval, nullptr);
}

void WhepPuller::on_dtls_state(GObject *dtlsdec, GParamSpec *, gpointer data) {
    constexpr int kClosed = 1; // GstDtlsConnectionState
    int state = 0;
    g_object_get(dtlsdec, "connection-state", &state, nullptr);
    if (state == kClosed)
        static_cast<WhepPuller *>(data)->host_.fail("remote-close");
}

void WhepPuller::on_pad_added(GstElement *, GstPad *pad, gpointer data) {
    auto *self = static_cast<WhepPuller *>(data);
    if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
        return;
    const auto caps = GstRef<GstCaps>::adopt(gst_pad_get_current_caps(pad));
    const char *media = caps ? gst_structure_get_string(gst_caps_get_structure(caps.get(), 0), "media") : nullptr;
    self->host_.deliver(self->pipeline_, pad, media && g_str_equal(media, "audio") ? "audio_0" : "video_0");
}

void WhepPuller::closing(bool) {
    ++session_;
    client_->leave();
    client_.reset();
    if (webrtcbin_)
        g_signal_handlers_disconnect_by_data(webrtcbin_.get(), this);
    webrtcbin_.reset();
    pipeline_ = nullptr;
}

} // namespace rostrum
