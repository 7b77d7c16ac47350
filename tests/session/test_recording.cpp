// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recordings of a real session process, read back.

#include "support/media_file.h"
#include "support/session_process.h"
#include "support/test_host.h"

#include <gst/gst.h>

#include <cmath>
#include <cstdlib>

using test::MediaFile;
using test::SessionProcess;
using test::TestHost;

namespace {

std::string recording(const std::string &path) {
    return R"("recordings":[{"id":"r","path":")" + path + R"("}])";
}

double now() {
    return static_cast<double>(g_get_monotonic_time()) / G_USEC_PER_SEC;
}

void check_streams(const MediaFile &file, double wanted_seconds, double tolerance) {
    g_test_message("%u frames of %ux%u, picture %.3f to %.3f s, sound %.3f to %.3f s, wanted %.3f s", file.frames,
                   file.width, file.height, file.video_begin, file.video_end, file.audio_begin, file.audio_end,
                   wanted_seconds);
    g_assert_cmpfloat(std::fabs(file.duration() - wanted_seconds), <=, tolerance);
    g_assert_cmpfloat(std::fabs(file.video_begin - file.audio_begin), <, 0.05);
    g_assert_cmpfloat(std::fabs(file.video_end - file.audio_end), <, 0.2);
    assert_frame_rate(file);
}

/// Records an empty stage for `seconds`.
void test_nobody() {
    SessionProcess session;
    const std::string path = session.directory() + "/deep/r.mp4";
    session.set_state(recording(path));
    session.wait_event("RecordingChanged r starting");
    session.wait_event("ProgramChanged composed");
    session.wait_event("RecordingChanged r started");
    const double begin = now();
    test::run_for_ms(4000);
    const double end = now();
    session.set_state("");
    session.wait_event("RecordingChanged r stopping");
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("ProgramChanged empty");
    const MediaFile file = test::read_media(path);
    g_assert_cmpuint(file.width, ==, 1280);
    g_assert_cmpuint(file.height, ==, 720);
    check_streams(file, end - begin, 0.2);
    g_assert_null(strstr(session.graph("running").c_str(), "x264enc"));
}

void test_killed() {
    SessionProcess session;
    const std::string path = session.directory() + "/r.mp4";
    session.set_state(recording(path));
    session.wait_event("RecordingChanged r started");
    const double begin = now();
    test::run_for_ms(6000);
    session.kill();
    const double recorded = now() - begin;
    session.wait_exit();
    const MediaFile file = test::read_media(path);
    g_test_message("recorded %.3f s, found picture to %.3f s and sound to %.3f s", recorded, file.video_end,
                   file.audio_end);
    g_assert_cmpfloat(file.video_end, >=, recorded - 1.0);
    g_assert_cmpfloat(file.audio_end, >=, recorded - 1.0);
}

void test_second_part() {
    SessionProcess session;
    const std::string path = session.directory() + "/r.mp4";
    for (unsigned n = 1; n <= 2; ++n) {
        session.set_state(recording(path));
        test::wait_for("start", [&] { return session.count("RecordingChanged r started") == 1; });
        test::run_for_ms(1500);
        // Another size cannot go on in the same file.
        session.set_state(recording(path) + R"(,"composition":{"quality":"low"})");
        test::wait_for("second start", [&] { return session.count("RecordingChanged r started") == 2; });
        test::run_for_ms(1500);
        break;
    }
    session.set_state("");
    session.wait_event("RecordingChanged r stopped");
    g_assert_cmpuint(test::read_media(path).width, ==, 1280);
    g_assert_cmpuint(test::read_media(session.directory() + "/r.part2.mp4").width, ==, 854);
}

void test_full_disk() {
    SessionProcess session;
    const std::string good = session.directory() + "/good.mp4";
    session.set_state(R"("recordings":[{"id":"bad","path":"/dev/full/x.mp4"},{"id":"r","path":")" + good + R"("}])");
    session.wait_event("RecordingChanged bad failed");
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(1500);
    session.set_state("");
    session.wait_event("RecordingChanged r stopped");
    g_assert_cmpfloat(test::read_media(good).duration(), >, 1.2);
}

void test_end_finishes_file() {
    SessionProcess session;
    const std::string path = session.directory() + "/r.mp4";
    session.set_state(recording(path));
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(2000);
    session.end();
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("Ended test");
    g_assert_cmpint(session.wait_exit(), ==, 0);
    g_assert_false(session.socket_exists());
    g_assert_cmpfloat(test::read_media(path).duration(), >, 1.7);
}

/// A host with flash and beep, recorded: sound and picture stay within 80 ms.
void record_host(unsigned seconds) {
    SessionProcess session;
    const std::string path = session.directory() + "/r.mp4";
    TestHost host(session, "ann", {"--width", "640", "--height", "360", "--bitrate", "600"});
    session.wait_event("FeedChanged ann ann video enabled");
    session.set_state(recording(path));
    session.wait_event("RecordingChanged r started");
    const double begin = now();
    test::run_for_ms(seconds * 1000);
    const double end = now();
    session.set_state("");
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("ProgramChanged passthrough");
    const MediaFile file = test::read_media(path);
    check_streams(file, end - begin, 0.2);
    const std::vector<double> offsets = test::lip_sync(test::settled(file));
    g_assert_cmpuint(offsets.size() + 4, >=, seconds);
    double worst = 0, sum = 0;
    for (const double offset : offsets) {
        g_test_message("%.1f ms", 1000 * offset);
        worst = std::max(worst, std::fabs(offset));
        sum += offset;
    }
    g_test_message("lip sync over %zu flashes: mean %.1f ms, worst %.1f ms", offsets.size(),
                   1000 * sum / static_cast<double>(offsets.size()), 1000 * worst);
    g_assert_cmpfloat(worst, <=, 0.080);
}

void test_lip_sync() {
    record_host(g_test_slow() ? 60 : 12);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/session/recording/nobody", test_nobody);
    g_test_add_func("/session/recording/killed", test_killed);
    g_test_add_func("/session/recording/second-part", test_second_part);
    g_test_add_func("/session/recording/full-disk", test_full_disk);
    g_test_add_func("/session/recording/end-finishes-file", test_end_finishes_file);
    g_test_add_func("/session/recording/lip-sync", test_lip_sync);
    return g_test_run();
}
