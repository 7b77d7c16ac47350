// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// HLS streams of a real session process, read back.

#include "support/ffmpeg.h"
#include "support/hls_stream.h"
#include "support/media_file.h"
#include "support/session_process.h"
#include "support/test_host.h"

#include <glib/gstdio.h>
#include <gst/gst.h>

#include <sys/stat.h>

#include <cmath>
#include <cstdlib>

using rostrum::hls::Timeline;
using test::SessionProcess;
using test::TestHost;

namespace {

std::string hls(const std::string &directory, const char *more = "") {
    return R"("hls":[{"id":"h","directory":")" + directory + "\"" + more + "}]";
}

std::string recording(const std::string &path) {
    return R"("recordings":[{"id":"r","path":")" + path + R"("}])";
}

std::string contents(const std::string &path, size_t most = SIZE_MAX) {
    g_autofree char *text = nullptr;
    gsize size = 0;
    g_autoptr(GError) failure = nullptr;
    g_file_get_contents(path.c_str(), &text, &size, &failure);
    g_assert_no_error(failure);
    return std::string(text, std::min(size, most));
}

void assert_playlists_decode(const std::string &directory, const Timeline &timeline) {
    for (const auto &playlist : test::write_playlists(directory, timeline))
        test::assert_decodes(playlist);
}

/// The whole of a rendition as one file.
std::string joined(const std::string &directory, const rostrum::hls::RenditionEntry &rendition) {
    const std::string folder = directory + "/" + rendition.name + "/";
    std::string bytes = contents(folder + "init0.mp4");
    for (size_t i = 0; i < rendition.complete(); ++i)
        bytes += contents(folder + "s" + std::to_string(i) + ".m4s", rendition.segments[i].bytes);
    const std::string path = directory + "/" + rendition.name + ".mp4";
    g_autoptr(GError) failure = nullptr;
    g_file_set_contents(path.c_str(), bytes.data(), static_cast<gssize>(bytes.size()), &failure);
    g_assert_no_error(failure);
    return path;
}

/// Whole segments are two seconds, of pictures and sound without a hole, and begin at the same time in all renditions.
void check_rendition(const std::string &directory, const Timeline &timeline, const char *name, unsigned width,
                     unsigned height) {
    const auto *rendition = timeline.find(name);
    g_assert_nonnull(rendition);
    for (size_t i = 0; i < rendition->segments.size(); ++i) {
        const auto &segment = rendition->segments[i];
        g_assert_false(segment.gap() || segment.discontinuity);
        g_assert_cmpint(segment.start_ms, ==, timeline.renditions[0].segments[i].start_ms);
        if (i + 1 < rendition->segments.size())
            g_assert_cmpuint(segment.duration_us / 10, ==, 199999);
    }
    g_assert_cmpuint(rendition->maps.size(), ==, 1);
    g_assert_cmpuint(rendition->maps[0].width, ==, width);
    g_assert_cmpuint(rendition->maps[0].height, ==, height);
    const std::string file = joined(directory, *rendition);
    test::assert_decodes(file);
    const std::vector<double> sound = test::packet_times(file, "a:0");
    test::assert_steady(sound, 0.0213, 0.0214);
    if (width == 0)
        return;
    const std::vector<double> pictures = test::packet_times(file, "v:0");
    test::assert_steady(pictures, 0.033, 0.5); // a busy machine leaves pictures out, whole
    g_assert_cmpfloat(std::fabs(pictures.front() - sound.front()), <, 0.08);
    g_assert_cmpfloat(std::fabs(pictures.back() - sound.back()), <, 0.15);
}

void test_nobody() {
    SessionProcess session;
    const std::string directory = session.directory() + "/deep/h";
    session.set_state(hls(directory));
    session.wait_event("HlsChanged h starting");
    session.wait_event("HlsChanged h started");
    session.wait_event("HlsChanged h playable");
    session.wait_event("HlsGrown h");
    test::run_for_ms(5000);
    session.set_state("");
    session.wait_event("HlsChanged h stopping");
    session.wait_event("HlsChanged h stopped");
    session.wait_event("ProgramChanged empty");
    const Timeline timeline = test::read_journal(directory);
    g_assert_true(timeline.ended);
    g_assert_cmpuint(timeline.complete(), >=, 3);
    check_rendition(directory, timeline, "main", 1280, 720);
    check_rendition(directory, timeline, "360p", 640, 360);
    check_rendition(directory, timeline, "180p", 320, 180);
    assert_playlists_decode(directory, timeline);
    g_assert_null(strstr(session.graph("running").c_str(), "x264enc"));
}

