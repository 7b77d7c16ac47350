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
    for (const auto &part : details.parts)
        for (const Packet &packet : test::packets_of(part.path, stream))
            times.push_back(part.started_at + packet.time);
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
    for (size_t i = 1; i < sound.size(); ++i)
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
    g_test_add_func("/session/recording-parts/toggles", test_toggles);
    return g_test_run();
}
