// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Viewers over loopback: media, joining, leaving, being refused.

#include "stage.h"

#include <atomic>
#include <cstring>

using stage::Stage;
using stage::Viewer;

namespace {

void assert_continuous(const std::vector<peerwire::RtpView> &packets) {
    for (size_t i = 1; i < packets.size(); ++i)
        g_assert_cmpuint(packets[i].sequence, ==, static_cast<uint16_t>(packets[i - 1].sequence + 1));
}

void test_media() {
    Stage s;
    s.play();
    for (unsigned n = 0; n < 5; ++n)
        s.push_vp8(n, n == 0);
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    g_assert_true(viewer.loopback.peer.profile() == peerwire::SrtpProfile::AeadAes128Gcm);
    viewer.run_until([&] { return viewer.video().size() == 5; }); // from the keyframe in the ring on
    Stage::wait_for([&] { return s.has_event("connected ann"); });
    g_assert_cmpuint(s.viewer_count(), ==, 1);

    s.push_vp8(5, false);
    s.push("audio", 9, 1, 960, 200 * GST_MSECOND, {0x78, 1});
    viewer.run_until([&] { return viewer.video().size() == 6 && viewer.audio().size() == 1; });
    assert_continuous(viewer.video());
    g_assert_cmpuint(viewer.video().front().payload_type, ==, stage::kVp8Type);
    g_assert_cmpuint(viewer.video().back().payload.back(), ==, 5);
    g_assert_cmpuint(s.stat("viewers", "packets"), ==, 7);
    g_assert_cmpuint(s.stat("viewers", "connected"), ==, 1);
    g_assert_cmpuint(s.stat("video_0", "packets"), ==, 6);
    g_assert_cmpuint(s.stat("audio", "packets"), ==, 1);
    viewer.run_until([&] { return !viewer.loopback.peer.rtcp.empty(); }); // sender reports
}

/// Another source on the same pad: codec, SSRC and numbers change, the viewer sees one stream.
void test_source_switch() {
    Stage s({"video"});
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    s.push_vp8(0, true);
    s.push_vp8(1, false);
    viewer.run_until([&] { return viewer.video().size() == 2; });
    s.push_vp8(10, false, 2); // another SSRC, not yet a keyframe
    s.push_vp8(11, true, 2);
    viewer.run_until([&] { return viewer.video().size() == 3; });
    s.set_caps("video", stage::kH264Caps);
    s.push("video", 3, 60000, 5, 600 * GST_MSECOND, {0x65, 1, 2});
    viewer.run_until([&] { return viewer.video().size() == 4; });
    const auto packets = viewer.video();
    assert_continuous(packets);
    g_assert_cmpuint(packets[2].timestamp - packets[1].timestamp, ==, 400 * 90); // pts 40 → 440 ms
    g_assert_cmpuint(packets[3].timestamp - packets[2].timestamp, ==, 160 * 90); // → 600 ms
    g_assert_cmpuint(packets[2].payload_type, ==, stage::kVp8Type);
    g_assert_cmpuint(packets[3].payload_type, ==, stage::kH264Type);
    g_assert_cmpuint(packets[3].ssrc, ==, packets[0].ssrc);
    g_assert_cmpuint(s.stat("video_0", "sources"), ==, 3);
}

void test_leaving() {
    Stage s;
    s.play();
    Viewer gone, kicked, stays;
    gone.connect(s.add_viewer("gone", gone.offer()));
    kicked.connect(s.add_viewer("kicked", kicked.offer()));
    stays.connect(s.add_viewer("stays", stays.offer()));
    Stage::wait_for([&] { return s.viewer_count() == 3; });

    gone.loopback.peer.close();
    gone.loopback.pump();
    Stage::wait_for([&] { return s.has_event("disconnected gone remote-close"); });
    g_signal_emit_by_name(s.fanout, "remove-viewer", "kicked", "banned");
    kicked.run_until([&] { return kicked.loopback.peer.closed(); });
    Stage::wait_for([&] { return s.has_event("disconnected kicked banned"); });
    g_signal_emit_by_name(s.fanout, "remove-viewer", "nobody", "x");
    g_assert_cmpuint(s.viewer_count(), ==, 1);
    g_signal_emit_by_name(s.fanout, "remove-all-viewers", "ended");
    stays.run_until([&] { return stays.loopback.peer.closed(); });
    Stage::wait_for([&] { return s.has_event("disconnected stays ended"); });
    g_assert_cmpuint(s.viewer_count(), ==, 0);
}

void test_refused() {
    Stage s({"video"}, "max-viewers=1");
    Viewer viewer;
    struct Row {
        const char *name, *id;
        std::string offer;
        const char *error;
    };
    const std::string offer = viewer.offer();
    std::string no_codec = offer;
    for (size_t at = 0; (at = no_codec.find("rtpmap:")) != std::string::npos;)
        no_codec.replace(at, 7, "xxxxxx:");

    g_assert_true(s.add_viewer("early", offer).empty());
    g_assert_true(s.last_error().rfind("503: ", 0) == 0);
    s.play();
    const Row rows[] = {
        {"no id", "", offer, "400: "},
        {"garbage", "a", "garbage", "400: "},
        {"too large", "a", std::string(70000, 'v'), "413: "},
        {"no codec", "a", no_codec, "406: "},
    };
    for (const Row &row : rows) {
        g_test_message("%s", row.name);
        g_assert_true(s.add_viewer(row.id, row.offer).empty());
        g_assert_true(s.last_error().rfind(row.error, 0) == 0);
    }
    viewer.connect(s.add_viewer("first", offer));
    Viewer second;
    g_assert_true(s.add_viewer("first", second.offer()).empty());
    g_assert_true(s.last_error().rfind("409: ", 0) == 0);
    g_assert_true(s.add_viewer("second", second.offer()).empty());
    g_assert_true(s.last_error().rfind("503: ", 0) == 0);
    g_object_set(s.fanout, "max-viewers", 2, nullptr);
    g_assert_false(s.add_viewer("second", second.offer()).empty());

    Viewer third;
    g_object_set(s.fanout, "max-viewers", 3, "max-load", 0.0, nullptr);
    g_assert_true(s.add_viewer("third", third.offer()).empty());
    g_assert_true(s.last_error().rfind("503: ", 0) == 0);
    g_object_set(s.fanout, "max-load", 1.0, nullptr);
    g_assert_false(s.add_viewer("third", third.offer()).empty());
}

unsigned demand(Stage &s, const char *field) {
    g_autoptr(GstStructure) structure = nullptr;
    g_object_get(s.fanout, "layer-demand", &structure, nullptr);
    guint value = 0;
    gst_structure_get_uint(structure, field, &value);
    return value;
}

/// A viewer that wants less than there is.
void test_layer_demand() {
    Stage s({"video"});
    std::atomic<unsigned> notified{0};
    g_signal_connect(s.fanout, "notify::layer-demand", G_CALLBACK(+[](GstElement *, GParamSpec *, gpointer count) {
                         ++*static_cast<std::atomic<unsigned> *>(count);
                     }),
                     &notified);
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    g_assert_cmpuint(demand(s, "viewers"), ==, 0); // nothing flows
    unsigned frame = 0;
    const auto flow_until = [&](const std::function<bool()> &done) {
        viewer.run_until([&] {
            s.push_vp8(frame, frame % 25 == 0);
            ++frame;
            return done();
        });
    };
    flow_until([&] { return demand(s, "viewers") == 1 && notified > 0; });
    g_assert_cmpuint(demand(s, "video_0"), ==, 1);
    g_assert_cmpuint(demand(s, "starving"), ==, 0);
    g_assert_cmpuint(demand(s, "limited"), ==, 0);
    g_autoptr(GstStructure) less = gst_structure_new("o", "max-bitrate", G_TYPE_UINT, 10, nullptr);
    gboolean known = FALSE;
    g_signal_emit_by_name(s.fanout, "set-viewer-options", "ann", less, &known);
    g_assert_true(known);
    flow_until([&] { return demand(s, "starving") == 1 && notified > 1; });
}

void test_common_codecs() {
    Stage s;
    s.play();
    const Viewer viewer;
    const auto codecs = [&s](const std::string &offer) {
        g_autofree char *list = nullptr;
        g_signal_emit_by_name(s.fanout, "common-codecs", offer.c_str(), &list);
        return list ? std::string(list) : s.last_error();
    };
    g_assert_true(codecs(viewer.offer()) == "h264,vp8");
    g_assert_true(codecs(viewer.offer(false)) == "vp8");
    g_assert_cmpint(codecs("garbage").rfind("400: ", 0), ==, 0);
    g_object_set(s.fanout, "codecs", "h264", nullptr);
    g_assert_true(codecs(viewer.offer()) == "h264");
    g_assert_cmpuint(s.viewer_count(), ==, 0);
}

void test_patch() {
    Stage s;
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    const auto patch = [&s](const char *id, const std::string &fragment) {
        g_autofree char *answer = nullptr;
        g_signal_emit_by_name(s.fanout, "patch-viewer", id, fragment.c_str(), &answer);
        return answer ? std::string(answer) : std::string("refused");
    };
    const std::string candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n";
    g_assert_true(patch("ann", candidate).empty());
    g_assert_true(patch("ann", "a=ice-ufrag:" + viewer.loopback.peer.local().ufrag +
                                   "\r\na=ice-pwd:" + viewer.loopback.peer.local().pwd + "\r\n" + candidate)
                      .empty()); // the running ICE session
    g_assert_true(patch("bob", candidate) == "refused");
    g_assert_true(s.last_error().rfind("404: ", 0) == 0);
    g_assert_true(patch("ann", "nonsense") == "refused");

    const std::string restarted = patch("ann", "a=ice-ufrag:fresh\r\na=ice-pwd:freshfreshfreshfreshfresh\r\n");
    g_assert_nonnull(strstr(restarted.c_str(), "a=ice-ufrag:"));
    g_assert_nonnull(strstr(restarted.c_str(), "a=candidate:1 1 udp 2130706431 127.0.0.1 "));
    s.push_vp8(0, true);
    viewer.run_until([&] { return viewer.video().size() == 1; }); // media goes on meanwhile
}

/// A PLI becomes one GstForceKeyUnit upstream.
void test_keyframe_request() {
    Stage s({"video"}, "keyframe-interval=1000");
    static std::atomic<unsigned> requests;
    requests = 0;
    g_autoptr(GstPad) pad = gst_element_get_static_pad(s.fanout, "video_0");
    g_autoptr(GstPad) peer = gst_pad_get_peer(pad);
    gst_pad_add_probe(
        peer, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
        [](GstPad *, GstPadProbeInfo *info, gpointer) {
            const GstStructure *structure = gst_event_get_structure(GST_PAD_PROBE_INFO_EVENT(info));
            if (structure && gst_structure_has_name(structure, "GstForceKeyUnit"))
                ++requests;
            return GST_PAD_PROBE_OK;
        },
        nullptr, nullptr);
    s.play();
    s.push_vp8(0, true);
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    viewer.run_until([&] { return viewer.video().size() == 1; });
    g_assert_cmpuint(requests, ==, 0); // joining cost the host nothing
    viewer.run_until([&] {
        viewer.send_pli();
        return requests > 0;
    });
    s.push_vp8(1, true);
    viewer.run_until([&] { return viewer.video().size() == 2; });
    g_assert_cmpuint(requests, ==, 1);
    g_assert_cmpuint(s.stat("keyframe-requests", nullptr), ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewerfanout/media", test_media);
    g_test_add_func("/viewerfanout/source-switch", test_source_switch);
    g_test_add_func("/viewerfanout/leaving", test_leaving);
    g_test_add_func("/viewerfanout/refused", test_refused);
    g_test_add_func("/viewerfanout/common-codecs", test_common_codecs);
    g_test_add_func("/viewerfanout/layer-demand", test_layer_demand);
    g_test_add_func("/viewerfanout/patch", test_patch);
    g_test_add_func("/viewerfanout/keyframe-request", test_keyframe_request);
    return g_test_run();
}
