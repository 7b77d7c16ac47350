// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/layout.h"

#include "livecompositor/casting.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace livecompositor {

namespace {

constexpr double kWide = 16.0 / 9;         // shape of cameras and screens
constexpr double kLandscapeTall = 4.0 / 3; // a wide camera loses at most a quarter
constexpr double kPortraitTall = 3.0 / 4;
constexpr double kInset = 0.24; // width of a picture in picture
constexpr double kPortraitInset = 0.32;
constexpr int kInsetPlaces = 3; // one over the other; each fits, however many are taken

/// Parts of the canvas that stay free for the strip beside or below the main area.
struct Strip {
    double beside;
    double below;
};
constexpr Strip kStrip{0.22, 0.26};
constexpr Strip kScreenStrip{0.16, 0.20}; // small letters need the room more than faces do

/// What a layout looks like on a canvas.
struct Look {
    Size canvas;
    int gap;
    int radius;
    double tallest;

    Look(Size size, const Style &style) : canvas(size), tallest(size.h > size.w ? kPortraitTall : kLandscapeTall) {
        const int own_gap = std::max(2, even(std::min(size.w, size.h) / 72.0));
        gap = style.gap ? scaled(*style.gap, size) : own_gap;
        radius = style.radius ? scaled(*style.radius, size) : std::max(4, even(own_gap * 1.4));
    }
    bool portrait() const { return canvas.h > canvas.w; }
    Rect inner() const { return {gap, gap, canvas.w - 2 * gap, canvas.h - 2 * gap}; }
};

void place(std::vector<Tile> &tiles, const Order &who, const std::vector<Rect> &rects, int radius,
           Fit fit = Fit::Auto) {
    for (size_t i = 0; i < who.size() && i < rects.size(); ++i)
        tiles.push_back({who[i], rects[i], radius, fit});
}

std::vector<Rect> grid_of(const Order &who, const Rect &area, int gap, double tallest) {
    return grid_rects(area, static_cast<int>(who.size()), gap, tallest, kWide);
}

std::vector<Tile> all_main(const Order &who, const Look &look) {
    std::vector<Tile> tiles;
    if (who.size() == 1)
        place(tiles, who, {{0, 0, look.canvas.w, look.canvas.h}}, 0);
    else
        place(tiles, who, grid_of(who, look.inner(), look.gap, look.tallest), look.radius);
    return tiles;
}

/// Two parts of `area` with a gap between them. The first gets all but `share` of the canvas, or what it can use.
std::pair<Rect, Rect> side_by_side(const Rect &area, int gap, int share, double usable) {
    const int strip = std::clamp(std::max(share, area.w - gap - even(usable)), 2, std::max(2, area.w - gap - 2));
    const int main = area.w - gap - strip;
    return {{area.x, area.y, main, area.h}, {area.x + main + gap, area.y, strip, area.h}};
}

Rect turned(const Rect &r) {
    return {r.y, r.x, r.h, r.w};
}

/// One tile in the main area; the strip is on the side that leaves it more room.
std::vector<Tile> with_strip(const Cast &cast, const Strip &share, double tallest, const Look &look) {
    const Rect area = look.inner();
    const auto beside = side_by_side(area, look.gap, even(look.canvas.w * share.beside) - look.gap, area.h * kWide);
    auto below = side_by_side(turned(area), look.gap, even(look.canvas.h * share.below) - look.gap, area.w / tallest);
    below = {turned(below.first), turned(below.second)};
    const auto fill = [&](const std::pair<Rect, Rect> &areas) {
        std::vector<Tile> tiles;
        place(tiles, cast.main, grid_of(cast.main, areas.first, look.gap, tallest), look.radius);
        place(tiles, cast.strip, grid_of(cast.strip, areas.second, look.gap, kLandscapeTall), look.radius);
        return tiles;
    };
    const auto worth = [](const std::vector<Tile> &tiles) {
        return std::pair(tiles.size(), tiles.empty() ? 0 : int64_t{tiles[0].rect.w} * tiles[0].rect.h);
    };
    std::vector<Tile> one = fill(beside), other = fill(below);
    return worth(one) >= worth(other) ? one : other;
}

/// Main picture everywhere, the others as a column of insets from the bottom right corner upwards.
std::vector<Tile> with_insets(const Cast &cast, const Look &look) {
    std::vector<Tile> tiles = all_main(cast.main, look);
    const double shape = look.portrait() ? kPortraitTall : kWide;
    int gap = look.gap;
    const auto room = [&] { return (look.canvas.h - 4 * gap - (kInsetPlaces - 1) * gap) / kInsetPlaces; };
    while (gap > 0 && gap > room() / 2)
        gap = even(gap / 2);
    const double wanted = look.canvas.w * (look.portrait() ? kPortraitInset : kInset);
    const int w = std::max(2, even(std::min(wanted, room() * shape)));
    const int h = std::max(2, even(w / shape));
    Rect r{look.canvas.w - 2 * gap - w, look.canvas.h - 2 * gap - h, w, h};
    for (size_t who : cast.strip) {
        tiles.push_back({who, r, look.radius, Fit::Cover});
        r.y -= h + gap;
    }
    return tiles;
}

Rect area_of(const Region &region, Size canvas) {
    const auto edge = [](double part, int side) { return even(static_cast<int>(std::lround(part * side))); };
    const int x = edge(region.x, canvas.w), y = edge(region.y, canvas.h);
    return {x, y, edge(region.x + region.width, canvas.w) - x, edge(region.y + region.height, canvas.h) - y};
}

std::vector<Tile> in_region(const Region &region, const Order &who, const Look &layout_look) {
    const Size canvas = layout_look.canvas;
    const Rect area = area_of(region, canvas);
    std::vector<Tile> tiles;
    if (area.w < 2 || area.h < 2)
        return tiles;
    const bool whole = area.size() == canvas && who.size() == 1;
    const int gap = region.style.gap ? scaled(*region.style.gap, canvas) : layout_look.gap;
    const int own_radius = whole ? 0 : layout_look.radius;
    const int radius = region.style.radius ? scaled(*region.style.radius, canvas) : own_radius;
    place(tiles, who, region.max == 1 ? std::vector{area} : grid_of(who, area, gap, layout_look.tallest), radius,
          region.fit);
    return tiles;
}

std::vector<Tile> custom(const CustomLayout &layout, const Casting &casting, Size canvas, const Style &style) {
    const Look look(canvas, {layout.style.gap ? layout.style.gap : style.gap,
                             layout.style.radius ? layout.style.radius : style.radius});
    std::vector<std::pair<int, Tile>> by_z;
    Order left = casting.order();
    for (const Region &region : layout.regions) {
        const Order who = casting.claim(region, left);
        for (const Tile &tile : in_region(region, who, look)) {
            by_z.emplace_back(region.z, tile);
            left = without(left, tile.member);
        }
    }
    std::stable_sort(by_z.begin(), by_z.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    std::vector<Tile> tiles;
    for (const auto &[z, tile] : by_z)
        tiles.push_back(tile);
    return tiles;
}

std::vector<Tile> tiles_of(const LayoutSpec &spec, Size canvas, std::span<const Member> members) {
    const Casting casting(spec, members);
    if (spec.kind == LayoutKind::Custom && spec.custom)
        return custom(*spec.custom, casting, canvas, spec.style);
    const Look look(canvas, spec.style);
    const Cast cast = casting.cast();
    if (spec.kind == LayoutKind::Pip)
        return with_insets(cast, look);
    if (cast.strip.empty())
        return all_main(cast.main, look);
    const bool screen = members[cast.main.front()].screen;
    return with_strip(cast, spec.kind == LayoutKind::Screen ? kScreenStrip : kStrip, screen ? kWide : look.tallest,
                      look);
}

/// Columns and tile size of n tiles in an area; w = 0 when they do not fit.
struct Cells {
    int columns = 1;
    int w = 0;
    int h = 0;
};

Cells largest_cells(Size area, int n, int gap, double tallest, double widest) {
    Cells best;
    for (int columns = 1; columns <= n; ++columns) {
        const int rows = (n + columns - 1) / columns;
        const double cell_w = (area.w - gap * (columns - 1)) / double(columns);
        const double cell_h = (area.h - gap * (rows - 1)) / double(rows);
        if (cell_w < 2 || cell_h < 2)
            continue;
        const double wide = std::min(cell_w, cell_h * widest), high = std::min(cell_h, wide / tallest);
        const int w = std::max(2, even(wide)), h = std::max(2, even(high));
        if (int64_t{w} * h > int64_t{best.w} * best.h)
            best = {columns, w, h};
    }
    return best;
}

} // namespace

std::vector<Rect> grid_rects(const Rect &area, int n, int gap, double tallest, double widest) {
    Cells cells;
    for (; n > 0; --n) {
        cells = largest_cells(area.size(), n, gap, tallest, widest);
        for (; gap > 0 && gap > std::min(cells.w, cells.h) / 2;
             cells = largest_cells(area.size(), n, gap, tallest, widest))
            gap = even(gap / 2);
        if (cells.w > 0)
            break;
    }
    const auto [columns, w, h] = cells;
    const int rows = (n + columns - 1) / columns;
    const int top = area.y + even((area.h - rows * h - (rows - 1) * gap) / 2);
    std::vector<Rect> rects;
    for (int i = 0; i < n; ++i) {
        const int row = i / columns, in_row = std::min(columns, n - row * columns);
        const int left = area.x + even((area.w - in_row * w - (in_row - 1) * gap) / 2);
        rects.push_back({left + i % columns * (w + gap), top + row * (h + gap), w, h});
    }
    return rects;
}

std::vector<Tile> arrange(const LayoutSpec &spec, Size canvas, std::span<const Member> members) {
    if (members.empty())
        return {};
    std::vector<Tile> tiles = tiles_of(spec, canvas, members);
    for (Tile &tile : tiles) {
        const Member &m = members[tile.member];
        if (tile.fit == Fit::Auto)
            tile.fit = m.fit == Fit::Auto && m.screen ? Fit::Contain : m.fit;
        tile.radius = std::min(tile.radius, even(std::min(tile.rect.w, tile.rect.h) / 2));
    }
    return tiles;
}

} // namespace livecompositor
