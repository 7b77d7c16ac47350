// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "stage.h"

#include "common/sdp_offer.h"
#include "waiting.h"
#include "wire/rtcp.h"

#include <gst/app/gstappsrc.h>

#include <algorithm>

namespace stage {

using peerwire::MutexLock;

std::string Viewer::offer(bool h264) const {
    const peerwire::PeerSetup setup = loopback.peer.setup();
    const std::string transport =
        "c=IN IP4 0.0.0.0\r\na=ice-ufrag:" + setup.remote_ufrag + "\r\na=ice-pwd:" + setup.remote_pwd +
        "\r\na=fingerprint:" + setup.remote_fingerprint + "\r\na=setup:actpass\r\na=rtcp-mux\r\na=recvonly\r\n";
    std::string text = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n"
                       "m=video 9 UDP/TLS/RTP/SAVPF 96 97 108\r\n" +
                       transport +
                       "a=mid:0\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n"
                       "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
    if (h264)
        text += "a=rtpmap:108 H264/90000\r\na=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n";
    return text + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" + transport + "a=mid:1\r\na=rtpmap:111 opus/48000/2\r\n";
}

void Viewer::connect(const std::string &text) {
    answer = text;
    const auto parsed = rostrum::parse_offer(text); // an answer has the same shape
    g_assert_true(parsed.ok());
    peerwire::PeerLocal server;
    server.ufrag = parsed.value().ice_ufrag;
    server.pwd = parsed.value().ice_pwd;
    server.fingerprint = parsed.value().fingerprint;
    const size_t candidate = text.find(" 127.0.0.1 ", text.find("a=candidate:"));
    g_assert_true(candidate != std::string::npos);
    server.port = static_cast<uint16_t>(std::stoi(text.substr(candidate + strlen(" 127.0.0.1 "))));
    loopback.aim(server);
    loopback.run_until([this] { return loopback.peer.connected(); });
}

std::vector<peerwire::RtpView> Viewer::of_type(std::vector<uint8_t> types) const {
    std::vector<peerwire::RtpView> found;
    for (const Bytes &bytes : loopback.peer.rtp) {
        const auto view = peerwire::parse_rtp(bytes);
        g_assert_true(view.has_value());
        if (std::find(types.begin(), types.end(), view->payload_type) != types.end())
            found.push_back(*view);
    }
    return found;
}

void Viewer::send_pli() {
    std::array<uint8_t, 32> bytes;
    const size_t size = peerwire::write_pli(bytes, {.sender_ssrc = 1, .media_ssrc = video().front().ssrc});
    loopback.peer.send_rtcp(std::span(bytes).first(size));
}

Stage::Stage(const std::vector<std::string> &sources, const std::string &properties) {
    std::string description = "viewerfanout name=f " + properties;
    for (const std::string &source : sources) {
        const std::string caps = source == "video" ? kVp8Caps : kOpusCaps;
        const std::string pad = source == "video" ? "video_0" : source;
        description += " appsrc name=" + source + " is-live=true format=time caps=" + caps + " ! f." + pad;
    }
    g_autoptr(GError) error = nullptr;
    pipeline = gst_parse_launch(description.c_str(), &error);
    g_assert_no_error(error);
    if (!GST_IS_PIPELINE(pipeline)) { // the element alone
        GstElement *bin = gst_pipeline_new(nullptr);
        gst_bin_add(GST_BIN(bin), pipeline);
        pipeline = bin;
    }
    fanout = gst_bin_get_by_name(GST_BIN(pipeline), "f");
    g_signal_connect(fanout, "viewer-connected", G_CALLBACK(on_connected), this);
    g_signal_connect(fanout, "viewer-disconnected", G_CALLBACK(on_disconnected), this);
}

Stage::~Stage() {
    stop();
    gst_object_unref(fanout);
    gst_object_unref(pipeline);
}

void Stage::play() {
    set_state(GST_STATE_PLAYING);
}

void Stage::set_state(GstState state) {
    g_assert_cmpint(gst_element_set_state(pipeline, state), !=, GST_STATE_CHANGE_FAILURE);
    g_assert_cmpint(gst_element_get_state(pipeline, nullptr, nullptr, 10 * GST_SECOND), !=, GST_STATE_CHANGE_FAILURE);
}

std::string Stage::add_viewer(const std::string &id, const std::string &offer) {
    g_autofree char *answer = nullptr;
    g_signal_emit_by_name(fanout, "add-viewer", id.c_str(), offer.c_str(), nullptr, &answer);
    return answer ? answer : "";
}

std::string Stage::text_property(const char *name) {
    g_autofree char *text = nullptr;
    g_object_get(fanout, name, &text, nullptr);
    return text ? text : "";
}

std::string Stage::last_error() {
    return text_property("last-error");
}

unsigned Stage::viewer_count() {
    guint count = 0;
    g_object_get(fanout, "viewer-count", &count, nullptr);
    return count;
}

uint64_t Stage::stat(const char *structure, const char *field) {
    g_autoptr(GstStructure) stats = nullptr;
    g_object_get(fanout, "stats", &stats, nullptr);
    const GValue *value = gst_structure_get_value(stats, structure);
    g_assert_nonnull(value);
    guint64 number = 0;
    if (!field)
        return g_value_get_uint64(value);
    g_assert_true(gst_structure_get_uint64(gst_value_get_structure(value), field, &number));
    return number;
}

void Stage::set_caps(const char *source, const char *text) {
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(pipeline), source);
    g_autoptr(GstCaps) caps = gst_caps_from_string(text);
    gst_app_src_set_caps(GST_APP_SRC(element), caps);
}

