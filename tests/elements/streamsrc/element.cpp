// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// streamsrc as an element, fed by a publisher over loopback.

#include "bench.h"
#include "test_publisher.h"

#include <gst/video/video.h>

#include <dirent.h>

#include <cmath>

using namespace rostrum;
using namespace rostrum::test;

namespace {

unsigned open_files() {
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (readdir(directory))
        ++count;
    closedir(directory);
    return count;
}

std::string caps_field(const Seen &seen, const char *field) {
    if (seen.caps.empty())
        return "";
    const gchar *text = gst_structure_get_string(gst_caps_get_structure(seen.caps.back().get(), 0), field);
    return text ? text : "";
}

int caps_number(const Seen &seen, const char *field) {
    const GValue *value = gst_structure_get_value(gst_caps_get_structure(seen.caps.back().get(), 0), field);
    g_assert_nonnull(value);
    return G_VALUE_HOLDS_UINT(value) ? static_cast<int>(g_value_get_uint(value)) : g_value_get_int(value);
}

bool both_flow(const Bench &bench, unsigned buffers = 10) {
    return bench.seen("audio_0").buffers >= buffers && bench.seen("video_0").buffers >= buffers;
}

void test_pads_and_caps() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench) && bench.no_more_pads() == 1; });
    g_assert_true(bench.said("connecting"));
    g_assert_true(bench.said("connected"));
    const Seen audio = bench.seen("audio_0"), video = bench.seen("video_0");
    assert_text(caps_field(audio, "media"), "audio");
    assert_text(caps_field(audio, "encoding-name"), "OPUS");
    assert_text(caps_field(audio, "useinbandfec"), "1");
    g_assert_cmpint(caps_number(audio, "clock-rate"), ==, 48000);
    g_assert_cmpint(caps_number(audio, "payload"), ==, TestPublisher::kOpus);
    g_assert_cmpint(caps_number(audio, "ssrc"), ==, 1000);
    assert_text(caps_field(video, "encoding-name"), "VP8");
    g_assert_cmpint(caps_number(video, "ssrc"), ==, 2000);
    g_assert_cmpuint(video.stream_ids.size(), ==, 1);
    g_assert_cmpuint(video.segments, ==, 1);
    for (const Seen &seen : {audio, video}) {
        for (size_t i = 1; i < seen.pts.size(); ++i)
            g_assert_cmpfloat_with_epsilon(static_cast<double>(seen.pts[i] - seen.pts[i - 1]) / GST_MSECOND, 20, 1.1);
    }
    const auto clock = GstRef<GstClock>::adopt(gst_element_get_clock(bench.source));
    const GstClockTime now = gst_clock_get_time(clock.get()) - gst_element_get_base_time(bench.source);
    g_assert_cmpuint(now - video.pts.back(), <, 500 * GST_MSECOND);
}

void test_live_latency() {
    for (const unsigned latency : {0u, 150u}) {
        Bench bench([latency](GstElement *source) { g_object_set(source, "latency", latency, nullptr); });
        g_assert_cmpint(gst_element_set_state(bench.pipeline, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_NO_PREROLL);
        bench.play();
        TestPublisher publisher;
        publisher.connect(bench.source);
        publisher.stream_until([&] { return both_flow(bench); });
        const auto pad = GstRef<GstPad>::adopt(gst_element_get_static_pad(bench.source, "video_0"));
        GstQuery *query = gst_query_new_latency();
        g_assert_true(gst_pad_query(pad.get(), query));
        gboolean live = FALSE;
        GstClockTime min = 0;
        gst_query_parse_latency(query, &live, &min, nullptr);
        gst_query_unref(query);
        g_assert_true(live);
        g_assert_cmpuint(min, ==, latency * GST_MSECOND);
    }
}

void test_keyframe_request() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.send_video(TestPublisher::kVp8, true);
    publisher.stream_until([&] { return both_flow(bench); });
    const unsigned before = publisher.plis();
    const auto pad = GstRef<GstPad>::adopt(gst_element_get_static_pad(bench.source, "video_0"));
    for (int i = 0; i < 5; ++i)
        g_assert_true(
            gst_pad_send_event(pad.get(), gst_video_event_new_upstream_force_key_unit(GST_CLOCK_TIME_NONE, FALSE, 0)));
    publisher.stream_until([&] { return publisher.plis() > before; });
    g_assert_cmpuint(publisher.plis(), ==, before + 1);
}

