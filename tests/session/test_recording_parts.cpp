// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Splits, pauses, and recordings that come and go beside others: what belongs into a file is there once.

#include "support/ffmpeg.h"
#include "support/media_file.h"
#include "support/recording_details.h"
#include "support/session_process.h"
#include "support/test_host.h"

#include <gst/gst.h>

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
        // The first one is where the file begins (less what an Opus decoder leaves out), though by less than a frame it
        // may belong elsewhere.
        g_assert_cmpfloat(std::fabs(packets[0].time), <, 0.01);
        g_assert_cmpfloat(packets[1].time, <, 0.045);
        packets[0].time = 2 * packets[1].time - packets[2].time;
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

/// By time, beside a recording in one piece. Sound in whole frames of a codec, so of both codecs.
void test_split(gconstpointer data) {
    const std::string extension = static_cast<const char *>(data);
    const std::string format = R"("format":")" + extension.substr(1) + "\"";
    SessionProcess session;
    session.set_state(recordings(room(session, "whole", format, extension)));
    session.wait_event("RecordingChanged whole started");
    const std::string both = room(session, "whole", format, extension) + "," +
                             room(session, "split", format + R"(,"splitMs":1500)", extension);
    session.set_state(recordings(both));
    test::wait_for("three parts", [&] { return session.count("RecordingChanged split started") == 3; });
    test::run_for_ms(700);
    session.set_state(recordings(room(session, "whole", format, extension)));
    session.wait_event("RecordingChanged split stopped");
    session.set_state(kLow);
    session.wait_event("RecordingChanged whole stopped");
    const auto whole = test::details_of(session, "whole"), split = test::details_of(session, "split");
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

/// The file goes on where it stopped, at a keyframe, and in sync.
void test_pause(gconstpointer data) {
    const std::string extension = static_cast<const char *>(data);
    const std::string format = R"("format":")" + extension.substr(1) + "\"";
    SessionProcess session;
    TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "300"});
    session.wait_event("FeedChanged ann ann video enabled");
    session.set_state(recordings(room(session, "r", format, extension)));
    session.wait_event("RecordingChanged r started");
    test::run_for_ms(2500);
    session.set_state(recordings(room(session, "r", format + R"(,"paused":true)", extension)));
    test::run_for_ms(3500);
    session.set_state(recordings(room(session, "r", format, extension)));
    test::run_for_ms(3000);
    session.set_state(kLow);
    session.wait_event("RecordingChanged r stopped");
    const auto details = test::details_of(session, "r");
    g_assert_cmpuint(details.parts.size(), ==, 1);
    test::assert_decodes(details.parts[0].path);
    const test::MediaFile file = test::read_media(details.parts[0].path);
    g_assert_cmpfloat(file.duration(), >, 4.3);
    g_assert_cmpfloat(file.duration(), <, 6.5);
    g_assert_cmpfloat(std::fabs(details.seconds - file.duration()), <, 0.2);
    for (const double offset : test::lip_sync(file))
        g_assert_cmpfloat(std::fabs(offset), <=, 0.080);
    for (const char *stream : {"v:0", "a:0"}) {
        const auto packets = test::packets_of(details.parts[0].path, stream);
        for (size_t i = 1; i < packets.size(); ++i) {
            g_assert_cmpfloat(packets[i].time, >, packets[i - 1].time);
            g_assert_cmpfloat(packets[i].time - packets[i - 1].time, <, 0.5);
        }
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

/// Other recordings come and go, some before they have begun. What stays has the frames of the one encode, each once.
void test_toggles() {
    constexpr unsigned kToggles = 50;
    SessionProcess session;
    TestHost host(session, "ann", {"--width", "320", "--height", "180", "--bitrate", "300"});
    session.wait_event("FeedChanged ann ann video enabled");
    const std::string kept =
        room(session, "one") + "," + room(session, "two") + "," +
        R"({"id":"track","kind":"track","participant":"ann","track":"audio","format":"webm","path":")" +
        session.directory() + R"(/track.webm"})";
    session.set_state(recordings(kept));
    for (const char *id : {"one", "two", "track"})
        session.wait_event(std::string("RecordingChanged ") + id + " started");
    const char *others[] = {R"("format":"mp4")", R"("kind":"participant","participant":"ann")",
                            R"("kind":"track","participant":"ann","track":"video")",
                            R"("kind":"composite","participants":[{"id":"ann"}])"};
    for (unsigned n = 0; n < kToggles; ++n) {
        const std::string id = "other" + std::to_string(n);
        session.set_state(recordings(kept + "," + room(session, id, others[n % 4])));
        if (n % 3 != 0)
            session.wait_event("RecordingChanged " + id + " started");
        session.set_state(recordings(kept));
        session.wait_event("RecordingChanged " + id + " stopped");
    }
    session.set_state(kLow);
    for (const char *id : {"one", "two", "track"})
        session.wait_event(std::string("RecordingChanged ") + id + " stopped");
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

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    g_test_add_data_func("/session/recording-parts/split/mp4", ".mp4", test_split);
    g_test_add_data_func("/session/recording-parts/split/webm", ".webm", test_split);
    g_test_add_func("/session/recording-parts/split/size", test_split_by_size);
    g_test_add_data_func("/session/recording-parts/pause/mp4", ".mp4", test_pause);
    g_test_add_data_func("/session/recording-parts/pause/webm", ".webm", test_pause);
    g_test_add_func("/session/recording-parts/size", test_size);
    g_test_add_func("/session/recording-parts/toggles", test_toggles);
    return g_test_run();
}