void Stage::push(const char *source, uint32_t ssrc, uint16_t sequence, uint32_t timestamp, GstClockTime pts,
                 const Bytes &payload) {
    Bytes packet(peerwire::kRtpFixedHeaderSize);
    peerwire::RtpHeader header;
    header.marker = true;
    header.payload_type = 100;
    header.sequence = sequence;
    header.timestamp = timestamp;
    header.ssrc = ssrc;
    peerwire::write_rtp_header(packet, header);
    packet.insert(packet.end(), payload.begin(), payload.end());
    GstBuffer *buffer = gst_buffer_new_memdup(packet.data(), packet.size());
    GST_BUFFER_PTS(buffer) = pts;
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(pipeline), source);
    g_assert_cmpint(gst_app_src_push_buffer(GST_APP_SRC(element), buffer), ==, GST_FLOW_OK);
}

void Stage::push_vp8(unsigned n, bool key, uint32_t ssrc) {
    push("video", ssrc, static_cast<uint16_t>(1000 * ssrc + n), 7777 * ssrc + 3600 * n, n * 40 * GST_MSECOND,
         {0x10, key ? kVp8Key : kVp8Delta, 0, 0, static_cast<uint8_t>(n)});
}

std::vector<std::string> Stage::events() {
    MutexLock lock(mutex_);
    return events_;
}

bool Stage::has_event(const std::string &event) {
    const auto seen = events();
    return std::find(seen.begin(), seen.end(), event) != seen.end();
}

void Stage::wait_for(const std::function<bool()> &done) {
    test::wait_for("event of the fan-out", done);
}

void Stage::on_connected(GstElement *, const char *id, gpointer data) {
    auto *self = static_cast<Stage *>(data);
    MutexLock lock(self->mutex_);
    self->events_.push_back(std::string("connected ") + id);
}

void Stage::on_disconnected(GstElement *, const char *id, const char *reason, gpointer data) {
    auto *self = static_cast<Stage *>(data);
    MutexLock lock(self->mutex_);
    self->events_.push_back(std::string("disconnected ") + id + " " + reason);
}

} // namespace stage
