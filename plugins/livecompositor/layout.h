// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who stands where: pure geometry, no GStreamer, no pixels, no clock. Reentrant.

#pragma once

#include "livecompositor/geometry.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace livecompositor {

/// One input as the layout sees it.
struct Member {
    unsigned index = 0;      ///< N of pad video_N
    int priority = 0;        ///< higher goes first
    unsigned pin_rank = 0;   ///< 0 = not pinned; else a smaller number was pinned earlier
    bool screen = false;     ///< a screen share
    bool speaker = false;    ///< the active speaker
    Fit fit = Fit::Auto;     ///< the pad's own wish; a region's wish goes before it
    unsigned share_rank = 0; ///< of a screen share: a greater number began later
    std::string_view label = {};
};

struct Tile {
    size_t member = 0; ///< position in the members given
    Rect rect;         ///< even, inside the canvas
    int radius = 0;    ///< of the corners, px
    Fit fit = Fit::Auto;
    bool operator==(const Tile &) const = default;
};

/// Wishes in px of a canvas whose shorter side is 720; nothing = the layout's own.
struct Style {
    std::optional<int> gap;
    std::optional<int> radius; ///< of the corners
};
constexpr int kDesignSide = 720;
constexpr int kMaxGap = 120; // leaves two thirds of the canvas
constexpr int kMaxRadius = 360;

/// px of the design on this canvas, even.
inline int scaled(int px, Size canvas) {
    return even(px * double(canvas.w < canvas.h ? canvas.w : canvas.h) / kDesignSide);
}

/// What a region of a custom layout shows.
enum class Show {
    Any,
    Camera,  ///< no screen share
    Screen,  ///< a screen share
    Main,    ///< one: a screen share, else as Speaker
    Speaker, ///< one camera: who speaks, else who is pinned, else the first
    Pinned,
    Pad,
    Label,
};

/// A part of the canvas, in fractions of it.
struct Region {
    double x = 0;
    double y = 0;
    double width = 1;
    double height = 1;
    Show show = Show::Any;
    unsigned pad = 0;  ///< for Show::Pad
    std::string label; ///< for Show::Label
    int max = 1;       ///< so many inputs share the region as a grid
    Style style;       ///< what is not given is as the layout has it
    Fit fit = Fit::Auto;
    int z = 0; ///< greater ones are drawn over smaller ones, equal ones in order
};

struct CustomLayout {
    std::vector<Region> regions; ///< filled in this order; each input stands in at most one
    Style style;
};

enum class LayoutKind { Grid, Sidebar, Spotlight, Pip, Screen, Custom };

/// Whom sidebar, spotlight and pip put into the main area when somebody is pinned and somebody else speaks.
enum class Priority { Speaker, Pin };

struct LayoutSpec {
    LayoutKind kind = LayoutKind::Grid;
    Priority priority = Priority::Speaker;
    int grid_size = 25; ///< at most so many tiles
    Style style;        ///< a custom layout's own wish goes before it
    std::shared_ptr<const CustomLayout> custom;
};

constexpr int kMaxTiles = 25;

/// The tiles in drawing order. With one tile it is the whole canvas. Members without a tile are not shown.
std::vector<Tile> arrange(const LayoutSpec &spec, Size canvas, std::span<const Member> members);

/// n equal tiles in `area`, as large as possible, rows centred. Their shape is kept between `tallest` and `widest`
/// (width / height). A gap that is too wide for the tiles is narrowed; in an area too small for n tiles there are
/// fewer.
std::vector<Rect> grid_rects(const Rect &area, int n, int gap, double tallest, double widest);

} // namespace livecompositor