void test_codec_change() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench); });
    publisher.send_video(TestPublisher::kH264, true);
    publisher.loopback.run_until([&] { return caps_field(bench.seen("video_0"), "encoding-name") == "H264"; });
    assert_text(caps_field(bench.seen("video_0"), "profile-level-id"), "42e01f");
    g_assert_cmpuint(bench.pads().size(), ==, 2);
}

void test_simulcast() {
    Bench bench;
    bench.play();
    TestPublisher publisher({.rids = {"q", "h", "f"}});
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench) && bench.seen("video_2").buffers >= 10; });
    for (const auto &[pad, rid] : {std::pair{"video_0", "q"}, {"video_1", "h"}, {"video_2", "f"}}) {
        assert_text(caps_field(bench.seen(pad), "rid"), rid);
        g_assert_cmpint(caps_number(bench.seen(pad), "ssrc"), ==, 2000 + rid[0]);
    }
}

void test_pictures() {
    Bench bench;
    bench.play();
    TestPublisher publisher({.rids = {"q", "h", "f"}});
    publisher.connect(bench.source);
    publisher.stream_until([&] { return bench.picture("video_2") == "0x0 flowing"; });
    for (const char *rid : {"q", "h", "f"})
        publisher.send_video(TestPublisher::kVp8, true, rid);
    publisher.stream_until([&] { return bench.picture("video_2") == "1280x720 flowing"; });
    publisher.stream_until([&] { return bench.picture("video_1") == "640x360 flowing"; });
    publisher.stream_until([&] { return bench.picture("video_0") == "320x180 flowing"; });

    publisher.stop_layer("f");
    publisher.stream_until([&] { return bench.picture("video_2") == "1280x720 silent"; });
    assert_text(bench.picture("video_0"), "320x180 flowing");
    g_assert_false(bench.said("stalled"));
    publisher.send_video(TestPublisher::kVp8, false, "f");
    publisher.stream_until([&] { return bench.picture("video_2") == "1280x720 flowing"; });
    assert_text(bench.picture("audio_0"), "");
}

void test_next_publisher_takes_over() {
    Bench bench;
    bench.play();
    TestPublisher first;
    first.connect(bench.source);
    first.stream_until([&] { return both_flow(bench); });
    TestPublisher second({.audio_ssrc = 1001, .video_ssrc = 2001});
    second.connect(bench.source);
    const unsigned before = bench.seen("video_0").buffers;
    second.stream_until([&] { return bench.seen("video_0").buffers > before + 20; });
    first.loopback.run_until([&] { return first.loopback.peer.closed(); });
    g_assert_true(bench.said("connecting", "replaced"));
    g_assert_false(bench.said("disconnected"));
    const Seen video = bench.seen("video_0");
    g_assert_cmpuint(bench.pads().size(), ==, 2);
    g_assert_cmpuint(video.stream_ids.size(), ==, 2);
    g_assert_cmpint(caps_number(video, "ssrc"), ==, 2001);
    for (size_t i = 1; i < video.pts.size(); ++i)
        g_assert_cmpuint(video.pts[i], >=, video.pts[i - 1]);
}

void test_goodbyes() {
    Bench bench;
    bench.play();
    TestPublisher leaver;
    leaver.connect(bench.source);
    leaver.stream_until([&] { return both_flow(bench); });
    leaver.loopback.peer.close();
    const gint64 start = g_get_monotonic_time();
    leaver.loopback.run_until([&] { return bench.said("disconnected", "remote-close"); });
    g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);

    TestPublisher kicked;
    kicked.connect(bench.source);
    g_signal_emit_by_name(bench.source, "end-publish", "host-removed");
    kicked.loopback.run_until(
        [&] { return kicked.loopback.peer.closed() && bench.said("disconnected", "host-removed"); });
    g_assert_false(bench.had_error());
}

std::string patch(GstElement *source, const std::string &ufrag, const std::string &pwd) {
    const std::string fragment = "a=ice-ufrag:" + ufrag + "\r\na=ice-pwd:" + pwd +
                                 "\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
                                 "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n";
    g_autofree gchar *answer = nullptr;
    g_signal_emit_by_name(source, "accept-patch", fragment.c_str(), &answer);
    g_assert_nonnull(answer);
    return answer;
}

