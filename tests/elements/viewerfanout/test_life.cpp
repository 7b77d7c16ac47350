// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The element's life: states, flushes, EOS, pads that come and go, its listener.

#include "stage.h"

#include <gst/check/gsttestclock.h>
#include <libsoup/soup.h>

using stage::Stage;
using stage::Viewer;

namespace {

/// Threads and descriptors of this process.
unsigned count_entries(const char *directory) {
    g_autoptr(GDir) dir = g_dir_open(directory, 0, nullptr);
    unsigned count = 0;
    while (g_dir_read_name(dir))
        ++count;
    return count;
}

void one_session(Stage &s, unsigned round) {
    s.play();
    s.push_vp8(0, true);
    Viewer viewer;
    const std::string id = "v" + std::to_string(round);
    viewer.connect(s.add_viewer(id, viewer.offer()));
    viewer.run_until([&] { return viewer.video().size() == 1; });
    s.stop(); // with the viewer connected: it is told, and so is the application
    viewer.run_until([&] { return viewer.loopback.peer.closed(); });
    g_assert_true(s.has_event("disconnected " + id + " shutdown"));
    g_assert_cmpuint(s.viewer_count(), ==, 0);
}

void test_state_cycling() {
    Stage s({"video"}, "listen=http://127.0.0.1:0/whep shards=2");
    one_session(s, 0); // what is made once is made
    const unsigned descriptors = count_entries("/proc/self/fd"), threads = count_entries("/proc/self/task");
    for (unsigned round = 1; round <= 5; ++round)
        one_session(s, round);
    g_assert_cmpuint(count_entries("/proc/self/fd"), <=, descriptors);
    g_assert_cmpuint(count_entries("/proc/self/task"), <=, threads);
}

void test_pause_keeps_viewers() {
    Stage s({"video"});
    s.play();
    s.push_vp8(0, true);
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    viewer.run_until([&] { return viewer.video().size() == 1; });
    s.set_state(GST_STATE_READY);
    s.play();
    s.push_vp8(1, false);
    s.push_vp8(2, true);
    viewer.run_until([&] { return viewer.video().size() == 2; });
    g_assert_cmpuint(viewer.video().back().payload.back(), ==, 2);
    g_assert_cmpuint(s.viewer_count(), ==, 1);
}

void test_pad_removed_while_running() {
    Stage s;
    s.play();
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    s.push_vp8(0, true);
    viewer.run_until([&] { return viewer.video().size() == 1; });

    g_autoptr(GstElement) source = gst_bin_get_by_name(GST_BIN(s.pipeline), "video");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(s.fanout, "video_0");
    gst_element_unlink(source, s.fanout);
    gst_element_release_request_pad(s.fanout, pad);
    g_assert_null(gst_element_get_static_pad(s.fanout, "video_0"));
    s.push("audio", 9, 1, 960, 100 * GST_MSECOND, {0x78, 1});
    viewer.run_until([&] { return viewer.audio().size() == 1; });

    GstElement *other = gst_parse_launch("appsrc name=video is-live=true format=time", nullptr);
    gst_element_set_state(source, GST_STATE_NULL);
    gst_bin_remove(GST_BIN(s.pipeline), source);
    gst_bin_add(GST_BIN(s.pipeline), other);
    s.set_caps("video", stage::kVp8Caps);
    g_assert_true(gst_element_link_pads(other, nullptr, s.fanout, "video_0"));
    gst_element_sync_state_with_parent(other);
    s.push_vp8(5, true, 2);
    viewer.run_until([&] { return viewer.video().size() == 2; });
    const auto packets = viewer.video(); // the track goes on
    g_assert_cmpuint(packets[1].sequence, ==, static_cast<uint16_t>(packets[0].sequence + 1));
    g_assert_cmpuint(packets[1].timestamp - packets[0].timestamp, ==, 200 * 90);
}

void test_requested_pads() {
    g_autoptr(GstElement) fanout = gst_element_factory_make("viewerfanout", nullptr);
    gst_object_ref_sink(fanout);
    for (const char *expected : {"video_0", "video_1"}) {
        g_autoptr(GstPad) pad = gst_element_request_pad_simple(fanout, "video_%u");
        g_assert_cmpstr(GST_PAD_NAME(pad), ==, expected);
    }
    g_autoptr(GstPad) seventh = gst_element_request_pad_simple(fanout, "video_7");
    g_assert_nonnull(seventh);
    g_autoptr(GstPad) audio = gst_element_request_pad_simple(fanout, "audio");
    g_assert_nonnull(audio);
    g_assert_null(gst_element_request_pad_simple(fanout, "video_8"));
}

GstMessage *wait_message(Stage &s, GstMessageType types) {
    g_autoptr(GstBus) bus = gst_element_get_bus(s.pipeline);
    GstMessage *message = gst_bus_timed_pop_filtered(bus, 10 * GST_SECOND, types);
    g_assert_nonnull(message);
    return message;
}

void send_eos(Stage &s, const char *source) {
    g_autoptr(GstElement) element = gst_bin_get_by_name(GST_BIN(s.pipeline), source);
    GstFlowReturn flow = GST_FLOW_OK;
    g_signal_emit_by_name(element, "end-of-stream", &flow);
}

void test_eos() {
    Stage s;
    s.play();
    s.push_vp8(0, true);
    send_eos(s, "video");
    g_autoptr(GstBus) bus = gst_element_get_bus(s.pipeline);
    g_assert_null(gst_bus_timed_pop_filtered(bus, 100 * GST_MSECOND, GST_MESSAGE_EOS)); // the sound goes on
    send_eos(s, "audio");
    gst_message_unref(wait_message(s, GST_MESSAGE_EOS));
}

/// A source that is not live is sent at its own pace, not as fast as it comes.
void test_not_live() {
    g_autoptr(GError) error = nullptr;
    g_autoptr(GstElement) pipeline = gst_parse_launch(
        "videotestsrc num-buffers=16 ! video/x-raw,width=64,height=48,framerate=30/1 ! vp8enc deadline=1 ! rtpvp8pay ! "
        "viewerfanout name=f",
        &error);
    g_assert_no_error(error);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    const gint64 start = g_get_monotonic_time();
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstMessage) message =
        gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
    g_assert_true(message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS);
    g_assert_cmpint(g_get_monotonic_time() - start, >=, 500 * 1000); // frame 15 is due after 500 ms
    gst_element_set_state(pipeline, GST_STATE_NULL);
}

