// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who stands where: pure geometry, no GStreamer, no pixels, no clock. Reentrant.

#pragma once

#include "livecompositor/geometry.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace livecompositor {

/// One input as the layout sees it.
struct Member {
    unsigned index = 0;    ///< N of pad video_N
    int priority = 0;      ///< higher goes first
    unsigned pin_rank = 0; ///< 0 = not pinned; else a smaller number was pinned earlier
    bool screen = false;   ///< a screen share
    bool speaker = false;  ///< the active speaker
    Fit fit = Fit::Auto;   ///< the pad's own wish; a region's wish goes before it
};

struct Tile {
    size_t member = 0; ///< position in the members given
    Rect rect;         ///< even, inside the canvas
    int radius = 0;    ///< of the corners, px
    Fit fit = Fit::Auto;
    bool operator==(const Tile &) const = default;
};

/// What a region of a custom layout shows.
enum class Show { Any, Screen, Speaker, Pinned, Pad };

/// A part of the canvas, in fractions of it.
struct Region {
    double x = 0;
    double y = 0;
    double width = 1;
    double height = 1;
    Show show = Show::Any;
    unsigned pad = 0;          ///< for Show::Pad
    int max = 1;               ///< so many inputs share the region as a grid
    std::optional<int> radius; ///< px of a canvas 720 high; nothing = the layout's own
    Fit fit = Fit::Auto;
};

struct CustomLayout {
    std::vector<Region> regions; ///< drawn in this order; each input stands in at most one
};

enum class LayoutKind { Grid, Sidebar, Spotlight, Pip, Custom };

/// Whom sidebar, spotlight and pip put into the main area when somebody is pinned and somebody else speaks.
enum class Priority { Speaker, Pin };

struct LayoutSpec {
    LayoutKind kind = LayoutKind::Grid;
    Priority priority = Priority::Speaker;
    int grid_size = 25; ///< at most so many tiles
    std::shared_ptr<const CustomLayout> custom;
};

constexpr int kMaxTiles = 25;

/// The tiles in drawing order. With one tile it is the whole canvas. Members without a tile are not shown.
std::vector<Tile> arrange(const LayoutSpec &spec, Size canvas, std::span<const Member> members);

/// n equal tiles in `area`, as large as possible, the last row centred. Their shape is kept between `tallest` and
/// `widest` (width / height).
std::vector<Rect> grid_rects(const Rect &area, int n, int gap, double tallest, double widest);

} // namespace livecompositor
