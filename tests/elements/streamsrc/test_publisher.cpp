// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "test_publisher.h"

#include "net/clock.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

namespace rostrum::test {

using peerwire::TimeNs;

namespace {

constexpr uint8_t kMidId = 4, kRidId = 10;

std::string attribute(const std::string &sdp, const std::string &name) {
    const auto at = sdp.find("a=" + name + ":");
    g_assert_true(at != std::string::npos);
    const auto begin = at + name.size() + 3;
    return sdp.substr(begin, sdp.find("\r\n", begin) - begin);
}

uint16_t candidate_port(const std::string &sdp) {
    gchar **words = g_strsplit(attribute(sdp, "candidate").c_str(), " ", -1);
    const auto port = static_cast<uint16_t>(g_ascii_strtoull(words[5], nullptr, 10));
    g_strfreev(words);
    return port;
}

std::vector<uint8_t> vp8_keyframe(unsigned width) {
    const unsigned height = width * 9 / 16;
    const auto low = [](unsigned n) { return static_cast<uint8_t>(n); };
    return {0x10, 0, 0, 0, 0x9d, 1, 0x2a, low(width), low(width >> 8), low(height), low(height >> 8)};
}

std::string section(const std::string &kind, const std::string &formats, const std::string &mid,
                    const std::string &transport) {
    return "m=" + kind + " 9 UDP/TLS/RTP/SAVPF " + formats + "\r\nc=IN IP4 0.0.0.0\r\n" + transport + "a=mid:" + mid +
           "\r\na=extmap:" + std::to_string(kMidId) +
           " urn:ietf:params:rtp-hdrext:sdes:mid\r\na=sendonly\r\na=rtcp-mux\r\n" + "a=rtcp-rsize\r\n";
}

} // namespace

std::string TestPublisher::sdp() const {
    const std::string transport = "a=ice-ufrag:" + loopback.peer.local().ufrag +
                                  "\r\na=ice-pwd:" + loopback.peer.local().pwd +
                                  "\r\na=fingerprint:" + loopback.peer.fingerprint() + "\r\na=setup:actpass\r\n";
    std::string text = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE";
    text += std::string(offer_.audio ? " 0" : "") + (offer_.video ? " 1" : "") + "\r\n";
    if (offer_.audio)
        text += section("audio", "111", "0", transport) + "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n" +
                "a=ssrc:" + std::to_string(offer_.audio_ssrc) + " cname:x\r\n";
    if (!offer_.video)
        return text;
    text += section("video", "96 108", "1", transport) + "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n" +
            "a=rtpmap:108 H264/90000\r\na=rtcp-fb:108 nack pli\r\n" +
            "a=fmtp:108 packetization-mode=1;profile-level-id=42e01f\r\n";
    if (offer_.rids.empty())
        return text + "a=ssrc:" + std::to_string(offer_.video_ssrc) + " cname:x\r\n";
    text += "a=extmap:" + std::to_string(kRidId) + " urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n";
    std::string list;
    for (const std::string &rid : offer_.rids) {
        text += "a=rid:" + rid + " send\r\n";
        list += (list.empty() ? "" : ";") + rid;
    }
    return text + "a=simulcast:send " + list + "\r\n";
}

void TestPublisher::connect(GstElement *streamsrc) {
    g_autofree gchar *answer = nullptr;
    g_signal_emit_by_name(streamsrc, "accept-offer", sdp().c_str(), &answer);
    g_assert_nonnull(answer);
    follow_answer(answer);
}

void TestPublisher::follow_answer(const std::string &answer) {
    loopback.aim({.ufrag = attribute(answer, "ice-ufrag"),
                  .pwd = attribute(answer, "ice-pwd"),
                  .fingerprint = attribute(answer, "fingerprint"),
                  .port = candidate_port(answer)});
    loopback.run_until([this] { return loopback.peer.connected(); });
}

void TestPublisher::follow_restart(const std::string &fragment, const peerwire::IceCredentials &local) {
    const unsigned answered = loopback.peer.checks_answered;
    loopback.peer.restart({.ufrag = attribute(fragment, "ice-ufrag"), .pwd = attribute(fragment, "ice-pwd")}, local);
    loopback.peer.send_check();
    loopback.run_until([&] { return loopback.peer.checks_answered > answered; });
}

void TestPublisher::send(const peerwire::RtpHeader &header, const std::string &mid, const std::string &rid,
                         std::span<const uint8_t> payload) {
    const auto bytes = [](const std::string &text) {
        return std::span<const uint8_t>(reinterpret_cast<const uint8_t *>(text.data()), text.size());
    };
    std::vector<peerwire::HeaderExtension> extensions{{kMidId, bytes(mid)}};
    if (!rid.empty())
        extensions.push_back({kRidId, bytes(rid)});
    std::vector<uint8_t> packet(200);
    packet.resize(peerwire::write_rtp_header(packet, header, extensions));
    packet.insert(packet.end(), payload.begin(), payload.end());
    loopback.peer.send_rtp(packet);
}

void TestPublisher::send_audio() {
    const uint8_t payload[]{0xfc, 0xff, 0xfe};
    send({.marker = true,
          .payload_type = kOpus,
          .sequence = audio_sequence_++,
          .timestamp = audio_timestamp_ += 960,
          .ssrc = offer_.audio_ssrc},
         "0", "", payload);
    loopback.pump();
}

void TestPublisher::send_video(uint8_t payload_type, bool keyframe, const std::string &rid) {
    std::vector<uint8_t> payload{static_cast<uint8_t>(keyframe ? 0x65 : 0x41), 0x9a, 0, 0};
    if (payload_type == kVp8 && keyframe)
        payload = vp8_keyframe(rid == "q" ? 320 : rid == "h" ? 640 : 1280);
    else if (payload_type == kVp8)
        payload = {0x10, 1, 0, 0};
    const auto ssrc = offer_.video_ssrc + static_cast<uint32_t>(rid.empty() ? 0 : rid[0]);
    send({.marker = true,
          .payload_type = payload_type,
          .sequence = video_sequence_++,
          .timestamp = video_timestamp_ += 1800,
          .ssrc = ssrc},
         "1", rid, payload);
    loopback.pump();
}

void TestPublisher::stream_until(const std::function<bool()> &done, int deadline_ms) {
    TimeNs next = peerwire::monotonic_now();
    loopback.run_until(
        [&] {
            if (peerwire::monotonic_now() >= next) {
                next += 20 * peerwire::kNsPerMs;
                if (offer_.audio)
                    send_audio();
                if (offer_.video && offer_.rids.empty())
                    send_video();
                for (const std::string &rid : offer_.rids)
                    send_video(kVp8, false, rid);
            }
            return done();
        },
        deadline_ms);
}

unsigned TestPublisher::plis() const {
    struct Count final : peerwire::RtcpVisitor {
        unsigned plis = 0;
        void on_pli(const peerwire::Pli &) override { ++plis; }
    } count;
    for (const auto &compound : loopback.peer.rtcp)
        peerwire::parse_rtcp(compound, count);
    return count.plis;
}

} // namespace rostrum::test
