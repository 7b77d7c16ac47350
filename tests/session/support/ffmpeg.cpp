// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "ffmpeg.h"

#include <glib.h>

#include <cstdlib>
#include <sstream>

namespace test {

namespace {

struct Said {
    std::string out, err;
    bool well = false;
};

Said run(std::vector<std::string> words) {
    std::vector<char *> argv;
    for (auto &word : words)
        argv.push_back(word.data());
    argv.push_back(nullptr);
    g_autofree char *out = nullptr;
    g_autofree char *err = nullptr;
    g_autoptr(GError) error = nullptr;
    int status = 0;
    g_spawn_sync(nullptr, argv.data(), nullptr, G_SPAWN_SEARCH_PATH, nullptr, nullptr, &out, &err, &status, &error);
    g_assert_no_error(error);
    return {out ? out : "", err ? err : "", g_spawn_check_wait_status(status, nullptr) != FALSE};
}

} // namespace

void assert_decodes(const std::string &path) {
    const std::string codecs = codecs_of(path);
    // The times are left as they are: rounded to a rate that ffmpeg guesses, two pictures could meet.
    const Said said = run({"ffmpeg", "-nostdin", "-v", "error", "-xerror", "-i", path, "-fps_mode", "passthrough",
                           "-enc_time_base", "-1", "-f", "null", "-"});
    if (codecs.empty() || !said.well || !said.err.empty())
        g_error("%s (%s): %s", path.c_str(), codecs.c_str(), said.err.c_str());
}

std::string codecs_of(const std::string &path) {
    std::istringstream lines(
        run({"ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", path}).out);
    std::string codecs;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty())
            codecs += (codecs.empty() ? "" : " ") + line;
    return codecs;
}

std::vector<Packet> packets_of(const std::string &path, const char *stream) {
    std::istringstream lines(run({"ffprobe", "-v", "error", "-select_streams", stream, "-show_entries",
                                  "packet=pts_time,duration_time,flags", "-of", "csv=p=0", path})
                                 .out);
    std::vector<Packet> packets;
    for (std::string line; std::getline(lines, line);) {
        std::istringstream fields(line);
        std::string time, duration, flags;
        std::getline(fields, time, ',');
        std::getline(fields, duration, ',');
        std::getline(fields, flags, ',');
        if (!time.empty())
            packets.push_back({std::atof(time.c_str()), std::atof(duration.c_str()), flags[0] == 'K'});
    }
    return packets;
}

} // namespace test