/// Until somebody waits on the clock.
void wait_for_waiter(GstClock *clock) {
    GList *waiting = nullptr;
    g_assert_true(gst_test_clock_timed_wait_for_multiple_pending_ids(GST_TEST_CLOCK(clock), 1, 10'000, &waiting));
    g_list_free_full(waiting, gst_clock_id_unref);
}

/// Stopped and flushed while a frame of the far future waits.
void test_not_live_is_interruptible() {
    g_autoptr(GError) error = nullptr;
    g_autoptr(GstElement) pipeline = gst_parse_launch(
        "videotestsrc timestamp-offset=3600000000000 ! video/x-raw,width=64,height=48 ! vp8enc deadline=1 ! rtpvp8pay "
        "name=pay ! viewerfanout",
        &error);
    g_assert_no_error(error);
    g_autoptr(GstClock) clock = gst_test_clock_new();
    gst_pipeline_use_clock(GST_PIPELINE(pipeline), clock);
    for (const GstState state : {GST_STATE_PLAYING, GST_STATE_PAUSED, GST_STATE_PLAYING, GST_STATE_NULL,
                                 GST_STATE_PAUSED, GST_STATE_PLAYING}) {
        gst_element_set_state(pipeline, state);
        if (state == GST_STATE_PLAYING)
            wait_for_waiter(clock);
    }
    g_autoptr(GstElement) pay = gst_bin_get_by_name(GST_BIN(pipeline), "pay");
    g_autoptr(GstPad) pad = gst_element_get_static_pad(pay, "src");
    gst_pad_push_event(pad, gst_event_new_flush_start());
    gst_pad_push_event(pad, gst_event_new_flush_stop(TRUE));
    gst_element_set_state(pipeline, GST_STATE_NULL);
}

void test_refuses_bad_settings() {
    for (const char *properties : {"listen=https://127.0.0.1:0/whep", "public-address=example.org", "port-range=9-8",
                                   "listen=http://127.0.0.1:1/whep port-range=x"}) {
        g_test_message("%s", properties);
        Stage s({"video"}, properties);
        g_assert_cmpint(gst_element_set_state(s.pipeline, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
        gst_message_unref(wait_message(s, GST_MESSAGE_ERROR));
    }
}

unsigned send(const char *method, const std::string &uri, const char *type, const std::string &body,
              std::string *answer = nullptr, std::string *location = nullptr) {
    g_autoptr(SoupSession) session = soup_session_new();
    soup_session_set_timeout(session, 10);
    g_autoptr(SoupMessage) message = soup_message_new(method, uri.c_str());
    g_autoptr(GBytes) request = g_bytes_new(body.data(), body.size());
    if (type)
        soup_message_set_request_body_from_bytes(message, type, request);
    g_autoptr(GError) error = nullptr;
    g_autoptr(GBytes) response = soup_session_send_and_read(session, message, nullptr, &error);
    g_assert_no_error(error);
    if (answer)
        answer->assign(static_cast<const char *>(g_bytes_get_data(response, nullptr)), g_bytes_get_size(response));
    const char *header = soup_message_headers_get_one(soup_message_get_response_headers(message), "Location");
    if (location && header)
        *location = header;
    return soup_message_get_status(message);
}

void test_listen() {
    Stage s({"video"}, "listen=http://127.0.0.1:0/whep");
    g_assert_true(s.text_property("listening-uri").empty());
    s.play();
    const std::string uri = s.text_property("listening-uri");
    g_assert_true(uri.rfind("http://127.0.0.1:", 0) == 0);
    g_autoptr(GstMessage) message = nullptr;
    do {
        gst_clear_message(&message);
        message = wait_message(s, GST_MESSAGE_ELEMENT);
    } while (!gst_message_has_name(message, "viewerfanout-listening"));
    g_assert_cmpstr(gst_structure_get_string(gst_message_get_structure(message), "uri"), ==, uri.c_str());

    Viewer viewer;
    std::string answer, location;
    g_assert_cmpuint(send("POST", uri, "application/sdp", viewer.offer(), &answer, &location), ==, 201);
    viewer.connect(answer);
    s.push_vp8(0, true);
    viewer.run_until([&] { return viewer.video().size() == 1; });
    g_assert_cmpuint(send("POST", uri, "application/sdp", "v=0\r\n", &answer), ==, 400);
    g_assert_cmpuint(send("DELETE", uri.substr(0, uri.rfind('/')) + location, nullptr, ""), ==, 200);
    viewer.run_until([&] { return viewer.loopback.peer.closed(); });
    Stage::wait_for([&] { return s.viewer_count() == 0; });
    s.stop();
    g_assert_true(s.text_property("listening-uri").empty());
}

/// The application stops everything from inside a signal.
void test_removal_from_a_signal() {
    Stage s;
    s.play();
    g_signal_connect(s.fanout, "viewer-connected", G_CALLBACK(+[](GstElement *fanout, const char *, gpointer) {
                         g_signal_emit_by_name(fanout, "remove-all-viewers", "enough");
                     }),
                     nullptr);
    Viewer viewer;
    viewer.connect(s.add_viewer("ann", viewer.offer()));
    viewer.run_until([&] { return viewer.loopback.peer.closed(); });
    Stage::wait_for([&] { return s.has_event("disconnected ann enough"); });
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewerfanout/state-cycling", test_state_cycling);
    g_test_add_func("/viewerfanout/pause-keeps-viewers", test_pause_keeps_viewers);
    g_test_add_func("/viewerfanout/pad-removed-while-running", test_pad_removed_while_running);
    g_test_add_func("/viewerfanout/requested-pads", test_requested_pads);
    g_test_add_func("/viewerfanout/eos", test_eos);
    g_test_add_func("/viewerfanout/not-live", test_not_live);
    g_test_add_func("/viewerfanout/not-live-is-interruptible", test_not_live_is_interruptible);
    g_test_add_func("/viewerfanout/refuses-bad-settings", test_refuses_bad_settings);
    g_test_add_func("/viewerfanout/listen", test_listen);
    g_test_add_func("/viewerfanout/removal-from-a-signal", test_removal_from_a_signal);
    return g_test_run();
}
