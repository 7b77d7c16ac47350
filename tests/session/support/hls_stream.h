// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// An HLS stream on disk, read back.

#pragma once

#include "journal.h"

#include <string>
#include <vector>

namespace test {

/// The journal; a torn last line is nothing.
rostrum::hls::Timeline read_journal(const std::string &directory);

/// Writes the playlists that `serve` would give of a stream that is over. Their paths, the multivariant one first.
std::vector<std::string> write_playlists(const std::string &directory, rostrum::hls::Timeline timeline);

/// When each packet of a stream ("v:0") is shown, in seconds, in the order of the file.
std::vector<double> packet_times(const std::string &path, const char *stream);

/// Each at least `least` and at most `most` seconds after the one before.
void assert_steady(const std::vector<double> &times, double least, double most);

} // namespace test
