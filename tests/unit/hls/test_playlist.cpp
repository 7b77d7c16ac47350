// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Playlists of a stream as it grows: each is read strictly, and held against the one before it.

#include "playlist.h"
#include "stream.h"
#include "strict_playlist.h"

#include <glib.h>

using namespace rostrum::hls;
using test::kMs;

namespace {

void assert_none(const std::vector<std::string> &errors, const std::string &text) {
    for (const auto &error : errors)
        g_test_message("%s", error.c_str());
    if (!errors.empty())
        g_test_message("of\n%s", text.c_str());
    g_assert_true(errors.empty());
}

test::StrictPlaylist read(const std::string &text) {
    test::StrictPlaylist playlist = test::read_playlist(text);
    assert_none(playlist.errors, text);
    return playlist;
}

/// Two renditions, watched line by line.
struct Watched {
    explicit Watched(uint32_t window_ms = 0) : dvr_ms(window_ms) {
        stream.line(rendition_line("v720", 4'000'000, 2'700'000));
        stream.line(rendition_line("v360", 1'000'000, 750'000));
        stream.after_line = [this] { look(); };
        restart(0);
    }

    void restart(uint64_t sequence) {
        packager = std::make_unique<Packager>(std::vector<unsigned>(2, sequence > 0), true, true, sequence, stream);
        packager->set_video(0, test::video_track(1280, 720));
        packager->set_video(1, test::video_track(640, 360));
        packager->set_audio(test::audio_track());
        feeder = std::make_unique<test::Feeder>(*packager, 2, 700 * kMs);
    }

    test::StrictPlaylist playlist(size_t rendition, View view, bool skip = false) const {
        return read(media_playlist(stream.timeline, stream.timeline.renditions[rendition], {view, dvr_ms, skip}));
    }

    void look() {
        for (const View view : {View::Live, View::Dvr})
            for (size_t i = 0; i < 2; ++i)
                for (const bool skip : {false, true}) {
                    const auto now = playlist(i, view, skip);
                    if (!skip) {
                        auto &before = last[{static_cast<int>(view), i}];
                        if (before.target_duration > 0)
                            assert_none(test::update_errors(before, now), "");
                        before = now;
                    }
                    ++looks;
                }
    }

    void end() {
        packager->finish();
        stream.line(end_line());
    }

    test::Stream stream;
    const uint32_t dvr_ms;
    std::unique_ptr<Packager> packager;
    std::unique_ptr<test::Feeder> feeder;
    std::map<std::pair<int, size_t>, test::StrictPlaylist> last;
    unsigned looks = 0;
};

void test_grows() {
    Watched watched;
    watched.feeder->run_to(39'900 * kMs);
    g_assert_cmpuint(watched.looks, >, 1000);

    const auto dvr = watched.playlist(0, View::Dvr), live = watched.playlist(0, View::Live);
    g_assert_cmpuint(dvr.media_sequence, ==, 0);
    g_assert_cmpuint(dvr.end_sequence(), ==, 18);
    g_assert_cmpuint(live.media_sequence, ==, 12);
    g_assert_cmpuint(dvr.segments.back().parts.size(), ==, 5); // sound comes after its picture
    g_assert_cmpstr(dvr.preload_hint.at("URI").data(), ==, "s18.5.m4s");
    g_assert_cmpuint(dvr.reports.size(), ==, 1);
    g_assert_cmpstr(dvr.reports[0].at("URI").data(), ==, "../v360/index.m3u8");
    g_assert_cmpstr(dvr.reports[0].at("LAST-MSN").data(), ==, "18");
    for (const auto &segment : dvr.segments)
        if (!segment.uri.empty())
            g_assert_cmpfloat(segment.duration, >, 1.9999);
    // Two seconds after the first picture's slot, with the date that the pictures have.
    g_assert_cmpstr(dvr.segments[0].date.data(), ==, "2023-11-14T22:13:22.000Z");
    for (size_t i = 0; i < dvr.segments.back().parts.size(); ++i)
        g_assert_true(dvr.segments.back().parts[i].independent == (i == 0));

    const auto delta = watched.playlist(0, View::Dvr, true);
    g_assert_cmpuint(delta.skipped, ==, 12); // the open segment counts for the skip boundary
    g_assert_cmpuint(delta.end_sequence(), ==, 18);
}

void test_end() {
    Watched watched;
    watched.stream.after_line = [] {};
    watched.feeder->run_to(9'100 * kMs);
    watched.end();
    const auto vod = watched.playlist(1, View::Vod);
    g_assert_true(vod.vod && vod.ended);
    g_assert_cmpuint(vod.segments.size(), ==, 4);
    g_assert_cmpfloat(vod.segments.back().duration, >, 1.0);
    g_assert_cmpfloat(vod.segments.back().duration, <, 1.2);
    g_assert_true(watched.playlist(0, View::Dvr).ended);
    g_assert_false(watched.stream.timeline.apply(complete_line(0, 3)));
}

void test_window() {
    Watched watched(20'000);
    watched.stream.after_line = [] {};
    watched.feeder->run_to(60'100 * kMs);
    watched.stream.line(removed_line(10));
    const auto dvr = watched.playlist(0, View::Dvr);
    g_assert_cmpuint(dvr.end_sequence() - dvr.media_sequence, ==, 10);
    watched.end();
    g_assert_cmpuint(watched.playlist(0, View::Vod).media_sequence, ==, 10);
}

/// The process dies in the middle of a segment, and the next one goes on.
void test_restart() {
    Watched watched;
    watched.stream.after_line = [] {};
    watched.feeder->run_to(7'100 * kMs);
    for (size_t i = 0; i < 2; ++i)
        watched.last[{static_cast<int>(View::Dvr), i}] = watched.playlist(i, View::Dvr);
    watched.stream.after_line = [&watched] {
        for (size_t i = 0; i < 2; ++i) {
            auto &before = watched.last[{static_cast<int>(View::Dvr), i}];
            const auto now = watched.playlist(i, View::Dvr);
            assert_none(test::update_errors(before, now), "");
            before = now;
        }
    };
    for (size_t i = 0; i < 2; ++i)
        watched.stream.line(complete_line(i, 2));
    watched.restart(3);
    watched.feeder->run_to(6'100 * kMs);
    const auto dvr = watched.playlist(0, View::Dvr);
    g_assert_cmpfloat(dvr.segments[2].duration, <, 1.5);
    g_assert_true(dvr.segments[3].discontinuity);
    g_assert_cmpstr(dvr.segments[3].map.data(), ==, "init1.mp4");
    g_assert_cmpstr(dvr.segments[0].map.data(), ==, "init0.mp4");
    const auto live = watched.playlist(0, View::Live);
    g_assert_cmpuint(live.discontinuity_sequence, ==, 0);
}

/// The picture becomes another one while it runs.
void test_another_size() {
    Watched watched;
    watched.stream.after_line = [] {};
    watched.feeder->run_to(5'000 * kMs);
    watched.packager->set_video(0, test::video_track(854, 480));
    watched.feeder->run_to(30'000 * kMs);
    for (size_t i = 0; i < 2; ++i) {
        const auto dvr = watched.playlist(i, View::Dvr);
        for (size_t at = 0; at < dvr.segments.size(); ++at)
            g_assert_true(dvr.segments[at].discontinuity == (at == 2));
        g_assert_cmpstr(dvr.segments[2].map.data(), ==, i == 0 ? "init1.mp4" : "init0.mp4");
        g_assert_cmpuint(watched.playlist(i, View::Live).discontinuity_sequence, ==, 1);
    }
    g_assert_cmpuint(watched.stream.timeline.renditions[0].maps.back().width, ==, 854);
    const std::string master = multivariant_playlist(watched.stream.timeline, View::Dvr);
    const auto variants = read(master).variants;
    g_assert_cmpuint(variants.size(), ==, 2);
    g_assert_cmpstr(variants[0].attributes.at("RESOLUTION").data(), ==, "854x480");
    g_assert_cmpstr(variants[0].attributes.at("CODECS").data(), ==, "avc1.42c01f,mp4a.40.2");
    g_assert_cmpstr(variants[1].uri.data(), ==, "v360/index.m3u8");
}

/// Nothing comes for five seconds, in one rendition for two more.
void test_hole() {
    Watched watched;
    watched.stream.after_line = [] {};
    watched.feeder->lost = [](size_t rendition, int64_t time_ns) {
        return time_ns > 7'000 * kMs && time_ns < (rendition == 0 ? 12'000 : 14'000) * kMs;
    };
    watched.feeder->silent = [](int64_t time_ns) { return time_ns > 7'000 * kMs && time_ns < 14'000 * kMs; };
    watched.feeder->run_to(20'100 * kMs);
    const auto whole = watched.playlist(0, View::Dvr), poor = watched.playlist(1, View::Dvr);
    g_assert_cmpuint(whole.end_sequence(), ==, poor.end_sequence());
    g_assert_true(whole.segments[3].gap && whole.segments[4].gap && !whole.segments[5].gap);
    g_assert_true(poor.segments[5].gap && !poor.segments[6].gap);
}

void test_audio_only() {
    test::Stream stream;
    stream.line(rendition_line("audio", 160'000, 130'000));
    Packager packager({0}, false, true, 0, stream);
    packager.set_audio(test::audio_track());
    test::Feeder feeder(packager, 0);
    feeder.run_to(9'000 * kMs);
    const auto playlist = read(media_playlist(stream.timeline, stream.timeline.renditions[0], {}));
    g_assert_cmpuint(playlist.segments.size(), ==, 4);
    for (const auto &part : playlist.segments.back().parts)
        g_assert_true(part.independent);
    const auto variants = read(multivariant_playlist(stream.timeline, View::Live)).variants;
    g_assert_true(variants[0].uri == "audio/live.m3u8");
}

struct BadRow {
    const char *name, *from, *to;
};
const BadRow kBad[] = {
    {"no header", "#EXTM3U\n", ""},
    {"no target duration", "#EXT-X-TARGETDURATION:2\n", ""},
    {"target duration below EXTINF", "#EXT-X-TARGETDURATION:2\n", "#EXT-X-TARGETDURATION:1\n"},
    {"no map", "#EXT-X-MAP:URI=\"init0.mp4\"\n", ""},
    {"no part inf", "#EXT-X-PART-INF:PART-TARGET=0.33334\n", ""},
    {"part target below the parts", "PART-TARGET=0.33334", "PART-TARGET=0.3"},
    {"parts below 85 % of the target", "PART-TARGET=0.33334", "PART-TARGET=0.5"},
    {"part hold back too small", "PART-HOLD-BACK=1.00002", "PART-HOLD-BACK=0.5"},
    {"no part hold back", "PART-HOLD-BACK=1.00002,", ""},
    {"hold back too small", "HOLD-BACK=6.0", "HOLD-BACK=5.9"},
    {"skip until too small", "CAN-SKIP-UNTIL=12.0", "CAN-SKIP-UNTIL=10.0"},
    {"an attribute twice", "HOLD-BACK=6.0", "HOLD-BACK=6.0,HOLD-BACK=6.0"},
    {"a quote that does not end", "init0.mp4\"", "init0.mp4"},
    {"an old version", "VERSION:9", "VERSION:5"},
    {"a date that is none", ".000Z", ""},
    {"no hint", "#EXT-X-PRELOAD-HINT", "#X"},
    {"a hint at what is there", "TYPE=PART,URI=\"s3.3.m4s\"", "TYPE=PART,URI=\"s3.0.m4s\""},
    {"a segment twice", "s1.m4s\n", "s0.m4s\n"},
    {"no EXTINF", "#EXTINF:1.99999,\ns1.m4s", "s1.m4s"},
    {"the rest of a URI", "s1.m4s\n", "s1.m4s\ns1b.m4s\n"},
    {"an unknown tag", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-INDEPENDENT-SEGMENT"},
    {"no end of line", "s3.3.m4s\"\n", "s3.3.m4s\""},
};

/// The reader is as strict as it says: each of these is refused.
void test_bad(gconstpointer data) {
    const auto &row = *static_cast<const BadRow *>(data);
    test::Stream stream;
    stream.line(rendition_line("v", 4'000'000, 2'700'000));
    Packager packager({0}, true, true, 0, stream);
    packager.set_video(0, test::video_track(1280, 720));
    packager.set_audio(test::audio_track());
    test::Feeder feeder(packager, 1);
    feeder.run_to(9'100 * kMs);
    std::string text = media_playlist(stream.timeline, stream.timeline.renditions[0], {});
    read(text);
    const size_t at = text.find(row.from);
    if (at == text.npos)
        g_test_message("%s", text.c_str());
    g_assert_true(at != text.npos);
    text.replace(at, strlen(row.from), row.to);
    g_assert_false(test::read_playlist(text).errors.empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/hls/playlist/grows", test_grows);
    g_test_add_func("/hls/playlist/end", test_end);
    g_test_add_func("/hls/playlist/window", test_window);
    g_test_add_func("/hls/playlist/restart", test_restart);
    g_test_add_func("/hls/playlist/another-size", test_another_size);
    g_test_add_func("/hls/playlist/hole", test_hole);
    g_test_add_func("/hls/playlist/audio-only", test_audio_only);
    for (const auto &row : kBad)
        g_test_add_data_func((std::string("/hls/playlist/refused/") + row.name).c_str(), &row, test_bad);
    return g_test_run();
}
