// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "whip_publisher.h"

#define GST_USE_UNSTABLE_API
#include <gst/webrtc/webrtc.h>

#include <utility>

namespace testhost {

namespace {

// libnice would ask the network for UPnP gateways and list addresses that a server on this machine cannot reach.
void keep_on_loopback(GstElement *rtc) {
    GObject *ice = nullptr;
    g_object_get(rtc, "ice-agent", &ice, nullptr);
    if (ice == nullptr) {
        return;
    }
    GObject *agent = nullptr;
    g_object_set(ice, "ice-tcp", FALSE, nullptr);
    g_object_get(ice, "agent", &agent, nullptr);
    if (agent != nullptr) {
        g_object_set(agent, "upnp", FALSE, nullptr);
        g_object_unref(agent);
    }
    gboolean added = FALSE;
    g_signal_emit_by_name(ice, "add-local-ip-address", "127.0.0.1", &added);
    g_object_unref(ice);
}

// Sender reports that tell when a sample was taken, not when it happened to be sent: sound and picture take different
// times to encode, and the receiver pairs them by these reports.
void report_capture_times(GstElement *rtc) {
    GstElement *rtpbin = gst_bin_get_by_name(GST_BIN(rtc), "rtpbin");
    if (rtpbin != nullptr) {
        g_object_set(rtpbin, "rtcp-sync-send-time", FALSE, nullptr);
        gst_object_unref(rtpbin);
    }
}

// As soon and as often as browsers report: a receiver does not know how sound and picture belong together before that.
constexpr guint64 kReportInterval = 500 * GST_MSECOND;

void report_like_a_browser(GstBin *, GstBin *, GstElement *element, gpointer) {
    GstElementFactory *factory = gst_element_get_factory(element);
    if (factory != nullptr && g_str_equal(GST_OBJECT_NAME(factory), "rtpsession")) {
        g_object_set(element, "rtcp-min-interval", kReportInterval, nullptr);
    }
}

constexpr unsigned kMaxRedirects = 5;

/// The Location of an answer to a request to `url`, absolute; "" when there is none.
std::string location_of(SoupMessage *message, const std::string &url) {
    const char *location = soup_message_headers_get_one(soup_message_get_response_headers(message), "Location");
    g_autofree char *absolute =
        location != nullptr ? g_uri_resolve_relative(url.c_str(), location, G_URI_FLAGS_NONE, nullptr) : nullptr;
    return absolute != nullptr ? absolute : "";
}

bool is_loopback(const std::string &url) {
    g_autoptr(GUri) uri = g_uri_parse(url.c_str(), G_URI_FLAGS_NONE, nullptr);
    const char *host = uri != nullptr ? g_uri_get_host(uri) : nullptr;
    return host != nullptr && (g_str_equal(host, "localhost") || g_str_has_prefix(host, "127."));
}

} // namespace

WhipPublisher::WhipPublisher(GstElement *pipeline, std::string url, std::string token, Report report)
    : rtc_(gst_bin_get_by_name(GST_BIN(pipeline), "rtc")), http_(soup_session_new()), url_(std::move(url)),
      token_(std::move(token)), report_(std::move(report)) {
    report_capture_times(rtc_);
    g_signal_connect(rtc_, "deep-element-added", G_CALLBACK(report_like_a_browser), nullptr);
    if (is_loopback(url_)) {
        keep_on_loopback(rtc_);
    }
}

WhipPublisher::~WhipPublisher() {
    g_signal_handlers_disconnect_by_data(rtc_, this);
    gst_object_unref(rtc_);
    g_object_unref(http_);
}

void WhipPublisher::start() {
    g_signal_connect(rtc_, "notify::ice-gathering-state", G_CALLBACK(on_gathering), this);
    g_signal_connect(rtc_, "on-negotiation-needed", G_CALLBACK(on_negotiation_needed), this);
}

// Emitted once both pads have caps; on a webrtcbin thread.
void WhipPublisher::on_negotiation_needed(GstElement *rtc, gpointer self) {
    g_signal_emit_by_name(rtc, "create-offer", nullptr,
                          gst_promise_new_with_change_func(on_offer_created, self, nullptr));
}

void WhipPublisher::on_offer_created(GstPromise *promise, gpointer data) {
    auto *self = static_cast<WhipPublisher *>(data);
    GstWebRTCSessionDescription *offer = nullptr;
    const GstStructure *reply = gst_promise_get_reply(promise);
    if (reply != nullptr) {
        gst_structure_get(reply, "offer", GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &offer, nullptr);
    }
    gst_promise_unref(promise);
    if (offer == nullptr) {
        self->report_(true, "could not create an offer: is gstreamer1.0-nice installed?");
        return;
    }
    g_signal_emit_by_name(self->rtc_, "set-local-description", offer, nullptr);
    gst_webrtc_session_description_free(offer);
}

// Called on a webrtcbin thread; the POST belongs to the main context.
void WhipPublisher::on_gathering(GObject *rtc, GParamSpec *, gpointer data) {
    GstWebRTCICEGatheringState state;
    g_object_get(rtc, "ice-gathering-state", &state, nullptr);
    if (state == GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE) {
        g_idle_add_once([](gpointer self) { static_cast<WhipPublisher *>(self)->post_offer(); }, data);
    }
}

void WhipPublisher::post_offer() {
    if (std::exchange(posted_, true)) {
        return;
    }
    GstWebRTCSessionDescription *local = nullptr;
    g_object_get(rtc_, "local-description", &local, nullptr);
    g_autofree char *sdp = gst_sdp_message_as_text(local->sdp);
    gst_webrtc_session_description_free(local);

    g_autoptr(SoupMessage) message = soup_message_new("POST", url_.c_str());
    if (message == nullptr) {
        report_(true, "not a URL: give --whip http://host:port/whip/ROOM");
        return;
    }
    g_autoptr(GBytes) body = g_bytes_new(sdp, strlen(sdp));
    soup_message_set_request_body_from_bytes(message, "application/sdp", body);
    if (!token_.empty()) {
        soup_message_headers_append(soup_message_get_request_headers(message), "Authorization",
                                    ("Bearer " + token_).c_str());
    }
    soup_session_send_and_read_async(http_, message, G_PRIORITY_DEFAULT, nullptr, on_posted, this);
}

void WhipPublisher::on_posted(GObject *session, GAsyncResult *result, gpointer data) {
    auto *self = static_cast<WhipPublisher *>(data);
    g_autoptr(GError) error = nullptr;
    g_autoptr(GBytes) body = soup_session_send_and_read_finish(SOUP_SESSION(session), result, &error);
    if (body == nullptr) {
        self->report_(true, std::string("WHIP POST failed: ") + error->message);
        return;
    }
    SoupMessage *message = soup_session_get_async_result_message(SOUP_SESSION(session), result);
    if (!self->follow_redirect(message)) {
        self->use_answer(message, body);
    }
}

// RFC 9725 section 4.5: the offer goes there as it is. Who redirects is trusted with the token's new reader.
bool WhipPublisher::follow_redirect(SoupMessage *message) {
    const auto status = static_cast<guint>(soup_message_get_status(message));
    if ((status != 307 && status != 308) || redirects_ >= kMaxRedirects) {
        return false;
    }
    const std::string next = location_of(message, url_);
    if (next.empty()) {
        return false;
    }
    ++redirects_;
    url_ = next;
    posted_ = false;
    post_offer();
    return true;
}

void WhipPublisher::use_answer(SoupMessage *message, GBytes *body) {
    gsize size = 0;
    const auto *text = static_cast<const char *>(g_bytes_get_data(body, &size));
    const std::string answer_text(text != nullptr ? text : "", size);
    const auto status = static_cast<guint>(soup_message_get_status(message));
    if (status != 201) {
        report_(true, "WHIP POST answered " + std::to_string(status) + ": " + answer_text);
        return;
    }
    resource_ = location_of(message, url_);
    GstSDPMessage *sdp = nullptr;
    if (gst_sdp_message_new_from_text(answer_text.c_str(), &sdp) != GST_SDP_OK) {
        report_(true, "the WHIP answer is not SDP");
        return;
    }
    GstWebRTCSessionDescription *answer = gst_webrtc_session_description_new(GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
    g_signal_emit_by_name(rtc_, "set-remote-description", answer, nullptr);
    gst_webrtc_session_description_free(answer);
    report_(false, "publishing");
}

void WhipPublisher::stop() {
    if (resource_.empty()) {
        return;
    }
    g_autoptr(SoupMessage) message = soup_message_new("DELETE", std::exchange(resource_, {}).c_str());
    if (message != nullptr && !token_.empty()) {
        soup_message_headers_append(soup_message_get_request_headers(message), "Authorization",
                                    ("Bearer " + token_).c_str());
    }
    if (message != nullptr) {
        GBytes *body = soup_session_send_and_read(http_, message, nullptr, nullptr);
        g_clear_pointer(&body, g_bytes_unref);
    }
}

} // namespace testhost
