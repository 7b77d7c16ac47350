// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>

namespace livecompositor {

using TimeNs = int64_t; ///< running time of the pipeline, ns

struct Size {
    int w = 0;
    int h = 0;
    bool operator==(const Size &) const = default;
};

struct Rect {
    int x = 0;
    int y = 0;
    int w = 0;
    int h = 0;
    bool operator==(const Rect &) const = default;
    int right() const { return x + w; }
    int bottom() const { return y + h; }
    Size size() const { return {w, h}; }
    bool contains(const Rect &o) const {
        return o.x >= x && o.y >= y && o.right() <= right() && o.bottom() <= bottom();
    }
    bool overlaps(const Rect &o) const { return o.x < right() && x < o.right() && o.y < bottom() && y < o.bottom(); }
};

/// Tiles lie on even pixels, so that the half-size colour planes of I420 need no rounding.
inline int even(int v) {
    return v & ~1;
}
inline int even(double v) {
    return even(static_cast<int>(v));
}

/// How a picture meets a tile of another shape.
enum class Fit {
    Auto,    ///< Cover, unless that would hide more than half of the picture
    Cover,   ///< fill the tile, cut off what is over
    Contain, ///< show everything, fill the rest with the tile's colour
};

} // namespace livecompositor
