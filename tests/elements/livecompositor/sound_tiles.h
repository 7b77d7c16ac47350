// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/layout.h"

#include <glib.h>

#include <algorithm>

namespace livecompositor {

/// On even pixels inside the canvas, with corners that fit, everybody once, none over another. Of insets
/// (`may_overlap_first`) all may lie over the first tile.
inline void assert_sound(const std::vector<Tile> &tiles, Size canvas, bool may_overlap_first) {
    const Rect whole{0, 0, canvas.w, canvas.h};
    for (size_t i = 0; i < tiles.size(); ++i) {
        const Rect &r = tiles[i].rect;
        g_assert_cmpint(r.w, >=, 2);
        g_assert_cmpint(r.h, >=, 2);
        g_assert_true(whole.contains(r));
        g_assert_cmpint((r.x | r.y | r.w | r.h | tiles[i].radius) & 1, ==, 0);
        g_assert_cmpint(2 * tiles[i].radius, <=, std::min(r.w, r.h));
        for (size_t j = 0; j < i; ++j) {
            g_assert_true(tiles[i].member != tiles[j].member);
            g_assert_true((may_overlap_first && j == 0) || !r.overlaps(tiles[j].rect));
        }
    }
}

} // namespace livecompositor
