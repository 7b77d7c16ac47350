// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Media through a real session process: hosts, viewers, the program, RTMP.

#include "support/media_file.h"
#include "support/nginx_rtmp.h"
#include "support/test_host.h"
#include "support/test_viewer.h"

#include <cstring>

using test::SessionProcess;
using test::TestHost;
using test::TestViewer;

namespace {

const std::vector<std::string> kSmall{"--width", "640", "--height", "360", "--bitrate", "500"};

std::vector<std::string> small(const char *codec) {
    std::vector<std::string> arguments = kSmall;
    arguments.insert(arguments.end(), {"--codec", codec});
    return arguments;
}

bool transcodes(SessionProcess &session) {
    const std::string running = session.graph("running");
    return strstr(running.c_str(), "x264enc") || strstr(running.c_str(), "avdec_h264") ||
           strstr(running.c_str(), "vp8dec") || strstr(running.c_str(), "vp8enc") ||
           strstr(running.c_str(), "opusdec") || strstr(running.c_str(), "opusenc") ||
           strstr(running.c_str(), "livecompositor");
}

/// A viewer waits; a host comes; another one, with another codec; and goes again. The viewer's connection stays.
void test_program() {
    SessionProcess session;
    TestViewer viewer(session, "vic", "program");
    session.wait_event("PeerChanged " + viewer.resource() + " vic viewer program connecting");
    session.wait_event("PeerChanged " + viewer.resource() + " vic viewer program connected");

    TestHost ann(session, "ann", small("h264"));
    session.wait_event("ProgramChanged passthrough");
    session.wait_event("FeedChanged ann ann video enabled");
    session.wait_event("FeedChanged ann ann audio enabled");
    viewer.wait_frames(30);
    g_assert_cmpuint(viewer.sounds(), >, 10);
    g_assert_false(transcodes(session));

    viewer.reset_gap();
    TestHost bob(session, "bob", small("vp8"));
    session.wait_event("ProgramChanged composed");
    test::wait_for("an encoder", [&] { return transcodes(session); });
    viewer.wait_frames(90);
    g_test_message("longest gap to composed: %.3f s", viewer.longest_gap());
    g_assert_cmpfloat(viewer.longest_gap(), <, 1.5);

    viewer.reset_gap();
    bob.leave();
    test::wait_for("passthrough", [&] { return session.count("ProgramChanged passthrough") == 2; });
    test::wait_for("no encoder", [&] { return !transcodes(session); });
    viewer.wait_frames(60);
    g_test_message("longest gap to passthrough: %.3f s", viewer.longest_gap());
    g_assert_cmpfloat(viewer.longest_gap(), <, 1.5);

    // Only the codec differs: the viewer goes on with VP8.
    TestHost cid(session, "cid", small("vp8"));
    test::wait_for("composed", [&] { return session.count("ProgramChanged composed") == 2; });
    ann.leave();
    test::wait_for("passthrough", [&] { return session.count("ProgramChanged passthrough") == 3; });
    viewer.wait_frames(60);
    g_assert_false(session.seen("PeerChanged " + viewer.resource() + " vic viewer program closed"));

    session.end();
    session.wait_event("PeerChanged " + viewer.resource() + " vic viewer program closed test", 1);
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

/// A host is watched on its own feed; it vanishes without a word.
void test_lost_host() {
    SessionProcess session;
    TestHost ann(session, "ann", small("vp8"));
    session.wait_event("FeedChanged ann ann video enabled");
    TestViewer viewer(session, "vic", "ann");
    viewer.wait_frames(15);
    ann.kill();
    session.wait_event("FeedChanged ann ann video disabled", 12);
    session.wait_event("PeerChanged " + viewer.resource() + " vic viewer ann closed feed-ended");
    session.wait_event("ProgramChanged empty");
    test::wait_for("an empty pipeline", [&] { return !strstr(session.graph("running").c_str(), "streamsrc"); });
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

/// The last host goes: its last picture, then the slate, then nothing; a host comes back. The viewer's connection
/// stays.
void test_slate() {
    SessionProcess session({"--slate-text", "Back soon", "--slate-grace", "1000", "--slate-time", "2500"});
    TestHost ann(session, "ann", small("vp8"));
    TestViewer viewer(session, "vic", "program");
    viewer.wait_frames(15);
    ann.leave();
    session.wait_event("ProgramChanged empty");
    const gint64 gone = g_get_monotonic_time();
    g_assert_false(transcodes(session));
    session.wait_event("ProgramChanged slate");
    g_assert_cmpint(g_get_monotonic_time() - gone, >=, 900'000);
    viewer.wait_frames(30);
    g_assert_cmpint(viewer.width(), ==, 1280); // the composed size
    g_assert_nonnull(strstr(session.snapshot().c_str(), R"("program":"slate")"));

    TestHost bob(session, "bob", small("h264"));
    session.wait_event("ProgramChanged passthrough");
    test::wait_for("the host's picture", [&] { return viewer.width() == 640; });
    viewer.wait_frames(30);
    test::wait_for("no encoder", [&] { return !transcodes(session); });

    bob.leave();
    test::wait_for("the slate", [&] { return session.count("ProgramChanged slate") == 2; });
    viewer.wait_frames(15);
    test::wait_for("the end of the slate", [&] { return session.count("ProgramChanged empty") == 3; });
    test::wait_for("no encoder", [&] { return !transcodes(session); });
    g_assert_false(session.seen("PeerChanged " + viewer.resource() + " vic viewer program closed"));
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

/// Nobody watches: nothing is encoded. Somebody comes, and reads why there is no picture; and goes again.
void test_slate_for_whom() {
    SessionProcess session({"--slate-text", "Back soon", "--slate-grace", "0"});
    TestHost ann(session, "ann", small("h264"));
    session.wait_event("ProgramChanged passthrough");
    ann.leave();
    session.wait_event("ProgramChanged empty");
    TestViewer viewer(session, "vic", "program");
    session.wait_event("ProgramChanged slate");
    viewer.wait_frames(15);
    session.remove(viewer.resource());
    test::wait_for("nothing", [&] { return session.count("ProgramChanged empty") == 2; });
    test::wait_for("no encoder", [&] { return !transcodes(session); });
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

bool runs(SessionProcess &session, const char *factory) {
    return strstr(session.graph("running").c_str(), (std::string(" ") + factory + "\n").c_str());
}

/// A viewer who does not take what the host sends gets a program of its own, as long as it is there; the others notice
/// nothing.
void test_only_codec(const char *host_codec, const char *only, const char *encoder) {
    SessionProcess session;
    TestHost ann(session, "ann", small(host_codec));
    TestViewer viewer(session, "vic", "program");
    viewer.wait_frames(15);
    g_assert_false(transcodes(session));
    viewer.reset_gap();
    {
        TestViewer other(session, "oz", "program", only);
        other.wait_frames(45);
        g_assert_cmpint(other.width(), ==, 1280); // composed
        g_assert_true(runs(session, encoder));
        g_assert_cmpint(viewer.width(), ==, 640); // passed through
        g_assert_cmpint(other.sounds(), >, 20);

        TestHost bob(session, "bob", small(host_codec));
        session.wait_event("ProgramChanged composed");
        test::wait_for("one picture for both", [&] { return viewer.width() == 1280; });
        other.wait_frames(45);
        viewer.wait_frames(45);
        bob.leave();
        session.remove(other.resource());
        session.wait_event("PeerChanged " + other.resource() + " oz viewer program closed left");
    }
    test::wait_for("nobody to encode for", [&] { return !strstr(session.graph("running").c_str(), "program-"); });
    test::wait_for("passthrough", [&] { return session.count("ProgramChanged passthrough") == 2; });
    test::wait_for("no encoder", [&] { return !transcodes(session); });
    viewer.wait_frames(30);
    g_assert_cmpfloat(viewer.longest_gap(), <, 1.5);
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

void test_only_vp8() {
    test_only_codec("h264", test::kVp8, "vp8enc");
}

void test_only_h264() {
    test_only_codec("vp8", test::kH264, "x264enc");
}

/// The host sends what such a viewer takes: nothing is encoded. The host goes, there is a slate; and comes back.
void test_only_vp8_slate() {
    SessionProcess session({"--slate-text", "Back soon", "--slate-grace", "200"});
    TestViewer viewer(session, "vic", "program", test::kVp8);
    session.wait_event("PeerChanged " + viewer.resource() + " vic viewer program connected");
    TestHost ann(session, "ann", small("vp8"));
    viewer.wait_frames(15);
    g_assert_false(transcodes(session));
    ann.leave();
    session.wait_event("ProgramChanged slate");
    test::wait_for("the slate", [&] { return viewer.width() == 1280; });
    viewer.wait_frames(15);
    TestHost bob(session, "bob", small("vp8"));
    test::wait_for("the host's picture", [&] { return viewer.width() == 640; });
    viewer.wait_frames(15);
    test::wait_for("no encoder", [&] { return !transcodes(session); });
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

void test_viewer_leaves() {
    SessionProcess session;
    TestHost ann(session, "ann", small("h264"));
    TestViewer viewer(session, "vic", "program");
    viewer.wait_frames(15);
    session.remove(viewer.resource());
    session.wait_event("PeerChanged " + viewer.resource() + " vic viewer program closed left");
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

void test_livestream() {
    test::NginxRtmp nginx;
    if (!nginx.running())
        return g_test_skip("nginx with its RTMP module is not installed");
    SessionProcess session;
    TestHost ann(session, "ann", small("h264"));
    session.wait_event("FeedChanged ann ann video enabled");
    session.set_state(R"("livestreams":[{"id":"l","outputs":[{"id":"l-0","url":")" + nginx.url() +
                      R"(","streamKey":"hunter2"},{"id":"l-1","url":"rtmp://127.0.0.1:9/live","streamKey":"dead"}]}])");
    session.wait_event("OutputChanged l l-0 live");
    session.wait_event("OutputChanged l l-1 retrying");
    test::run_for_ms(6000);
    for (const std::string &text :
         {session.graph("text"), session.graph("dot"), session.graph("running"), session.snapshot()})
        g_assert_null(strstr(text.c_str(), "hunter2"));
    for (const auto &event : session.events())
        g_assert_null(strstr(event.c_str(), "hunter2"));
    session.set_state("");
    session.wait_event("OutputChanged l l-0 stopped");
    session.wait_event("OutputChanged l l-1 stopped");
    session.wait_event("ProgramChanged passthrough");
    test::wait_for("the end of the push", [&] { return nginx.ended("hunter2"); });
    const test::MediaFile file = test::read_media(nginx.file("hunter2"));
    g_test_message("%u frames of %ux%u in %.2f s", file.frames, file.width, file.height, file.duration());
    g_assert_cmpuint(file.width, ==, 1280);
    g_assert_cmpuint(file.height, ==, 720);
    g_assert_cmpfloat(file.duration(), >, 4.5);
    test::assert_frame_rate(file);
    for (const double offset : test::lip_sync(test::settled(file)))
        g_assert_cmpfloat(std::abs(offset), <=, 0.080);
    session.end();
    g_assert_cmpint(session.wait_exit(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/session/media/program", test_program);
    g_test_add_func("/session/media/lost-host", test_lost_host);
    g_test_add_func("/session/media/slate", test_slate);
    g_test_add_func("/session/media/slate-for-whom", test_slate_for_whom);
    g_test_add_func("/session/media/only-vp8", test_only_vp8);
    g_test_add_func("/session/media/only-h264", test_only_h264);
    g_test_add_func("/session/media/only-vp8-slate", test_only_vp8_slate);
    g_test_add_func("/session/media/viewer-leaves", test_viewer_leaves);
    g_test_add_func("/session/media/livestream", test_livestream);
    return g_test_run();
}
