// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Recordings of every kind and format by a real session process, read back by GStreamer and by ffmpeg.

#include "support/ffmpeg.h"
#include "support/media_file.h"
#include "support/recording_details.h"
#include "support/session_process.h"
#include "support/test_host.h"

#include <gst/gst.h>

#include <cmath>
#include <cstring>

using test::MediaFile;
using test::SessionProcess;
using test::Streams;
using test::TestHost;

namespace {

const std::vector<std::string> kH264{"--width", "320", "--height", "180", "--bitrate", "300"};
const std::vector<std::string> kVp8{"--width", "320", "--height", "180", "--bitrate", "300", "--codec", "vp8"};
const std::string kLow = R"("composition":{"quality":"low"})";

std::string recordings(const std::string &list) {
    return kLow + R"(,"recordings":[)" + list + "]";
}

void same(const std::string &got, const char *wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted);
}

void assert_in_sync(const MediaFile &file, size_t least) {
    const std::vector<double> offsets = test::lip_sync(test::settled(file));
    g_assert_cmpuint(offsets.size(), >=, least);
    for (const double offset : offsets) {
        g_test_message("beep %.1f ms after its flash", 1000 * offset);
        g_assert_cmpfloat(std::fabs(offset), <=, 0.080);
    }
}

struct Wanted {
    const char *json; // without id and path
    const char *extension, *codecs;
    Streams streams;
};

struct ComposedRow {
    const char *name;
    std::vector<Wanted> recordings; // all at once
};

const ComposedRow kComposed[] = {
    {"room",
     {{R"("format":"webm")", ".webm", "vp8 opus", Streams::Both},
      {R"("mode":"audio")", ".mp4", "aac", Streams::Audio},
      {R"("mode":"audio","format":"webm")", ".webm", "opus", Streams::Audio}}},
    {"own",
     {{R"("kind":"composite","participants":[{"id":"ann"}])", ".mp4", "h264 aac", Streams::Both},
      {R"("kind":"participant","participant":"ann")", ".mp4", "h264 aac", Streams::Both},
      {R"("kind":"participant","participant":"ann","format":"webm")", ".webm", "vp8 opus", Streams::Both}}},
};

std::string id_of(size_t n) {
    return "r" + std::to_string(n);
}

void wait_all(SessionProcess &session, size_t count, const char *state) {
    for (size_t n = 0; n < count; ++n)
        session.wait_event("RecordingChanged " + id_of(n) + " " + state);
}

void check_composed(const SessionProcess &session, const std::string &id, const Wanted &wanted) {
    const std::string path = session.directory() + "/" + id + wanted.extension;
    test::assert_decodes(path);
    same(test::codecs_of(path), wanted.codecs);
    const MediaFile file = test::read_media(path, wanted.streams);
    g_assert_cmpfloat(file.duration(), >=, 4.3);
    const auto details = test::details_of(session, id);
    g_assert_cmpuint(details.parts.size(), ==, 1);
    g_assert_cmpfloat(std::fabs(details.parts[0].seconds - file.duration()), <, 0.3);
    g_assert_cmpuint(details.parts[0].width, ==, wanted.streams == Streams::Both ? 854 : 0);
    if (wanted.streams == Streams::Both)
        assert_in_sync(file, 1);
    else
        g_assert_cmpuint(file.beeps.size(), >=, 3);
}

/// Some seconds of a host with flash and beep.
void test_composed(gconstpointer data) {
    const auto &row = *static_cast<const ComposedRow *>(data);
    SessionProcess session;
    TestHost host(session, "ann", kH264);
    session.wait_event("FeedChanged ann ann video enabled");
    std::string list;
    for (size_t n = 0; n < row.recordings.size(); ++n)
        list += std::string(n ? "," : "") + R"({"id":")" + id_of(n) + R"(","path":")" + session.directory() + "/" +
                id_of(n) + row.recordings[n].extension + "\"," + row.recordings[n].json + "}";
    session.set_state(recordings(list));
    wait_all(session, row.recordings.size(), "started");
    test::run_for_ms(4500);
    session.set_state(kLow);
    wait_all(session, row.recordings.size(), "stopped");
    for (size_t n = 0; n < row.recordings.size(); ++n)
        check_composed(session, id_of(n), row.recordings[n]);
}

struct TrackRow {
    const char *name;
    const std::vector<std::string> *host;
    const char *extension; // of the picture's file, whatever is wished
    const char *codec;
};

const TrackRow kTracks[] = {{"h264", &kH264, ".mp4", "h264"}, {"vp8", &kVp8, ".webm", "vp8"}};

std::string track(const SessionProcess &session, const std::string &kind, const std::string &format) {
    const std::string id = kind + "-" + format;
    return R"({"kind":"track","participant":"ann","id":")" + id + R"(","track":")" + kind + R"(","format":")" + format +
           R"(","path":")" + session.directory() + "/" + id + "." + format + "\"}";
}