void test_audio_only() {
    SessionProcess session;
    const std::string directory = session.directory() + "/h";
    session.set_state(hls(directory, R"(,"mode":"audio")"));
    session.wait_event("HlsChanged h playable");
    test::run_for_ms(2500);
    session.set_state("");
    session.wait_event("HlsChanged h stopped");
    const Timeline timeline = test::read_journal(directory);
    g_assert_cmpuint(timeline.renditions.size(), ==, 1);
    check_rendition(directory, timeline, "audio", 0, 0);
}

/// What was written before a kill -9 can be played, and the next process goes on with it.
void test_killed() {
    g_autofree char *kept = g_dir_make_tmp("rostrum-hls-XXXXXX", nullptr);
    const std::string directory = std::string(kept) + "/h";
    size_t before = 0;
    for (const bool second : {false, true}) {
        SessionProcess session;
        session.set_state(hls(directory));
        session.wait_event("HlsChanged h playable");
        test::run_for_ms(2700);
        const gint64 killed_ms = g_get_real_time() / 1000;
        session.kill();
        session.wait_exit();
        const Timeline timeline = test::read_journal(directory);
        g_assert_false(timeline.ended);
        const auto &segments = timeline.renditions[0].segments;
        const gint64 end_ms = segments.back().start_ms + segments.back().duration_us / 1000;
        g_test_message("%zu segments, the last one ends %d ms before the end", segments.size(),
                       static_cast<int>(killed_ms - end_ms));
        g_assert_cmpint(killed_ms - end_ms, <, 1000);
        if (!second) {
            assert_playlists_decode(directory, timeline);
            before = segments.size();
            continue;
        }
        g_assert_cmpuint(segments.size(), >, before);
        for (const auto &rendition : timeline.renditions)
            for (size_t i = 0; i < rendition.segments.size(); ++i)
                g_assert_true(rendition.segments[i].discontinuity == (i == before));
        g_assert_cmpuint(segments[before].generation, ==, 1);
        g_assert_cmpint(segments[before].start_ms, >, segments[before - 1].start_ms);
        assert_playlists_decode(directory, timeline);
    }
    const char *arguments[] = {"rm", "-rf", kept, nullptr};
    g_spawn_sync(nullptr, const_cast<char **>(arguments), nullptr, G_SPAWN_SEARCH_PATH, nullptr, nullptr, nullptr,
                 nullptr, nullptr, nullptr);
}

/// The disk refuses at the begin or later: that stream fails, the recording beside it goes on.
void test_disk_fault() {
    SessionProcess session;
    const std::string file = session.directory() + "/r.mp4", directory = session.directory() + "/h";
    session.set_state(R"("hls":[{"id":"bad","directory":"/dev/full/h"},{"id":"h","directory":")" + directory + "\"}]," +
                      recording(file));
    session.wait_event("HlsChanged bad failed");
    session.wait_event("RecordingChanged r started");
    session.wait_event("HlsChanged h playable");
    const std::string moved = directory + "/gone";
    g_assert_cmpint(g_rename((directory + "/360p").c_str(), moved.c_str()), ==, 0);
    session.wait_event("HlsChanged h failed");
    test::run_for_ms(1000);
    session.set_state("");
    session.wait_event("RecordingChanged r stopped");
    g_assert_cmpfloat(test::read_media(file).duration(), >, 3.0);
    test::assert_steady(test::packet_times(file, "v:0"), 0.033, 0.5);
}

/// A disk that takes nothing: the thread hangs in it, the session does not, and ends in time.
void test_disk_stands_still() {
    SessionProcess session;
    const std::string file = session.directory() + "/r.mp4", directory = session.directory() + "/h";
    g_assert_cmpint(g_mkdir_with_parents((directory + "/main").c_str(), 0700), ==, 0);
    g_assert_cmpint(mkfifo((directory + "/main/init0.mp4").c_str(), 0600), ==, 0);
    session.set_state(hls(directory) + "," + recording(file));
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(4000);
    g_assert_false(session.seen("HlsChanged h started"));
    session.end();
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("Ended test");
    g_assert_cmpint(session.wait_exit(), ==, 0);
    test::assert_steady(test::packet_times(file, "v:0"), 0.033, 0.5);
    g_assert_cmpfloat(test::read_media(file).duration(), >, 3.5);
}