void test_trickle_and_ice_restart() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench); });
    const peerwire::IceCredentials old = publisher.loopback.peer.local();
    assert_text(patch(bench.source, old.ufrag, old.pwd), "");

    const peerwire::IceCredentials fresh = peerwire::make_ice_credentials();
    publisher.follow_restart(patch(bench.source, fresh.ufrag, fresh.pwd), fresh);
    const unsigned before = bench.seen("video_0").buffers;
    publisher.stream_until([&] { return bench.seen("video_0").buffers > before + 20; });
    assert_text(patch(bench.source, fresh.ufrag, fresh.pwd), "");
    g_assert_false(bench.said("disconnected"));
}

void test_silence() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench); });
    publisher.loopback.run_until([&] { return bench.said("stalled"); }, 4000);
    publisher.loopback.run_until([&] { return bench.said("disconnected", "consent-expired"); }, 8000);
}

// A muxer that refuses, a sink that fails: the other pad does not care, and neither does this one.
void test_failing_branch() {
    for (const unsigned latency : {0u, 100u}) {
        Bench bench([latency](GstElement *source) { g_object_set(source, "latency", latency, nullptr); });
        bench.sink_for("video_0", "identity error-after=3 ! fakesink sync=false async=false");
        bench.play();
        TestPublisher publisher;
        publisher.connect(bench.source);
        publisher.stream_until([&] { return both_flow(bench, 50); });
        g_assert_false(bench.said("disconnected"));
    }
}

void test_unlinked_pads() {
    Bench bench;
    bench.sink_for("video_0", "");
    bench.sink_for("audio_0", "");
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench, 50); });
    g_assert_false(bench.had_error());
}

void test_eos_and_flush() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench); });
    gst_element_send_event(bench.source, gst_event_new_flush_start());
    gst_element_send_event(bench.source, gst_event_new_flush_stop(TRUE));
    publisher.stream_until(
        [&] { return bench.seen("video_0").flush_stops == 1 && bench.seen("video_0").segments == 2; });
    const unsigned before = bench.seen("video_0").buffers;
    publisher.stream_until([&] { return bench.seen("video_0").buffers > before + 10; });
    gst_element_send_event(bench.pipeline, gst_event_new_eos());
    publisher.stream_until([&] { return bench.seen("video_0").eos && bench.seen("audio_0").eos; });
    const unsigned last = bench.seen("video_0").buffers;
    for (int i = 0; i < 10; ++i)
        publisher.send_video();
    publisher.loopback.pump();
    g_assert_cmpuint(bench.seen("video_0").buffers, <=, last + 1);
}

void test_pause_drops() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    publisher.stream_until([&] { return both_flow(bench); });
    bench.set_state(GST_STATE_PAUSED);
    gst_element_get_state(bench.pipeline, nullptr, nullptr, GST_SECOND);
    const unsigned paused = bench.seen("video_0").buffers;
    for (int i = 0; i < 20; ++i)
        publisher.send_video();
    bench.play();
    publisher.stream_until([&] { return bench.seen("video_0").buffers > paused + 10; });
    const Seen video = bench.seen("video_0");
    for (size_t i = 1; i < video.pts.size(); ++i)
        g_assert_cmpuint(video.pts[i], >=, video.pts[i - 1]);
}

void test_state_cycles() {
    unsigned files = 0;
    for (int i = 0; i < 6; ++i) {
        Bench bench;
        for (int cycle = 0; cycle < 3; ++cycle) {
            bench.play();
            TestPublisher publisher;
            publisher.connect(bench.source);
            const unsigned before = bench.seen("video_0").buffers;
            publisher.stream_until([&] { return bench.seen("video_0").buffers > before + 5; });
            bench.set_state(cycle == 1 ? GST_STATE_READY : GST_STATE_NULL);
            g_assert_cmpuint(GST_ELEMENT(bench.source)->numpads, ==, 0);
            g_assert_cmpint(GST_BIN_NUMCHILDREN(bench.source), ==, 0);
            publisher.loopback.run_until([&] { return publisher.loopback.peer.closed(); });
        }
        if (i == 1)
            files = open_files();
    }
    g_assert_cmpuint(open_files(), <=, files);
}

