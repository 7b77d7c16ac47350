// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Splits, pauses, and recordings that come and go beside others: what belongs into a file is there once.

#include "support/ffmpeg.h"
#include "support/media_file.h"
#include "support/nginx_rtmp.h"
#include "support/recording_details.h"
#include "support/session_process.h"
#include "support/test_host.h"
#include "support/test_viewer.h"

#include <gst/gst.h>

#include <algorithm>
#include <cmath>

using test::Packet;
using test::SessionProcess;
using test::TestHost;

namespace {

const std::string kLow = R"("composition":{"quality":"low"})";

std::string recordings(const std::string &list) {
    return kLow + R"(,"recordings":[)" + list + "]";
}

std::string room(const SessionProcess &session, const std::string &id, const std::string &more = "",
                 const std::string &extension = ".mp4") {
    return R"({"id":")" + id + R"(","path":")" + session.directory() + "/" + id + extension + "\"" +
           (more.empty() ? "" : "," + more) + "}";
}

/// Begins of packets in all parts, on the clock of the machine.
std::vector<double> moments(const test::RecordingDetails &details, const char *stream) {
    std::vector<double> times;
    for (const auto &part : details.parts) {
        auto packets = test::packets_of(part.path, stream);
        g_assert_cmpuint(packets.size(), >, 2);
        // The first one is where the file begins (less what an Opus decoder leaves out). Sound, of which nothing is
        // ever left out, may belong elsewhere by less than a frame.
        g_assert_cmpfloat(std::fabs(packets[0].time), <, 0.01);
        if (*stream == 'a') {
            g_assert_cmpfloat(packets[1].time, <, 0.045);
            packets[0].time = 2 * packets[1].time - packets[2].time;
        }
        for (const Packet &packet : packets)
            times.push_back(part.started_at + packet.time);
    }
    return times;
}

/// Every frame of `parts` is one of `whole`, each the one after the one before. The clocks of two files differ by as
/// much as they were read apart from each other, which is far less than a frame.
void assert_consecutive(const std::vector<double> &whole, const std::vector<double> &parts) {
    g_assert_cmpuint(parts.size(), >, 20);
    auto at = whole.begin();
    for (size_t i = 0; i < parts.size(); ++i) {
        const auto nearest = std::min_element(whole.begin(), whole.end(), [&](double a, double b) {
            return std::fabs(a - parts[i]) < std::fabs(b - parts[i]);
        });
        if (i > 0)
            g_assert_cmpint(nearest - at, ==, 1);
        at = nearest;
    }
}

std::string in_format(const SessionProcess &session, const std::string &id, const std::string &format,
                      const std::string &more = "") {
    return room(session, id + "-" + format, R"("format":")" + format + "\"" + more, "." + format);
}

const char *const kFormats[] = {"mp4", "webm"};

void check_split(const test::RecordingDetails &whole, const test::RecordingDetails &split) {
    g_assert_cmpuint(whole.parts.size(), ==, 1);
    g_assert_cmpuint(split.parts.size(), ==, 3);
    double seconds = 0;
    for (const auto &part : split.parts) {
        test::assert_decodes(part.path);
        g_assert_true(test::packets_of(part.path, "v:0").front().key);
        seconds += part.seconds;
    }
    g_assert_cmpfloat(split.parts[0].seconds, >=, 1.5);
    g_assert_cmpfloat(split.parts[0].seconds, <=, 3.6); // a group of pictures more at most
    g_assert_cmpfloat(std::fabs(split.seconds - seconds), <, 0.01);
    for (const char *stream : {"v:0", "a:0"})
        assert_consecutive(moments(whole, stream), moments(split, stream));
}

/// By time, beside a recording in one piece.
void test_split() {
    SessionProcess session;
    std::string whole, split;
    for (const char *format : kFormats) {
        whole += (whole.empty() ? "" : ",") + in_format(session, "whole", format);
        split += "," + in_format(session, "split", format, R"(,"splitMs":1500)");
    }
    const auto wait_all = [&](const std::string &id, const char *state, unsigned count) {
        for (const std::string format : kFormats)
            test::wait_for(
                state, [&] { return session.count("RecordingChanged " + id + "-" + format + " " + state) == count; });
    };
    session.set_state(recordings(whole));
    wait_all("whole", "started", 1);
    session.set_state(recordings(whole + split));
    wait_all("split", "started", 3);
    test::run_for_ms(500);
    session.set_state(recordings(whole));
    wait_all("split", "stopped", 1);
    session.set_state(kLow);
    wait_all("whole", "stopped", 1);
    for (const std::string format : kFormats)
        check_split(test::details_of(session, "whole-" + format), test::details_of(session, "split-" + format));
}

