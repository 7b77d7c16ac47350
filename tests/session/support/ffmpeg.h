// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What ffmpeg and ffprobe say of a file: players other than the one that wrote it.

#pragma once

#include <string>
#include <vector>

namespace test {

/// Fails the test when ffprobe finds no stream or ffmpeg says a single word while it decodes all of it.
void assert_decodes(const std::string &path);

/// Of the packets of a stream ("v:0", "a:0"), in seconds; empty without that stream.
struct Packet {
    double time = 0, duration = 0;
    bool key = false;
};
std::vector<Packet> packets_of(const std::string &path, const char *stream);

/// Codec names, as "h264 aac".
std::string codecs_of(const std::string &path);

} // namespace test