struct RefusalRow {
    const char *name;
    const char *offer;
    const char *code;
};

const RefusalRow kRefusals[] = {
    {"nothing", "", "400"},
    {"garbage", "\x01\x02garbage", "400"},
    {"no media", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", "400"},
};

void test_refusal(gconstpointer data) {
    const RefusalRow &row = *static_cast<const RefusalRow *>(data);
    Bench bench;
    bench.play();
    g_autofree gchar *answer = nullptr;
    g_autofree gchar *error = nullptr;
    g_signal_emit_by_name(bench.source, "accept-offer", row.offer, &answer);
    g_assert_null(answer);
    g_object_get(bench.source, "last-error", &error, nullptr);
    g_assert_true(g_str_has_prefix(error, row.code));
    g_assert_cmpuint(bench.pads().size(), ==, 0);
}

void test_refused_when_not_running() {
    Bench bench;
    g_autofree gchar *answer = nullptr;
    g_autofree gchar *error = nullptr;
    g_signal_emit_by_name(bench.source, "accept-offer", TestPublisher().sdp().c_str(), &answer);
    g_assert_null(answer);
    g_object_get(bench.source, "last-error", &error, nullptr);
    g_assert_true(g_str_has_prefix(error, "503"));
}

struct StartRow {
    const char *name, *property, *value;
};

const StartRow kBadStarts[] = {
    {"scheme that nothing reads", "uri", "gopher://127.0.0.1/x"},
    {"not a uri", "uri", "what is this"},
    {"whep over something else", "uri", "whep+rtmp://127.0.0.1/x"},
    {"port range", "port-range", "9-8"},
    {"public address", "public-address", "example"},
    {"listen", "listen", "ftp://127.0.0.1:1/x"},
};

void test_bad_start(gconstpointer data) {
    const StartRow &row = *static_cast<const StartRow *>(data);
    Bench bench([&row](GstElement *source) { g_object_set(source, row.property, row.value, nullptr); });
    g_assert_cmpint(gst_element_set_state(bench.pipeline, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    g_assert_true(bench.had_error());
}

void test_stats() {
    Bench bench;
    bench.play();
    TestPublisher publisher;
    publisher.connect(bench.source);
    guint64 packets = 0;
    publisher.stream_until([&] {
        GstStructure *stats = nullptr, *track = nullptr;
        g_object_get(bench.source, "stats", &stats, nullptr);
        if (gst_structure_get(stats, "video_0", GST_TYPE_STRUCTURE, &track, nullptr)) {
            gst_structure_get_uint64(track, "packets", &packets);
            gst_structure_free(track);
        }
        gst_structure_free(stats);
        return packets > 10;
    });
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/streamsrc/pads and caps", test_pads_and_caps);
    g_test_add_func("/streamsrc/live latency", test_live_latency);
    g_test_add_func("/streamsrc/keyframe request", test_keyframe_request);
    g_test_add_func("/streamsrc/codec change", test_codec_change);
    g_test_add_func("/streamsrc/simulcast", test_simulcast);
    g_test_add_func("/streamsrc/pictures", test_pictures);
    g_test_add_func("/streamsrc/next publisher takes over", test_next_publisher_takes_over);
    g_test_add_func("/streamsrc/goodbyes", test_goodbyes);
    g_test_add_func("/streamsrc/trickle and ice restart", test_trickle_and_ice_restart);
    g_test_add_func("/streamsrc/silence", test_silence);
    g_test_add_func("/streamsrc/failing branch", test_failing_branch);
    g_test_add_func("/streamsrc/unlinked pads", test_unlinked_pads);
    g_test_add_func("/streamsrc/eos and flush", test_eos_and_flush);
    g_test_add_func("/streamsrc/pause drops", test_pause_drops);
    g_test_add_func("/streamsrc/state cycles", test_state_cycles);
    for (const RefusalRow &row : kRefusals)
        g_test_add_data_func((std::string("/streamsrc/refused offer/") + row.name).c_str(), &row, test_refusal);
    g_test_add_func("/streamsrc/refused when not running", test_refused_when_not_running);
    for (const StartRow &row : kBadStarts)
        g_test_add_data_func((std::string("/streamsrc/bad start/") + row.name).c_str(), &row, test_bad_start);
    g_test_add_func("/streamsrc/stats", test_stats);
    return g_test_run();
}