void test_split_by_size() {
    SessionProcess session;
    TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "800", "--pattern", "snow"});
    session.wait_event("FeedChanged ann ann video enabled");
    session.set_state(recordings(room(session, "r", R"("splitBytes":100000)")));
    test::wait_for(
        "three parts", [&] { return session.count("RecordingChanged r started") == 3; }, 30);
    session.set_state(kLow);
    session.wait_event("RecordingChanged r stopped");
    const auto details = test::details_of(session, "r");
    g_assert_cmpuint(details.parts.size(), ==, 3);
    g_assert_cmpint(details.parts[0].bytes, >=, 90'000);
    for (const auto &part : details.parts)
        test::assert_decodes(part.path);
}

void check_pause(const test::RecordingDetails &details) {
    g_assert_cmpuint(details.parts.size(), ==, 1);
    test::assert_decodes(details.parts[0].path);
    const test::MediaFile file = test::read_media(details.parts[0].path);
    g_assert_cmpfloat(file.duration(), >, 3.8);
    g_assert_cmpfloat(file.duration(), <, 5.5);
    g_assert_cmpfloat(std::fabs(details.seconds - file.duration()), <, 0.2);
    for (const double offset : test::lip_sync(test::settled(file)))
        g_assert_cmpfloat(std::fabs(offset), <=, 0.080);
    for (const char *stream : {"v:0", "a:0"}) {
        const auto packets = test::packets_of(details.parts[0].path, stream);
        for (size_t i = 1; i < packets.size(); ++i) {
            g_assert_cmpfloat(packets[i].time, >, packets[i - 1].time);
            g_assert_cmpfloat(packets[i].time - packets[i - 1].time, <, 0.5);
        }
    }
}

/// The file goes on where it stopped, at a keyframe, and in sync.
void test_pause() {
    SessionProcess session;
    TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "300"});
    session.wait_event("FeedChanged ann ann video enabled");
    const auto both = [&](const char *paused) {
        return recordings(in_format(session, "r", "mp4", paused) + "," + in_format(session, "r", "webm", paused));
    };
    session.set_state(both(""));
    for (const std::string format : kFormats)
        session.wait_event("RecordingChanged r-" + format + " started");
    test::run_for_ms(2000);
    session.set_state(both(R"(,"paused":true)"));
    test::run_for_ms(3000);
    session.set_state(both(""));
    test::run_for_ms(2500);
    session.set_state(kLow);
    for (const std::string format : kFormats) {
        session.wait_event("RecordingChanged r-" + format + " stopped");
        check_pause(test::details_of(session, "r-" + format));
    }
}

/// A picture that changes its size is a new part in MP4, and goes on in WebM.
void test_size() {
    const std::vector<std::string> h264{"--width", "640", "--height", "360", "--bitrate", "300"};
    std::vector<std::string> vp8 = h264;
    vp8.insert(vp8.end(), {"--codec", "vp8"});
    SessionProcess session;
    TestHost ann(session, "ann", h264), bob(session, "bob", vp8);
    session.wait_event("FeedChanged ann ann video enabled");
    session.wait_event("FeedChanged bob bob video enabled");
    const auto picture = [](const char *who) {
        return std::string(R"("kind":"track","track":"video","participant":")") + who + "\"";
    };
    session.set_state(recordings(room(session, "h264", picture("ann")) + "," + room(session, "vp8", picture("bob"))));
    session.wait_event("RecordingChanged h264 started");
    session.wait_event("RecordingChanged vp8 started");
    test::run_for_ms(1500);
    ann.halve_picture();
    bob.halve_picture();
    test::wait_for("the second part", [&] { return session.count("RecordingChanged h264 started") == 2; });
    test::run_for_ms(1500);
    session.set_state(kLow);
    session.wait_event("RecordingChanged h264 stopped");
    session.wait_event("RecordingChanged vp8 stopped");
    const auto parts = test::details_of(session, "h264"), one = test::details_of(session, "vp8");
    g_assert_cmpuint(parts.parts.size(), ==, 2);
    g_assert_cmpuint(parts.parts[0].width, ==, 640);
    g_assert_cmpuint(parts.parts[1].width, ==, 320);
    g_assert_cmpuint(parts.parts[1].height, ==, 180);
    g_assert_cmpuint(one.parts.size(), ==, 1);
    for (const auto &part : {parts.parts[0], parts.parts[1], one.parts[0]})
        test::assert_decodes(part.path);
    g_assert_cmpuint(test::read_media(parts.parts[1].path, test::Streams::Video).width, ==, 320);
    g_assert_cmpuint(test::read_media(one.parts[0].path, test::Streams::Video).width, ==, 320); // its last picture
    g_assert_cmpfloat(one.seconds, >, 2.5);
}

