// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The directory of a stream: what a crash leaves at any moment, and what is deleted.

#include "hls_files.h"

#include "playlist.h"
#include "stream.h"
#include "strict_playlist.h"

#include <glib/gstdio.h>

#include <filesystem>
#include <fstream>
#include <iterator>

using namespace rostrum::hls;
using rostrum::session::DiskError;
using rostrum::session::HlsFiles;
using rostrum::session::HlsSetup;
using test::kMs;

namespace {

namespace fs = std::filesystem;

struct Directory {
    Directory() {
        g_autofree char *made = g_dir_make_tmp("rostrum-hls-XXXXXX", nullptr);
        path = made;
    }
    ~Directory() { fs::remove_all(path); }
    std::string path;
};

HlsSetup setup(const std::string &directory, unsigned dvr_ms = 0, bool keep = true) {
    return {directory, {{"main", 4'000'000, 2'700'000}, {"360p", 1'000'000, 750'000}}, true, test::kStartMs, dvr_ms,
            keep};
}

/// As the thread of the session process does.
void run(HlsFiles &files, int64_t seconds) {
    Packager packager(files.next_generations(), true, true, files.timeline().complete(), files);
    packager.set_video(0, test::video_track(1280, 720));
    packager.set_video(1, test::video_track(640, 360));
    packager.set_audio(test::audio_track());
    test::Feeder feeder(packager, 2, 700 * kMs);
    feeder.run_to(seconds * 1000 * kMs + 100 * kMs);
}

std::string contents(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

Timeline read(const std::string &directory) {
    Timeline timeline;
    g_assert_true(LineReader().feed(contents(directory + "/journal"), timeline));
    return timeline;
}

void assert_valid(const Timeline &timeline, const Timeline *before) {
    for (size_t i = 0; i < timeline.renditions.size(); ++i) {
        const auto now = test::read_playlist(media_playlist(timeline, timeline.renditions[i], {}));
        for (const auto &error : now.errors)
            g_test_message("%s", error.c_str());
        g_assert_true(now.errors.empty());
        if (!before || before->complete() == 0)
            continue;
        const auto was = test::read_playlist(media_playlist(*before, before->renditions[i], {}));
        const auto errors = test::update_errors(was, now);
        for (const auto &error : errors)
            g_test_message("%s", error.c_str());
        g_assert_true(errors.empty());
    }
}

/// Every segment holds what its line says, and its rendition's others are as many.
void assert_whole(const std::string &directory, const Timeline &timeline) {
    for (const auto &rendition : timeline.renditions) {
        g_assert_cmpuint(rendition.segments.size(), >=, timeline.complete());
        for (uint64_t i = timeline.kept_from; i < rendition.segments.size(); ++i)
            if (rendition.segments[i].bytes > 0)
                g_assert_cmpuint(fs::file_size(directory + "/" + rendition.name + "/" + segment_name(i)), >=,
                                 rendition.segments[i].bytes);
        for (unsigned generation = 0; generation < rendition.maps.size(); ++generation)
            g_assert_true(fs::exists(directory + "/" + rendition.name + "/" + init_name(generation)));
    }
}

/// The journal ends anywhere, in the middle of a line too: the next process goes on, and nothing that players have seen
/// changes.
void test_killed_anywhere() {
    Directory whole;
    {
        HlsFiles files(setup(whole.path + "/h"));
        run(files, 7);
    }
    const std::string journal = contents(whole.path + "/h/journal");
    const auto step = g_test_slow() ? 1 : std::max<size_t>(1, journal.size() / 60);
    for (size_t size = 0; size <= journal.size(); size += step) {
        Directory torn;
        const std::string directory = torn.path + "/h";
        fs::copy(whole.path + "/h", directory, fs::copy_options::recursive);
        fs::resize_file(directory + "/journal", size);
        Timeline before;
        LineReader().feed(std::string_view(journal).substr(0, size), before);
        {
            HlsFiles files(setup(directory));
            run(files, 7);
        }
        const Timeline after = read(directory);
        g_assert_cmpuint(after.complete(), >=, before.complete() + 2);
        assert_valid(after, &before);
        assert_whole(directory, after);
        unsigned breaks = 0;
        for (const auto &segment : after.renditions[0].segments)
            breaks += segment.discontinuity;
        g_assert_cmpuint(breaks, ==, before.complete() > 0);
    }
}

void test_window() {
    Directory directory;
    HlsFiles files(setup(directory.path, 12'000, false));
    run(files, 61);
    const uint64_t complete = files.timeline().complete();
    g_assert_cmpuint(complete, >=, 29);
    g_assert_cmpuint(files.timeline().kept_from, ==, complete - 12);
    for (const char *rendition : {"main", "360p"})
        for (uint64_t i = 0; i < complete; ++i)
            g_assert_true(fs::exists(directory.path + "/" + rendition + "/" + segment_name(i)) ==
                          (i >= files.timeline().kept_from));
    assert_valid(files.timeline(), nullptr);
}

void test_kept() {
    Directory directory;
    HlsFiles files(setup(directory.path, 12'000, true));
    run(files, 61);
    g_assert_cmpuint(files.timeline().kept_from, ==, 0);
    files.end();
    const auto film = test::read_playlist(
        media_playlist(files.timeline(), files.timeline().renditions[0], {View::Vod, 12'000, false}));
    g_assert_true(film.errors.empty());
    g_assert_cmpuint(film.segments.size(), ==, files.timeline().complete());
}

void assert_refused(const HlsSetup &wanted) {
    bool refused = false;
    try {
        HlsFiles files(wanted);
    } catch (const DiskError &error) {
        g_test_message("%s", error.what());
        refused = true;
    }
    g_assert_true(refused);
}

/// A stream that is over is not gone on with, nor one of other renditions, nor a journal that is none.
void test_refused() {
    Directory directory;
    {
        HlsFiles files(setup(directory.path));
        run(files, 5);
    }
    HlsSetup other = setup(directory.path);
    other.renditions.pop_back();
    assert_refused(other);
    {
        HlsFiles files(setup(directory.path));
        files.end();
    }
    assert_refused(setup(directory.path));
    std::ofstream(directory.path + "/journal", std::ios::app) << "nonsense\n";
    assert_refused(setup(directory.path));
    assert_refused(setup("/dev/full/h"));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/hls/files/killed-anywhere", test_killed_anywhere);
    g_test_add_func("/hls/files/window", test_window);
    g_test_add_func("/hls/files/kept", test_kept);
    g_test_add_func("/hls/files/refused", test_refused);
    return g_test_run();
}
