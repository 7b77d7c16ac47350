// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "hls_stream.h"

#include "ffmpeg.h"
#include "playlist.h"

#include <glib.h>

#include <algorithm>

namespace test {

namespace {

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

std::vector<std::string> write_playlists(const std::string &directory, rostrum::hls::Timeline timeline) {
    using namespace rostrum::hls;
    timeline.ended = true;
    const std::string name = file_of(View::Vod);
    std::vector<std::string> paths{directory + "/" + name};
    write_file(paths[0], multivariant_playlist(timeline, View::Vod));
    for (const auto &rendition : timeline.renditions) {
        paths.push_back(directory + "/" + rendition.name + "/" + name);
        write_file(paths.back(), media_playlist(timeline, rendition, {View::Vod, 0, false}));
    }
    return paths;
}

std::vector<double> packet_times(const std::string &path, const char *stream) {
    std::vector<double> times;
    for (const auto &packet : packets_of(path, stream))
        times.push_back(packet.time);
    return times;
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