/// Frames from each packet to the next.
std::vector<long> steps(const std::string &path) {
    const auto packets = test::packets_of(path, "v:0");
    std::vector<long> result;
    for (size_t i = 1; i < packets.size(); ++i)
        result.push_back(std::lround((packets[i].time - packets[i - 1].time) * 30));
    return result;
}

/// What was pushed has the pictures that were recorded meanwhile, each once.
void check_push(const std::string &pushed, const std::string &recorded) {
    std::vector<long> some = steps(pushed);
    const std::vector<long> all = steps(recorded);
    g_assert_cmpuint(some.size(), >, 100);
    g_assert_true(std::find(some.begin(), some.end(), 0) == some.end());
    some.resize(some.size() - 30); // it may have ended later
    g_assert_true(std::search(all.begin(), all.end(), some.begin(), some.end()) != all.end());
}

void check_kept(const SessionProcess &session) {
    const auto one = test::details_of(session, "one"), two = test::details_of(session, "two");
    for (const auto &details : {one, two, test::details_of(session, "track")}) {
        g_assert_cmpuint(details.parts.size(), ==, 1);
        test::assert_decodes(details.parts[0].path);
    }
    for (const char *stream : {"v:0", "a:0"}) {
        const auto first = moments(one, stream);
        auto second = moments(two, stream);
        std::erase_if(second, [&](double time) { return time < first.front() - 0.01 || time > first.back() + 0.01; });
        assert_consecutive(first, second);
    }
    const auto sound = test::packets_of(one.parts[0].path, "a:0");
    for (size_t i = 2; i < sound.size(); ++i)
        g_assert_cmpfloat(std::fabs(sound[i].time - sound[i - 1].time - 1024 / 48000.0), <, 0.002);
}

/// Other outputs come and go, some before they have begun. What stays has the frames of the one encode, each once.
void test_toggles() {
    constexpr unsigned kToggles = 50;
    const test::NginxRtmp nginx;
    SessionProcess session;
    TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "300"});
    session.wait_event("FeedChanged ann ann video enabled");
    const std::string kept =
        room(session, "one") + "," + room(session, "two") + "," +
        R"({"id":"track","kind":"track","participant":"ann","track":"audio","format":"webm","path":")" +
        session.directory() + R"(/track.webm"})";
    const auto push = [&](const std::string &id) {
        return R"({"id":")" + id + R"(","outputs":[{"id":")" + id + R"(-0","url":")" + nginx.url() +
               R"(","streamKey":")" + id + R"("}]})";
    };
    const auto state = [&](const std::string &recording, const std::string &livestream) {
        const std::string pushes = nginx.running() ? R"(,"livestreams":[)" + push("kept") + livestream + "]" : "";
        session.set_state(recordings(kept + recording) + pushes);
    };
    const auto wait_kept = [&](const char *change) {
        for (const char *id : {"one", "two", "track"})
            session.wait_event(std::string("RecordingChanged ") + id + " " + change);
    };
    session.set_state(recordings(kept));
    wait_kept("started");
    state("", "");
    if (nginx.running())
        session.wait_event("OutputChanged kept kept-0 live");
    test::TestViewer viewer(session, "vic", "program");
    viewer.wait_frames(5);
    const char *others[] = {R"("format":"mp4")", R"("kind":"participant","participant":"ann")",
                            R"("kind":"track","participant":"ann","track":"video")",
                            R"("kind":"composite","participants":[{"id":"ann"}])"};
    for (unsigned n = 0; n < kToggles; ++n) {
        const std::string id = "other" + std::to_string(n);
        const bool pushes = nginx.running() && n % 5 == 4;
        state("," + room(session, id, others[n % 4]), pushes ? "," + push(id) : "");
        if (n % 3 != 0)
            session.wait_event("RecordingChanged " + id + " started");
        if (pushes)
            session.wait_event("OutputChanged " + id + " " + id + "-0 live");
        state("", "");
        session.wait_event("RecordingChanged " + id + " stopped");
    }
    viewer.wait_frames(5);
    session.set_state(kLow);
    wait_kept("stopped");
    check_kept(session);
    if (!nginx.running())
        return;
    test::wait_for("the end of the push", [&] { return nginx.ended("kept"); });
    check_push(nginx.file("kept"), test::details_of(session, "one").parts[0].path);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_func("/session/recording-parts/split", test_split);
    g_test_add_func("/session/recording-parts/split-by-size", test_split_by_size);
    g_test_add_func("/session/recording-parts/pause", test_pause);
    g_test_add_func("/session/recording-parts/size", test_size);
    g_test_add_func("/session/recording-parts/toggles", test_toggles);
    return g_test_run();
}