/// The times of their beginnings bring two files together.
void check_tracks(const SessionProcess &session, const std::string &format, const TrackRow &row) {
    const auto picture = test::details_of(session, "video-" + format),
               sound = test::details_of(session, "audio-" + format);
    const std::string video = session.directory() + "/video-" + format + row.extension,
                      audio = session.directory() + "/audio-" + format + "." + format;
    same(picture.parts.at(0).path, video.c_str());
    same(picture.parts.at(0).format, row.extension + 1);
    same(sound.parts.at(0).path, audio.c_str());
    test::assert_decodes(video);
    test::assert_decodes(audio);
    same(test::codecs_of(video), row.codec);
    same(test::codecs_of(audio), "opus");
    MediaFile both = test::read_media(video, Streams::Video);
    g_assert_cmpuint(both.width, ==, 320);
    const double shift = sound.parts.at(0).started_at - picture.parts.at(0).started_at;
    for (const double beep : test::read_media(audio, Streams::Audio).beeps)
        both.beeps.push_back(beep + shift);
    assert_in_sync(both, 1);
}

/// Sound and picture of one host as they come: nothing is decoded or encoded.
void test_tracks(gconstpointer data) {
    const auto &row = *static_cast<const TrackRow *>(data);
    SessionProcess session;
    TestHost host(session, "ann", *row.host);
    session.wait_event("FeedChanged ann ann video enabled");
    std::string list;
    for (const char *kind : {"video", "audio"})
        for (const char *format : {"mp4", "webm"})
            list += (list.empty() ? "" : ",") + track(session, kind, format);
    session.set_state(recordings(list));
    for (const char *id : {"video-mp4", "video-webm", "audio-mp4", "audio-webm"})
        session.wait_event(std::string("RecordingChanged ") + id + " started");
    test::run_for_ms(4500);
    const std::string running = session.graph("running");
    for (const char *factory : {"x264enc", "vp8enc", "opusenc", "avdec_h264", "vp8dec", "opusdec"})
        g_assert_null(strstr(running.c_str(), factory));
    session.set_state(kLow);
    for (const char *id : {"video-mp4", "video-webm", "audio-mp4", "audio-webm"})
        session.wait_event(std::string("RecordingChanged ") + id + " stopped");
    for (const char *format : {"mp4", "webm"})
        check_tracks(session, format, row);
}

/// A file goes on while its participant is away and comes back; a track's ends.
void test_away_and_back() {
    SessionProcess session;
    const std::string directory = session.directory();
    const std::string list =
        R"({"id":"p","kind":"participant","participant":"ann","path":")" + directory +
        R"(/p.mp4"},{"id":"t","kind":"track","participant":"ann","track":"video","format":"webm","path":")" +
        directory + R"(/t.webm"})";
    session.set_state(recordings(list));
    session.wait_event("RecordingChanged p started"); // nobody is there yet
    {
        TestHost host(session, "ann", kVp8);
        session.wait_event("RecordingChanged t started");
        test::run_for_ms(2500);
        host.leave();
        host.wait_exit();
    }
    session.wait_event("FeedChanged ann ann video disabled");
    test::run_for_ms(1000);
    TestHost again(session, "ann", kVp8);
    test::wait_for("the second part", [&] { return session.count("RecordingChanged t started") == 2; });
    test::run_for_ms(2500);
    session.set_state(kLow);
    session.wait_event("RecordingChanged p stopped");
    session.wait_event("RecordingChanged t stopped");
    for (const char *name : {"/p.mp4", "/t.webm", "/t.part2.webm"})
        test::assert_decodes(directory + name);
    g_assert_cmpuint(test::details_of(session, "p").parts.size(), ==, 1);
    g_assert_cmpuint(test::details_of(session, "t").parts.size(), ==, 2);
    const MediaFile file = test::read_media(directory + "/p.mp4");
    g_assert_cmpfloat(file.duration(), >, 6.5);
    g_assert_cmpfloat(std::fabs(file.video_end - file.audio_end), <, 0.2);
    assert_in_sync(file, 2);
    const auto packets = test::packets_of(directory + "/p.mp4", "v:0");
    for (size_t i = 1; i < packets.size(); ++i)
        g_assert_cmpfloat(packets[i].time - packets[i - 1].time, <, 0.5); // it never stood still
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    gst_init(&argc, &argv);
    for (const auto &row : kComposed)
        g_test_add_data_func((std::string("/session/recording-kinds/composed/") + row.name).c_str(), &row,
                             test_composed);
    for (const auto &row : kTracks)
        g_test_add_data_func((std::string("/session/recording-kinds/tracks/") + row.name).c_str(), &row, test_tracks);
    g_test_add_func("/session/recording-kinds/away-and-back", test_away_and_back);
    return g_test_run();
}
