// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// HLS: the branches that its segments are written from. Pure.

#pragma once

#include "plan.h"

namespace rostrum::session {

/// What an HLS stream is offered as, best first.
struct HlsRendition {
    std::string name;   // in URLs and on disk
    std::string encode; // branch; "" = sound only
    unsigned video_kbps;

    /// Bit/s of the heaviest segment and of all, sound and packaging included.
    unsigned peak_bps() const;
    unsigned average_bps() const;
};
std::vector<HlsRendition> hls_renditions(const Hls &hls, const Composition &composition);

std::string hls_branch(const std::string &hls);
/// Its segments are written from this branch.
Branch hls_output(const Hls &wanted, const Composition &composition);
/// Of the room's composition there is one, or one with a picture, which is to be there in smaller sizes too.
bool wants_hls(const State &state);
bool wants_hls_pictures(const State &state);
/// Those of the room's composition: the branches, and what feeds them, the encodes that viewers get.
void add_hls(const State &state, Graph &graph);
void link_hls(const State &state, Graph &graph);

} // namespace rostrum::session
