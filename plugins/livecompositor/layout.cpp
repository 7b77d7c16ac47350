// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/layout.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace livecompositor {

namespace {

constexpr double kWide = 16.0 / 9;         // shape of cameras and screens
constexpr double kLandscapeTall = 4.0 / 3; // a wide camera loses at most a quarter
constexpr double kPortraitTall = 3.0 / 4;
constexpr double kStrip = 0.22; // of the canvas' longer side
constexpr double kPortraitStrip = 0.26;
constexpr double kInset = 0.24; // width of a picture in picture
constexpr double kPortraitInset = 0.32;
constexpr int kMaxInsets = 3;
constexpr int kDesignHeight = 720; // the canvas for which px values are given

using Order = std::vector<size_t>; // positions in the members

/// Sizes that follow the canvas.
struct Style {
    int gap;
    int radius;
    bool portrait;
    double tallest;

    explicit Style(Size canvas)
        : gap(std::max(2, even(std::min(canvas.w, canvas.h) / 72.0))), radius(std::max(4, even(gap * 1.4))),
          portrait(canvas.h > canvas.w), tallest(portrait ? kPortraitTall : kLandscapeTall) {}
};

/// Pinned first (in order of pinning), then by priority, then by pad number.
Order ordered(std::span<const Member> members) {
    Order order(members.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        const Member &m = members[a], &n = members[b];
        if (m.pin_rank != n.pin_rank)
            return m.pin_rank - 1 < n.pin_rank - 1; // unsigned: 0 (not pinned) goes last
        return m.priority != n.priority ? m.priority > n.priority : m.index < n.index;
    });
    return order;
}

template <class Predicate> std::optional<size_t> first(const Order &order, Predicate predicate) {
    const auto it = std::find_if(order.begin(), order.end(), predicate);
    return it == order.end() ? std::nullopt : std::optional(*it);
}

Order without(const Order &order, size_t one) {
    Order rest;
    std::copy_if(order.begin(), order.end(), std::back_inserter(rest), [one](size_t i) { return i != one; });
    return rest;
}

/// Who is in the main area and who beside it.
struct Cast {
    Order main;
    Order strip;
};

class Casting {
  public:
    Casting(const LayoutSpec &spec, std::span<const Member> members)
        : spec_(spec), members_(members), order_(ordered(members)),
          limit_(static_cast<size_t>(std::clamp(spec.grid_size, 1, kMaxTiles))) {
        std::copy_if(order_.begin(), order_.end(), std::back_inserter(pinned_),
                     [&](size_t i) { return members[i].pin_rank > 0; });
    }

    const Order &order() const { return order_; }

    Cast grid() const {
        const auto screen = first(order_, is_screen());
        if (!screen)
            return {cut(order_, limit_), {}};
        return {{*screen}, cut(without(order_, *screen), limit_ - 1)};
    }
    Cast sidebar() const { return main_and_rest(pinned_.empty() ? order_ : pinned_, limit_); }
    Cast pip() const { return main_and_rest(order_, kMaxInsets + 1); }
    Cast spotlight() const {
        const Order &stage = pinned_.empty() ? order_ : pinned_;
        if (const auto screen = first(stage, is_screen()))
            return {{*screen}, {}};
        const auto speaker = first(order_, is_speaker());
        if (speaker && (spec_.priority == Priority::Speaker || pinned_.empty()))
            return {{*speaker}, {}};
        return {cut(stage, pinned_.empty() ? 1 : limit_), {}};
    }

    /// The one that matters most among `stage`; the speaker may come from outside it.
    size_t star(const Order &stage) const {
        if (const auto screen = first(stage, is_screen()))
            return *screen;
        const auto speaker = first(order_, is_speaker());
        if (speaker && (spec_.priority == Priority::Speaker || pinned_.empty()))
            return *speaker;
        return stage.front();
    }

