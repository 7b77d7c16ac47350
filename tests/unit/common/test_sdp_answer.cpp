// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_answer.h"

#include "sdp_text.h"

#include <gst/gst.h>

using namespace rostrum;

namespace {

const LocalTransport kLocal{"LUFR", "localpasswordlocalpass", "sha-256 AA:BB", 40001, {"127.0.0.1", "2001:db8::1"}, 0};

bool has(const std::string &text, const std::string &line) {
    const std::string whole = line + "\r\n";
    return text.rfind(whole, 0) == 0 || text.find("\n" + whole) != std::string::npos;
}

SdpOffer must_parse(const std::string &text) {
    auto offer = parse_offer(text);
    g_assert_true(offer.ok());
    return std::move(offer).value();
}

void test_viewer() {
    const SdpOffer offer = must_parse(load_offer("chromium-viewer.sdp"));
    const auto answer = negotiate_viewer(offer, {});
    g_assert_true(answer.ok());
    const AnswerMedia &video = answer.value().media[0];
    g_assert_cmpuint(video.codecs.size(), ==, 2);
    g_assert_cmpuint(video.codecs[0].payload_type, ==, 108); // constrained baseline, mode 1, not the first H264
    g_assert_cmpuint(video.codecs[1].payload_type, ==, 96);
    g_assert_true(video.ssrc && video.rtx_ssrc && video.ssrc != video.rtx_ssrc);

    const std::string text = write_answer(offer, answer.value(), kLocal);
    for (const char *line : {"v=0",
                             "a=ice-lite",
                             "a=group:BUNDLE 0 1",
                             "m=video 9 UDP/TLS/RTP/SAVPF 108 109 96 97",
                             "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
                             "a=rtpmap:63 red/48000/2",
                             "a=fmtp:63 111/111",
                             "a=fmtp:111 minptime=10;useinbandfec=1",
                             "a=sendonly",
                             "a=setup:passive",
                             "a=rtcp-mux",
                             "a=rtcp-rsize",
                             "a=fingerprint:sha-256 AA:BB",
                             "a=ice-ufrag:LUFR",
                             "a=ice-pwd:localpasswordlocalpass",
                             "a=candidate:1 1 udp 2130706431 127.0.0.1 40001 typ host",
                             "a=candidate:2 1 udp 2130706175 2001:db8::1 40001 typ host",
                             "a=end-of-candidates",
                             "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
                             "a=fmtp:109 apt=108",
                             "a=rtcp-fb:108 goog-remb",
                             "a=rtcp-fb:108 nack pli",
                             "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid",
                             "a=msid:rostrum video",
                             "a=msid:rostrum audio",
                             "a=rtpmap:111 opus/48000/2"})
        g_assert_true(has(text, line));
    g_assert_null(strstr(text.c_str(), "transport-cc"));
    const std::string group = "a=ssrc-group:FID " + std::to_string(video.ssrc) + " " + std::to_string(video.rtx_ssrc);
    g_assert_true(has(text, group));
}

struct CandidateRow {
    const char *name;
    std::vector<std::string> addresses;
    uint16_t tcp_port;
    std::string candidates;
};

void test_candidates() {
    const std::vector<CandidateRow> rows{
        {"one", {"192.0.2.1"}, 0, "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n"},
        {"in the order given, a foundation for each",
         {"2001:db8::1", "192.0.2.1", "127.0.0.1"},
         0,
         "a=candidate:1 1 udp 2130706431 2001:db8::1 5000 typ host\r\n"
         "a=candidate:2 1 udp 2130706175 192.0.2.1 5000 typ host\r\n"
         "a=candidate:3 1 udp 2130705919 127.0.0.1 5000 typ host\r\n"},
        {"TCP behind all UDP",
         {"192.0.2.1", "2001:db8::1"},
         6000,
         "a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\n"
         "a=candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host\r\n"
         "a=candidate:3 1 tcp 1520435199 192.0.2.1 6000 typ host tcptype passive\r\n"
         "a=candidate:4 1 tcp 1520434943 2001:db8::1 6000 typ host tcptype passive\r\n"},
    };
    for (const CandidateRow &row : rows) {
        g_test_message("%s", row.name);
        const LocalTransport local{"ufrag", "pwd", "sha-256 AA", 5000, row.addresses, row.tcp_port};
        const std::string text = write_candidates(local);
        const std::string expected = row.candidates + "a=end-of-candidates\r\n";
        g_assert_cmpstr(text.c_str(), ==, expected.c_str());
    }
}

void test_publisher() {
    const SdpOffer offer = must_parse(load_offer("chromium-simulcast.sdp"));
    PublisherPreferences preferences;
    preferences.start_bitrate_kbps = 2500;
    const auto answer = negotiate_publisher(offer, preferences);
    g_assert_true(answer.ok());
    const std::string text = write_answer(offer, answer.value(), kLocal);
    for (const char *line : {"a=group:BUNDLE 0 1", "m=video 9 UDP/TLS/RTP/SAVPF 108 109 96 97 98 99 45 46",
                             "m=application 0 UDP/DTLS/SCTP webrtc-datachannel", "a=inactive", "a=recvonly",
                             "a=rid:q recv", "a=simulcast:recv q;h;f", "a=rtcp-fb:108 transport-cc",
                             "a=rtcp-fb:111 transport-cc", "a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
                             "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
                             "a=fmtp:96 x-google-start-bitrate=2500",
                             "a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f;"
                             "x-google-start-bitrate=2500"})
        g_assert_true(has(text, line));
    g_assert_null(strstr(text.c_str(), "goog-remb"));
    g_assert_null(strstr(text.c_str(), "a=ssrc:"));
}

struct CodecRow {
    const char *name;
    std::vector<std::string> wanted;
    std::vector<std::string> section; // after the m-line
    std::vector<unsigned> chosen;     // payload types, empty = 406
};

void test_codec_choice() {
    const std::vector<std::string> all{"a=rtpmap:96 VP8/90000",
                                       "a=rtpmap:97 H264/90000",
                                       "a=fmtp:97 packetization-mode=0;profile-level-id=42e01f",
                                       "a=rtpmap:98 H264/90000",
                                       "a=fmtp:98 packetization-mode=1;profile-level-id=640c1f",
                                       "a=rtpmap:99 VP9/90000",
                                       "a=fmtp:99 profile-id=2"};
    const std::vector<CodecRow> rows{
        {"h264 first, then vp8", {"h264", "vp8"}, all, {98, 96}},
        {"vp8 first", {"vp8", "h264"}, all, {96, 98}},
        {"only packetization-mode 1", {"h264"}, {"a=rtpmap:97 H264/90000", "a=fmtp:97 packetization-mode=0"}, {}},
        {"baseline before main",
         {"h264"},
         {"a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=1;profile-level-id=4d001f", "a=rtpmap:97 H264/90000",
          "a=fmtp:97 profile-level-id=42001f; packetization-mode=1"},
         {97}},
        {"VP9 profile 2 is not ours", {"vp9"}, all, {}},
        {"a codec named twice counts once", {"vp8", "vp8"}, all, {96}},
        {"nothing known", {"h264", "vp8"}, {"a=rtpmap:96 H265/90000"}, {}},
    };
    for (const CodecRow &row : rows) {
        g_test_message("%s", row.name);
        std::vector<std::string> section{"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99", "a=mid:0", "a=recvonly"};
        section.insert(section.end(), row.section.begin(), row.section.end());
        ViewerPreferences preferences;
        preferences.video_codecs = row.wanted;
        const auto answer = negotiate_viewer(must_parse(offer_of(section)), preferences);
        g_assert_true(answer.ok() == !row.chosen.empty());
        if (!answer.ok()) {
            g_assert_cmpint(answer.error().code, ==, 406);
            continue;
        }
        const auto &codecs = answer.value().media[0].codecs;
        g_assert_cmpuint(codecs.size(), ==, row.chosen.size());
        for (size_t i = 0; i < codecs.size(); ++i)
            g_assert_cmpuint(codecs[i].payload_type, ==, row.chosen[i]);
    }
}

struct RedRow {
    const char *name;
    std::vector<std::string> lines;
    bool answered;
};

void test_red() {
    const std::vector<RedRow> rows{
        {"Chromium's", {"a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111"}, true},
        {"deeper", {"a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111/111"}, true},
        {"of nothing", {"a=rtpmap:63 red/48000/2"}, false},
        {"of one block", {"a=rtpmap:63 red/48000/2", "a=fmtp:63 111"}, false},
        {"of something else", {"a=rtpmap:63 red/48000/2", "a=fmtp:63 111/0"}, false},
        {"of one channel", {"a=rtpmap:63 red/48000", "a=fmtp:63 111/111"}, false},
        {"none", {}, false},
    };
    for (const RedRow &row : rows) {
        g_test_message("%s", row.name);
        std::vector<std::string> section{"m=audio 9 UDP/TLS/RTP/SAVPF 63 111", "a=mid:0", "a=recvonly",
                                         "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:* nack"};
        section.insert(section.end(), row.lines.begin(), row.lines.end());
        const SdpOffer offer = must_parse(offer_of(section));
        const std::string text = write_answer(offer, negotiate_viewer(offer, {}).value(), kLocal);
        g_assert_true(has(text, "m=audio 9 UDP/TLS/RTP/SAVPF 111" + std::string(row.answered ? " 63" : "")));
        for (const std::string &line : row.lines)
            g_assert_true(has(text, line) == row.answered);
        g_assert_true(has(text, "a=rtcp-fb:111 nack"));
        g_assert_false(has(text, "a=rtcp-fb:63 nack"));
    }
}

struct FeedbackRow {
    const char *name;
    bool transport_cc; ///< asked for
    std::vector<std::string> feedback;
    std::vector<std::string> answered, left_out;
};

void test_bandwidth_feedback() {
    const std::vector<FeedbackRow> rows{
        {"both: REMB", false, {"goog-remb", "transport-cc"}, {"goog-remb"}, {"transport-cc"}},
        {"both, transport-cc asked for", true, {"goog-remb", "transport-cc"}, {"transport-cc"}, {"goog-remb"}},
        {"transport-cc alone", false, {"transport-cc"}, {"transport-cc"}, {"goog-remb"}},
        {"REMB alone, transport-cc asked for", true, {"goog-remb"}, {"goog-remb"}, {"transport-cc"}},
        {"neither", true, {"nack"}, {"nack"}, {"transport-cc", "goog-remb"}},
    };
    for (const FeedbackRow &row : rows) {
        g_test_message("%s", row.name);
        std::vector<std::string> section{"m=video 9 UDP/TLS/RTP/SAVPF 96",
                                         "a=mid:0",
                                         "a=recvonly",
                                         "a=rtpmap:96 VP8/90000",
                                         "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
                                         "a=extmap:3 http://www.ietf.org/id/"
                                         "draft-holmer-rmcat-transport-wide-cc-extensions-01",
                                         "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
                                         "a=extmap:7 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"};
        for (const std::string &value : row.feedback)
            section.push_back("a=rtcp-fb:96 " + value);
        const SdpOffer offer = must_parse(offer_of(section));
        ViewerPreferences preferences;
        preferences.transport_cc = row.transport_cc;
        const std::string text = write_answer(offer, negotiate_viewer(offer, preferences).value(), kLocal);
        for (const std::string &value : row.answered)
            g_assert_true(has(text, "a=rtcp-fb:96 " + value));
        for (const std::string &value : row.left_out)
            g_assert_false(has(text, "a=rtcp-fb:96 " + value));
        for (const size_t always : {4u, 6u, 7u})
            g_assert_true(has(text, section[always]));
        const bool numbered = row.answered.front() == "transport-cc";
        g_assert_true(has(text, section[5]) == numbered);
    }
}

void test_direction() {
    const std::vector<std::string> section{"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=sendonly",
                                           "a=rtpmap:96 VP8/90000"};
    const SdpOffer offer = must_parse(offer_of(section));
    g_assert_cmpint(negotiate_viewer(offer, {}).error().code, ==, 406);
    g_assert_true(negotiate_publisher(offer, {}).ok());
}

struct RefusedRow {
    const char *name;
    std::vector<std::string> section;
    const char *says;
};

void test_refused_names_codecs() {
    const std::vector<RefusedRow> rows{
        {"codecs that are not ours",
         {"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98", "a=mid:0", "a=recvonly", "a=rtpmap:96 H265/90000",
          "a=rtpmap:97 AV1/90000", "a=rtpmap:98 H265/90000", "m=audio 9 UDP/TLS/RTP/SAVPF 0", "a=rtcp-mux", "a=mid:1",
          "a=recvonly", "a=rtpmap:0 PCMU/8000"},
         "the offer receives video as H265, AV1; audio as PCMU; possible here: video as h264, vp8; audio as opus"},
        {"a variant that is not ours",
         {"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 H264/90000", "a=fmtp:96 packetization-mode=0"},
         "the offer receives video as H264 (packetization-mode=0); possible here: video as h264, vp8; audio as opus"},
        {"no codec at all",
         {"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0"},
         "the offer receives video as nothing; possible here: video as h264, vp8; audio as opus"},
        {"only sends",
         {"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=sendonly", "a=rtpmap:96 VP8/90000"},
         "the offer receives nothing; possible here: video as h264, vp8; audio as opus"},
    };
    for (const RefusedRow &row : rows) {
        g_test_message("%s", row.name);
        const auto answer = negotiate_viewer(must_parse(offer_of(row.section)), {});
        g_assert_false(answer.ok());
        g_assert_cmpint(answer.error().code, ==, 406);
        g_assert_cmpstr(answer.error().text.c_str(), ==, row.says);
    }
}

struct ExtensionRow {
    const char *name;
    std::vector<std::string> lines;
    std::vector<const char *> answered, left_out;
};

void test_extension_ids() {
    const std::string mid = "urn:ietf:params:rtp-hdrext:sdes:mid";
    const std::vector<ExtensionRow> rows{
        {"one-byte ids", {"a=extmap:14 " + mid}, {"a=extmap:14 urn:ietf:params:rtp-hdrext:sdes:mid"}, {"allow-mixed"}},
        {"15 is no one-byte id", {"a=extmap:15 " + mid}, {}, {"a=extmap"}},
        {"two-byte ids where they may be mixed",
         {"a=extmap-allow-mixed", "a=extmap:255 " + mid},
         {"a=extmap-allow-mixed", "a=extmap:255 urn:ietf:params:rtp-hdrext:sdes:mid"},
         {}},
    };
    for (const ExtensionRow &row : rows) {
        g_test_message("%s", row.name);
        std::vector<std::string> section{"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 VP8/90000"};
        section.insert(section.end(), row.lines.begin(), row.lines.end());
        const SdpOffer offer = must_parse(offer_of(section));
        const std::string text = write_answer(offer, negotiate_viewer(offer, {}).value(), kLocal);
        for (const char *line : row.answered)
            g_assert_true(has(text, line));
        for (const char *part : row.left_out)
            g_assert_null(strstr(text.c_str(), part));
    }
}

void test_mixed_for_all() {
    std::string text = offer_of({"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=rtpmap:96 VP8/90000"});
    text.insert(text.find("a=group"), "a=extmap-allow-mixed\r\n");
    const SdpOffer offer = must_parse(text);
    g_assert_true(has(write_answer(offer, negotiate_viewer(offer, {}).value(), kLocal), "a=extmap-allow-mixed"));
}

void test_rejected_sections() {
    std::vector<std::string> lines{"m=video 9 UDP/TLS/RTP/SAVPF 96",
                                   "a=mid:0",
                                   "a=recvonly",
                                   "a=rtpmap:96 VP8/90000",
                                   "m=video 9 UDP/TLS/RTP/SAVPF 97 98",
                                   "a=mid:1",
                                   "a=rtcp-mux",
                                   "a=recvonly",
                                   "a=rtpmap:97 VP8/90000",
                                   "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
                                   "a=mid:2"};
    const SdpOffer offer = must_parse(offer_of(lines));
    const auto answer = negotiate_viewer(offer, {});
    const std::string text = write_answer(offer, answer.value(), kLocal);
    g_assert_true(has(text, "a=group:BUNDLE 0"));
    g_assert_true(has(text, "m=video 0 UDP/TLS/RTP/SAVPF 97 98"));
    g_assert_true(has(text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"));
    g_assert_true(has(text, "a=mid:2"));
}

void test_passive_offerer() {
    std::vector<std::string> lines{"m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:0", "a=setup:passive",
                                   "a=rtpmap:96 VP8/90000"};
    const SdpOffer offer = must_parse(offer_of(lines, {"a=setup:actpass"}));
    const auto answer = negotiate_viewer(offer, {});
    g_assert_true(answer.value().dtls_client);
    g_assert_true(has(write_answer(offer, answer.value(), kLocal), "a=setup:active"));
}

void test_addresses() {
    const auto addresses = parse_addresses(" 127.0.0.1,::1 , ");
    g_assert_true(addresses.ok() && addresses.value() == (std::vector<std::string>{"127.0.0.1", "::1"}));
    for (const char *wrong : {"", "example.org", "127.0.0.1:80", "127.0.0.1,x\r\na=evil"})
        g_assert_cmpint(parse_addresses(wrong).error().code, ==, 400);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_assert_cmpint(argc, ==, 2);
    corpus_directory() = argv[1];
    g_test_add_func("/sdp-answer/candidates", test_candidates);
    g_test_add_func("/sdp/answer/viewer", test_viewer);
    g_test_add_func("/sdp/answer/publisher", test_publisher);
    g_test_add_func("/sdp/answer/codec-choice", test_codec_choice);
    g_test_add_func("/sdp/answer/red", test_red);
    g_test_add_func("/sdp/answer/bandwidth-feedback", test_bandwidth_feedback);
    g_test_add_func("/sdp/answer/refused-names-codecs", test_refused_names_codecs);
    g_test_add_func("/sdp/answer/extension-ids", test_extension_ids);
    g_test_add_func("/sdp/answer/mixed-for-all", test_mixed_for_all);
    g_test_add_func("/sdp/answer/direction", test_direction);
    g_test_add_func("/sdp/answer/rejected-sections", test_rejected_sections);
    g_test_add_func("/sdp/answer/passive-offerer", test_passive_offerer);
    g_test_add_func("/sdp/addresses", test_addresses);
    return g_test_run();
}
