// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What is in a media file, found by decoding it.

#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace test {

struct MediaFile {
    unsigned width = 0, height = 0;
    double video_begin = 0, video_end = 0; // seconds
    double audio_begin = 0, audio_end = 0;
    unsigned frames = 0;
    std::vector<double> flashes, beeps; // when each begins

    double duration() const { return std::max(video_end, audio_end) - std::min(video_begin, audio_begin); }
};

enum class Streams { Both, Video, Audio };

/// Decodes all of it; fails the test when that is not possible.
MediaFile read_media(const std::string &path, Streams streams = Streams::Both);

/// Beep minus its flash, in seconds, for each flash that has a beep within half a second.
std::vector<double> lip_sync(const MediaFile &file);

/// Without the first moments of a host: until its first sender report sound and picture do not know of each other.
inline constexpr double kSettledSeconds = 2.5;
MediaFile settled(MediaFile file);

/// Asserts that pictures came all the time: 30 a second unless the machine is busy, then whole pictures are dropped.
void assert_frame_rate(const MediaFile &file);

} // namespace test