  private:
    std::function<bool(size_t)> is_screen() const {
        return [this](size_t i) { return members_[i].screen; };
    }
    std::function<bool(size_t)> is_speaker() const {
        return [this](size_t i) { return members_[i].speaker; };
    }

    Cast main_and_rest(const Order &stage, size_t limit) const {
        if (stage.empty())
            return {};
        const size_t main = star(stage);
        return {{main}, cut(without(stage, main), limit - 1)};
    }

    /// The first n, among them the active speaker, whom the audience must see.
    Order cut(Order order, size_t n) const {
        if (order.size() <= n)
            return order;
        const auto speaker = first(order, is_speaker());
        const bool hidden = speaker && std::find(order.begin(), order.begin() + static_cast<ptrdiff_t>(n), *speaker) ==
                                           order.begin() + static_cast<ptrdiff_t>(n);
        order.resize(n);
        if (hidden && n > 0)
            order.back() = *speaker;
        return order;
    }

    const LayoutSpec &spec_;
    std::span<const Member> members_;
    Order order_;
    Order pinned_;
    size_t limit_;
};

void place(std::vector<Tile> &tiles, const Order &who, const std::vector<Rect> &rects, int radius,
           Fit fit = Fit::Auto) {
    for (size_t i = 0; i < who.size() && i < rects.size(); ++i)
        tiles.push_back({who[i], rects[i], radius, fit});
}

Rect inset(const Rect &r, int by) {
    return {r.x + by, r.y + by, r.w - 2 * by, r.h - 2 * by};
}

/// Main area left (or above), strip right (or below).
std::vector<Tile> with_strip(const Cast &cast, Size canvas, std::span<const Member> members, const Style &style) {
    const int gap = style.gap;
    const bool screen = members[cast.main.front()].screen;
    // Upright, a screen share gets what its width needs and leaves the rest to the others.
    const int portrait_side = screen ? canvas.h - even(canvas.w / kWide) - 2 * gap : even(canvas.h * kPortraitStrip);
    const int side = style.portrait ? portrait_side : even(canvas.w * kStrip);
    // The two share one gap, hence the overlap before the inset.
    const Rect main = style.portrait ? Rect{0, 0, canvas.w, canvas.h - side} : Rect{0, 0, canvas.w - side, canvas.h};
    const Rect strip =
        style.portrait ? Rect{0, main.h - gap, canvas.w, side + gap} : Rect{main.w - gap, 0, side + gap, canvas.h};
    std::vector<Tile> tiles;
    const double tallest = screen ? kWide : style.tallest;
    place(tiles, cast.main, grid_rects(inset(main, gap), static_cast<int>(cast.main.size()), gap, tallest, kWide),
          style.radius);
    place(tiles, cast.strip,
          grid_rects(inset(strip, gap), static_cast<int>(cast.strip.size()), gap, kLandscapeTall, kWide), style.radius);
    return tiles;
}

std::vector<Tile> all_main(const Order &who, Size canvas, const Style &style) {
    std::vector<Tile> tiles;
    const Rect whole{0, 0, canvas.w, canvas.h};
    if (who.size() == 1)
        place(tiles, who, {whole}, 0);
    else
        place(tiles, who,
              grid_rects(inset(whole, style.gap), static_cast<int>(who.size()), style.gap, style.tallest, kWide),
              style.radius);
    return tiles;
}

/// Main picture everywhere, the others as a column of insets from the bottom right corner upwards.
std::vector<Tile> with_insets(const Cast &cast, Size canvas, const Style &style) {
    std::vector<Tile> tiles = all_main(cast.main, canvas, style);
    const int margin = 2 * style.gap;
    const int w = even(canvas.w * (style.portrait ? kPortraitInset : kInset));
    const int h = even(w / (style.portrait ? kPortraitTall : kWide));
    Rect r{canvas.w - margin - w, canvas.h - margin - h, w, h};
    for (size_t who : cast.strip) {
        tiles.push_back({who, r, style.radius, Fit::Cover});
        r.y -= h + style.gap;
    }
    return tiles;
}

