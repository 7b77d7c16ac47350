// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hls_stream.h"

#include "playlist.h"

#include <glib.h>

#include <cstdlib>
#include <sstream>

namespace test {

namespace {

std::string output_of(std::vector<std::string> words) {
    std::vector<char *> argv;
    for (auto &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    g_autofree char *output = nullptr;
    g_autofree char *errors = nullptr;
    g_autoptr(GError) failure = nullptr;
    int status = 0;
    g_spawn_sync(nullptr, argv.data(), nullptr, G_SPAWN_SEARCH_PATH, nullptr, nullptr, &output, &errors, &status,
                 &failure);
    g_assert_no_error(failure);
    if (*errors || status != 0)
        g_test_message("%s: %.1000s", words.back().c_str(), errors);
    g_assert_true(*errors == '\0');
    g_assert_cmpint(status, ==, 0);
    return output;
}

void write_file(const std::string &path, const std::string &text) {
    g_autoptr(GError) failure = nullptr;
    g_file_set_contents(path.c_str(), text.data(), static_cast<gssize>(text.size()), &failure);
    g_assert_no_error(failure);
}

} // namespace

rostrum::hls::Timeline read_journal(const std::string &directory) {
    g_autofree char *text = nullptr;
    g_autoptr(GError) failure = nullptr;
    g_file_get_contents((directory + "/journal").c_str(), &text, nullptr, &failure);
    g_assert_no_error(failure);
    rostrum::hls::Timeline timeline;
    g_assert_true(rostrum::hls::LineReader().feed(text, timeline));
    return timeline;
}

std::string write_playlists(const std::string &directory, rostrum::hls::Timeline timeline) {
    using namespace rostrum::hls;
    timeline.ended = true;
    const std::string name = file_of(View::Vod);
    for (const auto &rendition : timeline.renditions)
        write_file(directory + "/" + rendition.name + "/" + name,
                   media_playlist(timeline, rendition, {View::Vod, 0, false}));
    write_file(directory + "/" + name, multivariant_playlist(timeline, View::Vod));
    return directory + "/" + name;
}

std::vector<double> packet_times(const std::string &path, const std::string &stream) {
    std::istringstream lines(output_of({"ffprobe", "-v", "error", "-select_streams", stream, "-show_entries",
                                        "packet=pts_time", "-of", "csv=p=0", path}));
    std::vector<double> times;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty())
            times.push_back(std::atof(line.c_str()));
    return times;
}

void assert_decodes(const std::string &path) {
    output_of({"ffmpeg", "-v", "error", "-xerror", "-nostdin", "-i", path, "-map", "0", "-f", "null", "-"});
}

void assert_steady(const std::vector<double> &times, double least, double most) {
    g_assert_cmpuint(times.size(), >, 1);
    double shortest = 1e9, longest = 0;
    for (size_t i = 1; i < times.size(); ++i) {
        shortest = std::min(shortest, times[i] - times[i - 1]);
        longest = std::max(longest, times[i] - times[i - 1]);
    }
    g_test_message("%zu packets from %.3f to %.3f s, %.1f to %.1f ms apart", times.size(), times.front(), times.back(),
                   1000 * shortest, 1000 * longest);
    g_assert_cmpfloat(shortest, >=, least);
    g_assert_cmpfloat(longest, <=, most);
}

} // namespace test
