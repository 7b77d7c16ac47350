// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Where the tiles of every layout are, for every count. test_geometry FILE compares with the table in FILE; with
// --print it writes that table as it is now.

#include "livecompositor/layout.h"
#include "sound_tiles.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <sstream>

using namespace livecompositor;

namespace {

std::string golden_file;

std::vector<Member> people(int n) {
    std::vector<Member> members;
    for (int i = 0; i < n; ++i)
        members.push_back({.index = static_cast<unsigned>(i)});
    return members;
}

void share(std::vector<Member> &members) {
    members.back().screen = true;
}
void pin_all(std::vector<Member> &members) {
    for (Member &m : members)
        m.pin_rank = m.index + 1;
}

struct Case {
    const char *name;
    LayoutKind kind;
    void (*prepare)(std::vector<Member> &members);
};
const std::array<Case, 7> kCases{{{"grid", LayoutKind::Grid, nullptr},
                                  {"grid+share", LayoutKind::Grid, share},
                                  {"sidebar", LayoutKind::Sidebar, nullptr},
                                  {"spotlight+pins", LayoutKind::Spotlight, pin_all},
                                  {"pip", LayoutKind::Pip, nullptr},
                                  {"screen", LayoutKind::Screen, nullptr},
                                  {"screen+share", LayoutKind::Screen, share}}};

std::vector<Tile> tiles_of(const Case &c, Size canvas, int n, const Style &style = {}) {
    auto members = people(n);
    if (c.prepare && n > 0)
        c.prepare(members);
    return arrange({.kind = c.kind, .style = style}, canvas, members);
}

/// Rows of equal tiles: "402x226r14 10:26,438,850 246:26,…" is a size with its radius, then y:x,x,x.
std::string describe(const std::vector<Tile> &tiles) {
    std::ostringstream out;
    const Tile *before = nullptr;
    for (const Tile &tile : tiles) {
        const Rect &r = tile.rect;
        const bool same_size = before && before->rect.size() == r.size() && before->radius == tile.radius;
        if (!same_size)
            out << ' ' << r.w << 'x' << r.h << 'r' << tile.radius;
        if (same_size && before->rect.y == r.y)
            out << ',' << r.x;
        else
            out << ' ' << r.y << ':' << r.x;
        before = &tile;
    }
    return out.str();
}

std::string who_is_where(const std::vector<Tile> &tiles) {
    for (size_t i = 0; i < tiles.size(); ++i)
        if (tiles[i].member != i)
            return " first:" + std::to_string(tiles[0].member);
    return "";
}

std::vector<std::string> table() {
    std::vector<std::string> rows;
    for (const Case &c : kCases)
        for (const Size &canvas : {Size{1280, 720}, Size{720, 1280}})
            for (int n = 1; n <= kMaxTiles; ++n) {
                const auto tiles = tiles_of(c, canvas, n);
                rows.push_back(std::string(c.name) + (canvas.w > canvas.h ? " landscape " : " portrait ") +
                               std::to_string(n) + who_is_where(tiles) + " =" + describe(tiles));
            }
    return rows;
}

void test_golden() {
    std::ifstream file(golden_file);
    g_assert_true(file.is_open());
    std::vector<std::string> expected;
    for (std::string line; std::getline(file, line);)
        expected.push_back(line);
    const auto got = table();
    int different = 0;
    for (size_t i = 0; i < std::max(got.size(), expected.size()); ++i) {
        const std::string is = i < got.size() ? got[i] : "", was = i < expected.size() ? expected[i] : "";
        if (is == was)
            continue;
        ++different;
        g_test_message("is:  %s", is.c_str());
        g_test_message("was: %s", was.c_str());
    }
    g_assert_cmpint(different, ==, 0);
}

const std::array<Size, 11> kCanvases{{{1280, 720},
                                      {720, 1280},
                                      {640, 640},
                                      {1280, 960},
                                      {960, 1280},
                                      {854, 480},
                                      {160, 90},
                                      {16, 16},
                                      {7680, 4320},
                                      {7680, 16},
                                      {16, 7680}}};

void test_every_canvas_and_count() {
    for (const Case &c : kCases)
        for (const Size &canvas : kCanvases)
            for (const auto gap : {std::optional<int>(), std::optional(0), std::optional(kMaxGap)})
                for (int n = 0; n <= 30; ++n) {
                    const auto tiles = tiles_of(c, canvas, n, {gap, {}});
                    assert_sound(tiles, canvas, c.kind == LayoutKind::Pip);
                    const int shown = c.kind == LayoutKind::Pip ? std::min(n, 4) : std::min(n, kMaxTiles);
                    const bool tiny = std::min(canvas.w, canvas.h) < 32;
                    if (!tiny)
                        g_assert_cmpuint(tiles.size(), ==, static_cast<size_t>(shown));
                    else if (n > 0)
                        g_assert_cmpuint(tiles.size(), >, 0);
                }
}

/// No other number of columns and no other allowed shape gives tiles that are larger by more than rounding.
void test_no_room_is_wasted() {
    for (const Size &area : {Size{1260, 700}, Size{700, 1260}, Size{600, 600}, Size{270, 700}, Size{7676, 12}})
        for (const double tallest : {3.0 / 4, 4.0 / 3})
            for (int n = 1; n <= kMaxTiles; ++n) {
                const Rect got = grid_rects({0, 0, area.w, area.h}, n, 2, tallest, 16.0 / 9).front();
                const double limit = (got.w + 4.0) * (got.h + 4.0);
                for (int columns = 1; columns <= n; ++columns)
                    for (double shape = tallest; shape <= 16.0 / 9; shape += 0.01) {
                        const int rows = (n + columns - 1) / columns;
                        const double w = std::min((area.w - 2.0 * (columns - 1)) / columns,
                                                  (area.h - 2.0 * (rows - 1)) / rows * shape);
                        g_assert_cmpfloat(w * w / shape, <=, limit);
                    }
            }
}

void test_rows_are_centred() {
    for (const Size &canvas : {Size{1280, 720}, Size{720, 1280}, Size{640, 640}})
        for (int n = 2; n <= kMaxTiles; ++n) {
            const auto tiles = tiles_of(kCases[0], canvas, n);
            const int top = tiles.front().rect.y, bottom = canvas.h - tiles.back().rect.bottom();
            g_assert_cmpint(std::abs(top - bottom), <=, 2);
            for (size_t i = 0; i < tiles.size();) {
                size_t end = i;
                while (end < tiles.size() && tiles[end].rect.y == tiles[i].rect.y)
                    ++end;
                g_assert_cmpint(std::abs(tiles[i].rect.x - (canvas.w - tiles[end - 1].rect.right())), <=, 2);
                i = end;
            }
        }
}

void test_grid_shapes() {
    for (int n = 2; n <= kMaxTiles; ++n) {
        const auto tiles = tiles_of(kCases[0], {1280, 720}, n);
        const double shape = tiles[0].rect.w / double(tiles[0].rect.h);
        g_assert_cmpfloat(shape, >, 4.0 / 3 - 0.04);
        g_assert_cmpfloat(shape, <, 16.0 / 9 + 0.04);
        for (const Tile &tile : tiles)
            g_assert_true(tile.rect.size() == tiles[0].rect.size());
    }
}

struct StyleCase {
    const char *name;
    Size canvas;
    Style style;
    Rect first;
    Rect second;
    int radius;
};
const StyleCase kStyles[] = {
    {"own", {1280, 720}, {}, {10, 126, 624, 468}, {644, 126, 624, 468}, 14},
    {"none", {1280, 720}, {0, 0}, {0, 120, 640, 480}, {640, 120, 640, 480}, 0},
    {"wide", {1280, 720}, {40, 30}, {40, 142, 580, 434}, {660, 142, 580, 434}, 30},
    {"wide at 1080", {1920, 1080}, {40, 30}, {60, 214, 870, 652}, {990, 214, 870, 652}, 44},
    {"round", {1280, 720}, {10, 360}, {10, 126, 624, 468}, {644, 126, 624, 468}, 234},
};

void test_gap_and_radius() {
    for (const StyleCase &c : kStyles) {
        const auto tiles = tiles_of(kCases[0], c.canvas, 2, c.style);
        if (tiles[0].rect != c.first || tiles[1].rect != c.second || tiles[0].radius != c.radius)
            g_error("%s:%s", c.name, describe(tiles).c_str());
    }
    // Where the gap would leave no room for the tiles it is narrowed.
    const auto crowd = tiles_of(kCases[0], {1280, 720}, 25, {kMaxGap, {}});
    g_assert_cmpint(crowd[0].rect.w, >, 50);
}

} // namespace

int main(int argc, char **argv) {
    if (argc > 1 && std::string(argv[1]) == "--print") {
        for (const std::string &row : table())
            std::cout << row << '\n';
        return 0;
    }
    g_test_init(&argc, &argv, nullptr);
    golden_file = argc > 1 ? argv[1] : "";
    g_test_add_func("/geometry/golden", test_golden);
    g_test_add_func("/geometry/every-canvas-and-count", test_every_canvas_and_count);
    g_test_add_func("/geometry/no-room-is-wasted", test_no_room_is_wasted);
    g_test_add_func("/geometry/rows-are-centred", test_rows_are_centred);
    g_test_add_func("/geometry/grid-shapes", test_grid_shapes);
    g_test_add_func("/geometry/gap-and-radius", test_gap_and_radius);
    return g_test_run();
}