/// The inputs that `region` takes of those that are left.
Order claim(const Region &region, const Casting &casting, const Order &left, std::span<const Member> members) {
    const auto wanted = [&](size_t i) {
        switch (region.show) {
        case Show::Screen:
            return members[i].screen;
        case Show::Pinned:
            return members[i].pin_rank > 0;
        case Show::Pad:
            return members[i].index == region.pad;
        default:
            return true;
        }
    };
    if (left.empty())
        return {};
    if (region.show == Show::Speaker) {
        const size_t star = casting.star(left);
        return std::find(left.begin(), left.end(), star) == left.end() ? Order{left.front()} : Order{star};
    }
    Order taken;
    for (size_t i : left) {
        if (taken.size() < static_cast<size_t>(region.max) && wanted(i))
            taken.push_back(i);
    }
    return taken;
}

std::vector<Tile> custom(const CustomLayout &layout, const Casting &casting, Size canvas,
                         std::span<const Member> members, const Style &style) {
    std::vector<Tile> tiles;
    Order left = casting.order();
    for (const Region &region : layout.regions) {
        const Order who = claim(region, casting, left, members);
        const int x = even(std::lround(region.x * canvas.w) + 0.0), y = even(std::lround(region.y * canvas.h) + 0.0);
        const Rect area{x, y, even(std::lround((region.x + region.width) * canvas.w) + 0.0) - x,
                        even(std::lround((region.y + region.height) * canvas.h) + 0.0) - y};
        if (who.empty() || area.w < 2 || area.h < 2)
            continue;
        const bool whole = area.w == canvas.w && area.h == canvas.h;
        const int radius = region.radius ? even(*region.radius * std::min(canvas.w, canvas.h) / double{kDesignHeight})
                                         : (whole ? 0 : style.radius);
        const auto rects = region.max == 1
                               ? std::vector<Rect>{area}
                               : grid_rects(area, static_cast<int>(who.size()), style.gap, style.tallest, kWide);
        place(tiles, who, rects, radius, region.fit);
        for (size_t i : who)
            left = without(left, i);
    }
    return tiles;
}

std::vector<Tile> tiles_of(const LayoutSpec &spec, Size canvas, std::span<const Member> members) {
    const Casting casting(spec, members);
    const Style style(canvas);
    if (spec.kind == LayoutKind::Custom && spec.custom)
        return custom(*spec.custom, casting, canvas, members, style);
    if (spec.kind == LayoutKind::Pip)
        return with_insets(casting.pip(), canvas, style);
    const Cast cast = spec.kind == LayoutKind::Sidebar     ? casting.sidebar()
                      : spec.kind == LayoutKind::Spotlight ? casting.spotlight()
                                                           : casting.grid();
    return cast.strip.empty() ? all_main(cast.main, canvas, style) : with_strip(cast, canvas, members, style);
}

} // namespace

std::vector<Rect> grid_rects(const Rect &area, int n, int gap, double tallest, double widest) {
    if (n <= 0)
        return {};
    int columns = 1, w = 0, h = 0;
    for (int c = 1; c <= n; ++c) {
        const int rows = (n + c - 1) / c;
        const double cell_w = (area.w - gap * (c - 1)) / double(c), cell_h = (area.h - gap * (rows - 1)) / double(rows);
        const double shape = std::clamp(cell_w / std::max(1.0, cell_h), tallest, widest);
        const int tile_w = even(std::min(cell_w, cell_h * shape)), tile_h = even(std::min(cell_h, tile_w / shape));
        if (tile_w * tile_h > w * h) {
            columns = c;
            w = tile_w;
            h = tile_h;
        }
    }
    if (w < 2 || h < 2)
        return {};
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
    }
    return tiles;
}

} // namespace livecompositor
