// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/sdp_fragment.h"
#include "common/sdp_offer.h"

#include "sdp_text.h"

#include <gst/gst.h>

using namespace rostrum;

namespace {

const std::vector<std::string> kVideo{"m=video 9 UDP/TLS/RTP/SAVPF 96 97",
                                      "a=mid:0",
                                      "a=recvonly",
                                      "a=rtpmap:96 VP8/90000",
                                      "a=rtpmap:97 rtx/90000",
                                      "a=fmtp:97 apt=96"};

void test_chromium_viewer() {
    const auto offer = parse_offer(load_offer("chromium-viewer.sdp"));
    g_assert_true(offer.ok());
    const SdpOffer &o = offer.value();
    g_assert_cmpstr(o.ice_ufrag.c_str(), ==, "uaym");
    g_assert_cmpstr(o.ice_pwd.c_str(), ==, "8IglBy3UE+egkDqSdVGZ6fYR");
    g_assert_true(o.fingerprint.rfind("sha-256 19:11:EA:", 0) == 0);
    g_assert_false(o.offerer_passive);
    g_assert_cmpuint(o.media.size(), ==, 2);
    const SdpMedia &video = o.media[0];
    g_assert_true(video.kind == MediaKind::Video && video.direction == Direction::RecvOnly && !video.rejected);
    g_assert_cmpstr(video.mid.c_str(), ==, "0");
    const SdpCodec *h264 = video.find_payload(108);
    g_assert_nonnull(h264);
    g_assert_true(h264->is("h264") && h264->clock_rate == 90000 && h264->rtx == 109);
    g_assert_true(h264->parameter("profile-level-id") == "42e01f");
    g_assert_true(h264->has_feedback("nack pli") && h264->has_feedback("goog-remb"));
    g_assert_true(video.extension_id(extension_uri::kMid) == 9);
    const SdpMedia &audio = o.media[1];
    g_assert_true(audio.kind == MediaKind::Audio && audio.codecs.front().is("opus"));
    g_assert_cmpuint(audio.codecs.front().channels, ==, 2);
    g_assert_cmpstr(audio.codecs.front().fmtp.c_str(), ==, "minptime=10;useinbandfec=1");
}

void test_chromium_simulcast() {
    const auto offer = parse_offer(load_offer("chromium-simulcast.sdp"));
    g_assert_true(offer.ok());
    const SdpOffer &o = offer.value();
    g_assert_cmpuint(o.media.size(), ==, 3);
    g_assert_true(o.media[1].send_rids == (std::vector<std::string>{"q", "h", "f"}));
    g_assert_cmpstr(o.media[0].msid_stream.c_str(), ==, "f17e642f-f238-48f0-801d-c57501396b5b");
    g_assert_cmpuint(o.media[0].ssrcs.size(), ==, 1);
    g_assert_cmpuint(o.media[0].ssrcs[0], ==, 257606519);
    g_assert_true(o.media[2].kind == MediaKind::Other);
    g_assert_cmpstr(o.media[2].protocol.c_str(), ==, "UDP/DTLS/SCTP");
}

struct RefusedRow {
    const char *name;
    std::string text;
    int code;
    const char *says;
};

void test_refused() {
    std::vector<std::string> two_sections = kVideo;
    two_sections.insert(two_sections.end(), {"m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtcp-mux", "a=mid:1"});
    const std::vector<RefusedRow> rows{
        {"empty", "", 400, "v=0"},
        {"not sdp", "{\"sdp\":\"v=0\"}", 400, "v=0"},
        {"html", "<html></html>", 400, "v=0"},
        {"only version", "v=0\r\n", 400, "m-section"},
        {"nul byte", offer_of(kVideo) + std::string("a=x\0y\r\n", 7), 400, "NUL"},
        {"too large", offer_of(kVideo) + std::string(70000, 'a'), 413, "64 KiB"},
        {"no ufrag", offer_of(kVideo, {"a=ice-ufrag"}), 400, "a=ice-ufrag"},
        {"no pwd", offer_of(kVideo, {"a=ice-pwd"}), 400, "a=ice-pwd"},
        {"no fingerprint", offer_of(kVideo, {"a=fingerprint"}), 400, "a=fingerprint"},
        {"no rtcp-mux", offer_of(kVideo, {"a=rtcp-mux"}), 400, "a=rtcp-mux"},
        {"no bundle", offer_of(two_sections, {"a=group"}), 400, "a=group:BUNDLE"},
    };
    for (const RefusedRow &row : rows) {
        g_test_message("%s", row.name);
        const auto offer = parse_offer(row.text);
        g_assert_false(offer.ok());
        g_assert_cmpint(offer.error().code, ==, row.code);
        g_assert_nonnull(strstr(offer.error().text.c_str(), row.says));
    }
}

struct SectionRow {
    const char *name;
    std::vector<std::string> extra;
    void (*check)(const SdpMedia &media);
};

void test_section_lines() {
    const std::vector<SectionRow> rows{
        {"bundle-only keeps a section with port 0 alive",
         {"a=bundle-only"},
         [](const SdpMedia &m) { g_assert_false(m.rejected); }},
        {"rtcp-fb for every payload type",
         {"a=rtcp-fb:* nack"},
         [](const SdpMedia &m) { g_assert_true(m.codecs[0].has_feedback("nack")); }},
        {"extmap with direction and attributes",
         {"a=extmap:300 urn:x", "a=extmap:4/recvonly urn:y key=1"},
         [](const SdpMedia &m) {
             g_assert_cmpuint(m.extensions.size(), ==, 1);
             g_assert_true(m.extension_id("urn:y") == 4);
         }},
        {"simulcast alternatives and paused layers",
         {"a=rid:a send", "a=rid:b send max-width=640", "a=rid:c recv", "a=simulcast:recv c send ~a,b;b;c"},
         [](const SdpMedia &m) {
             g_assert_true(m.send_rids == (std::vector<std::string>{"a", "b"}));
         }},
        {"rids without a simulcast line send one stream",
         {"a=rid:a send"},
         [](const SdpMedia &m) { g_assert_true(m.send_rids.empty()); }},
        {"flow identification",
         {"a=ssrc-group:FID 4294967295 7", "a=ssrc:4294967295 cname:x", "a=ssrc:99999999999 cname:y"},
         [](const SdpMedia &m) {
             g_assert_true(m.flow_groups == (std::vector<std::pair<uint32_t, uint32_t>>{{4294967295u, 7}}));
             g_assert_cmpuint(m.ssrcs.size(), ==, 1);
         }},
        {"nonsense is left out",
         {"a=rtpmap:x y/z", "a=rtpmap:300 VP8/90000", "a=fmtp:", "a=rtcp-fb:", "a=ssrc:", "a=rid:"},
         [](const SdpMedia &m) { g_assert_cmpuint(m.codecs.size(), ==, 1); }},
    };
    for (const SectionRow &row : rows) {
        g_test_message("%s", row.name);
        std::vector<std::string> section = kVideo;
        section.insert(section.end(), row.extra.begin(), row.extra.end());
        if (row.extra.front() == "a=bundle-only")
            section.front() = "m=video 0 UDP/TLS/RTP/SAVPF 96 97";
        const auto offer = parse_offer(offer_of(section));
        g_assert_true(offer.ok());
        row.check(offer.value().media.front());
    }
}

void test_fragment() {
    const auto trickle = parse_fragment("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n");
    g_assert_true(trickle.ok() && trickle.value().candidates == 1 && trickle.value().end_of_candidates);
    g_assert_true(trickle.value().ice_ufrag.empty());
    const auto restart = parse_fragment("a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n");
    g_assert_true(restart.ok() && restart.value().ice_ufrag == "abcd");
    g_assert_cmpint(parse_fragment("a=ice-ufrag:abcd\r\n").error().code, ==, 400);
    g_assert_cmpint(parse_fragment("a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n").error().code, ==, 400);
    g_assert_cmpint(parse_fragment("{}").error().code, ==, 400);
    g_assert_cmpint(parse_fragment(std::string(70000, 'a')).error().code, ==, 413);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_assert_cmpint(argc, ==, 2);
    corpus_directory() = argv[1];
    g_test_add_func("/sdp/offer/chromium-viewer", test_chromium_viewer);
    g_test_add_func("/sdp/offer/chromium-simulcast", test_chromium_simulcast);
    g_test_add_func("/sdp/offer/refused", test_refused);
    g_test_add_func("/sdp/offer/section-lines", test_section_lines);
    g_test_add_func("/sdp/fragment", test_fragment);
    return g_test_run();
}