/// From picture to picture, in thirtieths of a second.
std::string steps(const std::vector<double> &times) {
    std::string text;
    for (size_t i = 1; i < times.size(); ++i)
        text += std::to_string(std::lround((times[i] - times[i - 1]) * 30)) + " ";
    return text;
}

/// HLS comes and goes fifty times beside a recording and another stream, which notice nothing.
void test_toggled() {
    SessionProcess session;
    const std::string file = session.directory() + "/r.mp4", steady = session.directory() + "/steady";
    const std::string others =
        R"("recordings":[{"id":"r","path":")" + file + R"("}],"hls":[{"id":"s","directory":")" + steady + "\"}";
    session.set_state(others + "]");
    session.wait_event("RecordingChanged r started");
    session.wait_event("HlsChanged s started");
    for (unsigned n = 0; n < 50; ++n) {
        const std::string id = "t" + std::to_string(n);
        session.set_state(others + R"(,{"id":")" + id + R"(","directory":")" + session.directory() + "/" + id + "\"}]");
        session.wait_event("HlsChanged " + id + " starting");
        test::run_for_ms(n % 10 * 20);
        session.set_state(others + "]");
        session.wait_event("HlsChanged " + id + " stopped");
    }
    session.wait_event("HlsChanged s playable");
    session.set_state("");
    session.wait_event("RecordingChanged r stopped");
    session.wait_event("HlsChanged s stopped");
    const Timeline timeline = test::read_journal(steady);
    const std::vector<double> pictures = test::packet_times(file, "v:0");
    test::assert_steady(pictures, 0.033, 0.5);
    std::vector<double> sounds = test::packet_times(file, "a:0");
    sounds.erase(sounds.begin()); // it begins with the picture, not where its frame does
    test::assert_steady(sounds, 0.0213, 0.0214);
    // Both hold the pictures of one encode: what it left out, when the machine is busy, is missing in both.
    const std::string recorded = steps(pictures),
                      streamed = steps(test::packet_times(joined(steady, *timeline.find("main")), "v:0"));
    g_assert_true(recorded.find(streamed.substr(0, streamed.size() - 10)) != std::string::npos);
    check_rendition(steady, timeline, "main", 1280, 720);
    test::assert_decodes(file);
}

void test_lip_sync() {
    SessionProcess session;
    const std::string directory = session.directory() + "/h";
    TestHost host(session, "ann", {"--width", "640", "--height", "360", "--bitrate", "600"});
    session.wait_event("FeedChanged ann ann video enabled");
    session.set_state(hls(directory));
    session.wait_event("HlsChanged h playable");
    test::run_for_ms(9000);
    session.set_state("");
    session.wait_event("HlsChanged h stopped");
    session.wait_event("ProgramChanged passthrough");
    const Timeline timeline = test::read_journal(directory);
    for (const auto &rendition : timeline.renditions) {
        const std::vector<double> offsets =
            test::lip_sync(test::settled(test::read_media(joined(directory, rendition))));
        g_assert_cmpuint(offsets.size(), >=, 5);
        double worst = 0;
        for (const double offset : offsets)
            worst = std::max(worst, std::fabs(offset));
        g_test_message("%s: lip sync over %zu flashes: worst %.1f ms", rendition.name.c_str(), offsets.size(),
                       1000 * worst);
        g_assert_cmpfloat(worst, <=, 0.080);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/session/hls/nobody", test_nobody);
    g_test_add_func("/session/hls/audio-only", test_audio_only);
    g_test_add_func("/session/hls/killed", test_killed);
    g_test_add_func("/session/hls/disk-fault", test_disk_fault);
    g_test_add_func("/session/hls/disk-stands-still", test_disk_stands_still);
    g_test_add_func("/session/hls/toggled", test_toggled);
    g_test_add_func("/session/hls/lip-sync", test_lip_sync);
    return g_test_run();
}
