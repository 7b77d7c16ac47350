// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Sources that end, fall silent and come back.

#include "stage.h"

#include "viewerfanout/source_watch.h"
#include "waiting.h"

#include <algorithm>

using peerwire::kNsPerMs;
using rostrum::SourceWatch;
using stage::Stage;
using stage::Viewer;

namespace {

/// What a watch says, as "lost 0" and "back 0".
struct Watched {
    std::string said;
    SourceWatch watch{[this](unsigned pad, SourceWatch::Change change) {
        said += (change == SourceWatch::Change::Lost ? "lost " : "back ") + std::to_string(pad) + " ";
    }};

    void packet(unsigned pad, int64_t at_ms) {
        watch.arrived(pad, at_ms * kNsPerMs);
        watch.flows(pad);
    }
    void check_until(int64_t from_ms, int64_t to_ms) {
        for (int64_t at = from_ms; at <= to_ms; at += 250)
            watch.check(at * kNsPerMs);
    }
};

struct WatchRow {
    const char *name;
    void (*run)(Watched &w);
    const char *said;
};

const WatchRow kWatchRows[] = {
    {"never used", [](Watched &w) { w.check_until(0, 10'000); }, ""},
    {"the first source is no news", [](Watched &w) { w.packet(0, 100); }, ""},
    {"Opus that says nothing",
     [](Watched &w) {
         for (int64_t at = 0; at < 10'000; at += 400) {
             w.packet(8, at);
             w.watch.check((at + 399) * kNsPerMs);
         }
     },
     ""},
    {"silence is told once",
     [](Watched &w) {
         w.packet(0, 0);
         w.check_until(0, 1999);
         w.said += "2s ";
         w.check_until(2000, 10'000);
     },
     "2s lost 0 "},
    {"each pad for itself",
     [](Watched &w) {
         w.packet(0, 0);
         w.packet(8, 1500);
         w.check_until(0, 3000);
     },
     "lost 0 "},
    {"back with what can be sent on",
     [](Watched &w) {
         w.packet(0, 0);
         w.check_until(0, 3000);
         w.watch.arrived(0, 3000 * kNsPerMs); // waits for its keyframe
         w.check_until(3000, 6000);
         w.said += "keyframe ";
         w.packet(0, 6000);
     },
     "lost 0 keyframe back 0 "},
    {"the end is told at once",
     [](Watched &w) {
         w.packet(3, 0);
         w.watch.ended(3);
         w.watch.ended(3);
         w.check_until(0, 5000);
     },
     "lost 3 "},
    {"the end of what never was", [](Watched &w) { w.watch.ended(3); }, ""},
    {"a pause is no silence",
     [](Watched &w) {
         w.packet(0, 0);
         w.watch.resume(60'000 * kNsPerMs);
         w.check_until(60'000, 61'900);
     },
     ""},
    {"forgotten",
     [](Watched &w) {
         w.packet(0, 0);
         w.watch.forget();
         w.check_until(0, 10'000);
         w.packet(0, 10'000);
     },
     ""},
};

void test_watch(gconstpointer data) {
    const WatchRow &row = *static_cast<const WatchRow *>(data);
    Watched watched;
    row.run(watched);
    g_assert_cmpstr(watched.said.c_str(), ==, row.said);
}

/// The next message about a source: "lost video_0".
std::string wait_news(Stage &s) {
    g_autoptr(GstBus) bus = gst_element_get_bus(s.pipeline);
    for (;;) {
        g_autoptr(GstMessage) message = gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND, GST_MESSAGE_ELEMENT);
        g_assert_nonnull(message);
        const GstStructure *structure = gst_message_get_structure(message);
        const std::string name = gst_structure_get_name(structure), prefix = "viewerfanout-source-";
        if (name.rfind(prefix, 0) == 0)
            return name.substr(prefix.size()) + " " + gst_structure_get_string(structure, "pad");
    }
}

/// Another source in place of the one that fed `pad`.
void replace_source(Stage &s, const char *source, const char *pad_name, const char *caps) {
    g_autoptr(GstElement) old = gst_bin_get_by_name(GST_BIN(s.pipeline), source);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(s.fanout, pad_name);
    gst_element_unlink(old, s.fanout);
    gst_element_release_request_pad(s.fanout, pad);
    gst_element_set_state(old, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(s.pipeline), old);
    const std::string description = std::string("appsrc is-live=true format=time name=") + source;
    GstElement *other = gst_parse_launch(description.c_str(), nullptr);
    gst_bin_add(GST_BIN(s.pipeline), other);
    s.set_caps(source, caps);
    g_assert_true(gst_element_link_pads(other, nullptr, s.fanout, pad_name));
    gst_element_sync_state_with_parent(other);
}

void end_stream(Stage &s, const char *source) {
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(s.pipeline), source);
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(element, "end-of-stream", &flow);
}

void assert_news(Stage &stage, const char *wanted) {
    const std::string news = wait_news(stage);
    g_assert_cmpstr(news.c_str(), ==, wanted);
}

/// EOS; the viewer asks for pictures, in vain; another source with another codec plays on in the same connection.
void test_eos_and_another_source() {
    Stage s;
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    s.push_vp8(0, true);
    viewer.run_until([&] { return viewer.video().size() == 1; });
    end_stream(s, "video");
    assert_news(s, "lost video_0");

    viewer.send_pli();
    viewer.run_until([&] { return s.stat("viewers", "keyframe-requests") == 1; });
    g_assert_cmpuint(s.stat("keyframe-requests", nullptr), ==, 0);
    s.push("audio", 9, 1, 960, 100 * GST_MSECOND, {0x78, 1}); // the sound has not ended
    viewer.run_until([&] { return viewer.audio().size() == 1; });

    replace_source(s, "video", "video_0", stage::kH264Caps);
    s.push("video", 5, 40'000, 3'000'000'000, 10 * GST_SECOND, {0x65, 1, 2, 3});
    assert_news(s, "back video_0");
    viewer.run_until([&] { return viewer.video().size() == 2; });
    const auto packets = viewer.video();
    g_assert_cmpuint(packets[1].payload_type, ==, stage::kH264Type);
    g_assert_cmpuint(packets[1].sequence, ==, static_cast<uint16_t>(packets[0].sequence + 1));
    g_assert_cmpuint(packets[1].timestamp - packets[0].timestamp, ==, 10 * 90'000);
    g_assert_cmpuint(s.viewer_count(), ==, 1);
}

void test_silence() {
    Stage s({"audio"});
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    s.push("audio", 9, 1, 960, 0, {0x78, 1});
    assert_news(s, "lost audio");
    s.push("audio", 9, 2, 97'920, 2020 * GST_MSECOND, {0x78, 2});
    assert_news(s, "back audio");
    viewer.run_until([&] { return viewer.audio().size() == 2; });
}

/// Viewers stay as long as anything comes, and then for the time that was set.
void test_timeout() {
    constexpr gint64 kTimeoutMs = 400;
    Stage s({"audio"}, "source-timeout=400");
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    const gint64 begin = g_get_monotonic_time(), end = begin + 3 * kTimeoutMs * 1000;
    gint64 last = begin;
    for (uint16_t n = 0; last < end; ++n) {
        s.push("audio", 9, n, n * 960u, n * 20 * GST_MSECOND, {0x78, 1});
        last = g_get_monotonic_time();
        viewer.run_until([&] { return viewer.audio().size() > n && g_get_monotonic_time() > last + 20'000; });
    }
    g_assert_cmpuint(s.viewer_count(), ==, 1);
    viewer.run_until([&] { return viewer.loopback.peer.closed(); });
    g_assert_cmpint(g_get_monotonic_time() - last, >=, kTimeoutMs * 1000);
    Stage::wait_for([&] { return s.has_event("disconnected ann source-gone"); });

    Viewer late; // gets as long
    const gint64 joined = g_get_monotonic_time();
    late.connect(s.add_viewer("bob", late.offer()));
    late.run_until([&] { return late.loopback.peer.closed(); });
    g_assert_cmpint(g_get_monotonic_time() - joined, >=, kTimeoutMs * 1000);
    Stage::wait_for([&] { return s.has_event("disconnected bob source-gone"); });
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    for (const WatchRow &row : kWatchRows)
        g_test_add_data_func((std::string("/viewerfanout/source-watch/") + row.name).c_str(), &row, test_watch);
    g_test_add_func("/viewerfanout/source/eos-and-another", test_eos_and_another_source);
    g_test_add_func("/viewerfanout/source/silence", test_silence);
    g_test_add_func("/viewerfanout/source/timeout", test_timeout);
    return g_test_run();
}
