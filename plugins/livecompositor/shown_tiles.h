// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/scene.h"

namespace livecompositor {

/// For how large a picture an input is needed.
struct ShownTile {
    unsigned index = 0; ///< N of video_N
    Size size{0, 0};    ///< px of the canvas; 0x0 = hidden
    Fit fit = Fit::Auto;
    bool muted = false; ///< camera off: the tile shows initials

    bool operator==(const ShownTile &) const = default;
};

/// Every input of the scene, by index. While tiles move, the larger of where they come from and where they go; with a
/// scene that is to follow, the larger of both. Reentrant.
std::vector<ShownTile> shown_tiles(const Scene &scene, const Scene *next, TimeNs time);

/// livecompositor-tiles.
GstStructure *describe(const std::vector<ShownTile> &tiles);

} // namespace livecompositor
