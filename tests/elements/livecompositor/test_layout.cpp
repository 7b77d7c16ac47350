// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Geometry of every layout for every count, and who stands where. No GStreamer.

#include "livecompositor/layout.h"
#include "livecompositor/settings.h"

#include <glib.h>

#include <algorithm>
#include <array>

using namespace livecompositor;

namespace {

std::vector<Member> people(int n) {
    std::vector<Member> members;
    for (int i = 0; i < n; ++i)
        members.push_back({.index = static_cast<unsigned>(i)});
    return members;
}

LayoutSpec spec(LayoutKind kind, Priority priority = Priority::Speaker) {
    return {.kind = kind, .priority = priority};
}

std::vector<size_t> who(const std::vector<Tile> &tiles) {
    std::vector<size_t> members;
    for (const Tile &tile : tiles)
        members.push_back(tile.member);
    return members;
}

void assert_who(const std::vector<Tile> &tiles, std::vector<size_t> expected) {
    const auto got = who(tiles);
    g_assert_cmpmem(got.data(), got.size() * sizeof(size_t), expected.data(), expected.size() * sizeof(size_t));
}

void assert_text(const std::string &got, const char *expected) {
    g_assert_cmpstr(got.c_str(), ==, expected);
}
void assert_complaint(const std::string &got) {
    g_assert_cmpuint(got.size(), >, 0);
}

void assert_rect(const Rect &r, const Rect &e) {
    g_assert_cmpint(r.x, ==, e.x);
    g_assert_cmpint(r.y, ==, e.y);
    g_assert_cmpint(r.w, ==, e.w);
    g_assert_cmpint(r.h, ==, e.h);
}

void assert_sound(const std::vector<Tile> &tiles, Size canvas, bool may_overlap) {
    const Rect whole{0, 0, canvas.w, canvas.h};
    for (size_t i = 0; i < tiles.size(); ++i) {
        const Rect &r = tiles[i].rect;
        g_assert_cmpint(r.w, >=, 2);
        g_assert_cmpint(r.h, >=, 2);
        g_assert_true(whole.contains(r));
        g_assert_cmpint((r.x | r.y | r.w | r.h) & 1, ==, 0);
        for (size_t j = 0; j < i; ++j) {
            g_assert_true(tiles[i].member != tiles[j].member);
            g_assert_true(may_overlap || !r.overlaps(tiles[j].rect));
        }
    }
}

struct Golden {
    const char *name;
    Size canvas;
    int count;
    Rect first;
    Rect last;
};

// One gap is 10 px at 720 lines.
const Golden kGrid[] = {
    {"1 of 1280x720", {1280, 720}, 1, {0, 0, 1280, 720}, {0, 0, 1280, 720}},
    {"2 of 1280x720", {1280, 720}, 2, {10, 126, 624, 468}, {644, 126, 624, 468}},
    {"3 of 1280x720", {1280, 720}, 3, {22, 10, 612, 344}, {334, 364, 612, 344}},
    {"4 of 1280x720", {1280, 720}, 4, {22, 10, 612, 344}, {644, 364, 612, 344}},
    {"5 of 1280x720", {1280, 720}, 5, {12, 46, 412, 308}, {644, 364, 412, 308}},
    {"6 of 1280x720", {1280, 720}, 6, {12, 46, 412, 308}, {856, 364, 412, 308}},
    {"7 of 1280x720", {1280, 720}, 7, {26, 10, 402, 226}, {438, 482, 402, 226}},
    {"9 of 1280x720", {1280, 720}, 9, {26, 10, 402, 226}, {850, 482, 402, 226}},
    {"25 of 1280x720", {1280, 720}, 25, {34, 14, 234, 130}, {1010, 574, 234, 130}},
    {"1 of 720x1280", {720, 1280}, 1, {0, 0, 720, 1280}, {0, 0, 720, 1280}},
    {"2 of 720x1280", {720, 1280}, 2, {10, 10, 700, 624}, {10, 644, 700, 624}},
    {"3 of 720x1280", {720, 1280}, 3, {10, 12, 700, 412}, {10, 856, 700, 412}},
    {"4 of 720x1280", {720, 1280}, 4, {86, 12, 546, 306}, {86, 960, 546, 306}},
    {"5 of 720x1280", {720, 1280}, 5, {10, 12, 344, 412}, {188, 856, 344, 412}},
    {"6 of 720x1280", {720, 1280}, 6, {10, 12, 344, 412}, {364, 856, 344, 412}},
    {"7 of 720x1280", {720, 1280}, 7, {10, 12, 344, 306}, {188, 960, 344, 306}},
    {"9 of 720x1280", {720, 1280}, 9, {10, 14, 344, 242}, {188, 1022, 344, 242}},
    {"25 of 720x1280", {720, 1280}, 25, {10, 14, 226, 130}, {246, 1134, 226, 130}},
    {"4 of 1920x1080", {1920, 1080}, 4, {30, 14, 922, 518}, {966, 546, 922, 518}},
    {"9 of 1920x1080", {1920, 1080}, 9, {36, 16, 606, 340}, {1276, 724, 606, 340}},
};

void test_grid_golden() {
    for (const Golden &g : kGrid) {
        const auto tiles = arrange(spec(LayoutKind::Grid), g.canvas, people(g.count));
        g_test_message("%s", g.name);
        g_assert_cmpuint(tiles.size(), ==, static_cast<size_t>(g.count));
        assert_rect(tiles.front().rect, g.first);
        assert_rect(tiles.back().rect, g.last);
    }
}

void test_every_layout_and_count() {
    const std::array<Size, 5> canvases{{{1280, 720}, {720, 1280}, {854, 480}, {640, 640}, {160, 90}}};
    for (LayoutKind kind : {LayoutKind::Grid, LayoutKind::Sidebar, LayoutKind::Spotlight, LayoutKind::Pip}) {
        for (const Size &canvas : canvases) {
            for (int n = 0; n <= 30; ++n) {
                auto members = people(n);
                assert_sound(arrange(spec(kind), canvas, members), canvas, kind == LayoutKind::Pip);
                if (n > 1) {
                    members[1].screen = true;
                    members[0].speaker = true;
                    members[static_cast<size_t>(n) - 1].pin_rank = 1;
                }
                assert_sound(arrange(spec(kind), canvas, members), canvas, kind == LayoutKind::Pip);
            }
        }
    }
}

void test_grid_shapes() {
    for (int n = 2; n <= 25; ++n) {
        const auto tiles = arrange(spec(LayoutKind::Grid), {1280, 720}, people(n));
        g_assert_cmpuint(tiles.size(), ==, static_cast<size_t>(n));
        const double shape = tiles[0].rect.w / double(tiles[0].rect.h);
        g_assert_cmpfloat(shape, >, 4.0 / 3 - 0.04);
        g_assert_cmpfloat(shape, <, 16.0 / 9 + 0.04);
        for (const Tile &tile : tiles)
            g_assert_true(tile.rect.size() == tiles[0].rect.size());
    }
}

void test_grid_size_keeps_the_speaker() {
    auto members = people(6);
    members[5].speaker = true;
    LayoutSpec four = spec(LayoutKind::Grid);
    four.grid_size = 4;
    assert_who(arrange(four, {1280, 720}, members), {0, 1, 2, 5});
    g_assert_cmpuint(arrange(spec(LayoutKind::Grid), {1280, 720}, people(40)).size(), ==, 25);
}

void test_order() {
    auto members = people(4);
    members[3].pin_rank = 1;
    members[1].pin_rank = 2;
    members[2].priority = 5;
    assert_who(arrange(spec(LayoutKind::Grid), {1280, 720}, members), {3, 1, 2, 0});
}

void test_screen_takes_the_main_area() {
    auto members = people(4);
    members[2].screen = true;
    members[0].pin_rank = 1;
    const auto tiles = arrange(spec(LayoutKind::Grid), {1280, 720}, members);
    assert_who(tiles, {2, 0, 1, 3});
    g_assert_true(tiles[0].fit == Fit::Contain);
    assert_rect(tiles[0].rect, {10, 84, 980, 550});
    assert_rect(tiles[1].rect, {1000, 46, 270, 202});
}

void test_sidebar_and_spotlight() {
    auto members = people(4);
    const Size canvas{1280, 720};
    assert_who(arrange(spec(LayoutKind::Sidebar), canvas, members), {0, 1, 2, 3});
    assert_who(arrange(spec(LayoutKind::Spotlight), canvas, members), {0});
    members[2].speaker = true;
    assert_who(arrange(spec(LayoutKind::Sidebar), canvas, members), {2, 0, 1, 3});
    assert_who(arrange(spec(LayoutKind::Spotlight), canvas, members), {2});
    members[3].pin_rank = 1;
    members[1].pin_rank = 2;
    // Pinned only; the speaker wins the main area unless pins go first.
    assert_who(arrange(spec(LayoutKind::Sidebar), canvas, members), {2, 3, 1});
    assert_who(arrange(spec(LayoutKind::Sidebar, Priority::Pin), canvas, members), {3, 1});
    assert_who(arrange(spec(LayoutKind::Spotlight), canvas, members), {2});
    assert_who(arrange(spec(LayoutKind::Spotlight, Priority::Pin), canvas, members), {3, 1});
    members[1].screen = true;
    assert_who(arrange(spec(LayoutKind::Sidebar, Priority::Pin), canvas, members), {1, 3});
    assert_who(arrange(spec(LayoutKind::Spotlight, Priority::Pin), canvas, members), {1});
}

void test_pip() {
    auto members = people(6);
    const auto tiles = arrange(spec(LayoutKind::Pip), {1280, 720}, members);
    assert_who(tiles, {0, 1, 2, 3}); // the main picture and three insets
    assert_rect(tiles[0].rect, {0, 0, 1280, 720});
    assert_rect(tiles[1].rect, {954, 528, 306, 172});
    g_assert_false(tiles[1].rect.overlaps(tiles[2].rect));
}

void test_custom() {
    const LayoutChoice choice = parse_layout_property(R"({"regions":[
        {"x":0,"y":0,"width":0.5,"height":1,"show":"video_3","fit":"contain"},
        {"x":0.5,"y":0,"width":0.5,"height":0.5,"show":"speaker","radius":20},
        {"x":0.5,"y":0.5,"width":0.5,"height":0.5,"max":4}]})");
    g_assert_cmpstr(choice.error.c_str(), ==, "");
    auto members = people(4);
    members[1].speaker = true;
    const auto tiles = arrange({.kind = LayoutKind::Custom, .custom = choice.custom}, {1280, 720}, members);
    assert_who(tiles, {3, 1, 0, 2});
    assert_rect(tiles[0].rect, {0, 0, 640, 720});
    g_assert_true(tiles[0].fit == Fit::Contain);
    assert_rect(tiles[1].rect, {640, 0, 640, 360});
    g_assert_cmpint(tiles[1].radius, ==, 20);
    assert_sound(tiles, {1280, 720}, false);
}

struct BadLayout {
    const char *text;
    const char *error;
};
const BadLayout kBad[] = {
    {"gird",
     "unknown layout 'gird', did you mean 'grid'? Known are grid, sidebar, spotlight, pip and a JSON description "
     "that starts with '{'."},
    {"", "unknown layout ''. Known are grid, sidebar, spotlight, pip and a JSON description that starts with '{'."},
    {"{", "line 1, column 2: expected a name in double quotes"},
    {"{\"regions\":[]}", "line 1, column 12: 'regions' is a list of at least one region"},
    {"{\n \"regions\": [\n  {\"x\": 1.5}]}", "line 3, column 9: 'x' is a number from 0 to 1"},
    {"{\"regions\":[{\"x\":0.6,\"width\":0.5}]}",
     "line 1, column 13: the region reaches out of the canvas: x + width and y + height are at most 1"},
    {"{\"regions\":[{\"width\":0}]}", "line 1, column 22: 'width' is a number from 0.01 to 1"},
    {"{\"regions\":[{\"show\":\"nobody\"}]}",
     "line 1, column 21: 'show' is any, screen, speaker, pinned or the name of a pad like video_0"},
    {"{\"regions\":[{\"max\":1e400}]}", "line 1, column 20: not a number"},
    {"{\"regions\":[{\"x\":0,\"x\":1}]}", "line 1, column 23: 'x' is there twice"},
    {"{\"regions\":[{}]} x", "line 1, column 18: something follows after the end"},
    {"{\"layout\":1}", "line 1, column 11: unknown 'layout'; a layout has regions"},
    {"{\"regions\":[{\"show\":\"\\ud800\"}]}", "line 1, column 27: half of a surrogate pair"},
};

void test_bad_layouts() {
    for (const BadLayout &bad : kBad) {
        const LayoutChoice choice = parse_layout_property(bad.text);
        g_assert_cmpstr(choice.error.c_str(), ==, bad.error);
        g_assert_null(choice.custom.get());
    }
}

void test_hostile_json() {
    const std::array<std::string, 4> texts{"{\"regions\":" + std::string(60000, '['),
                                           "{" + std::string(70000, ' ') + "}", std::string("{\"a\0b\":1}", 9),
                                           "{\"regions\":[{\"x\":\xff}]}"};
    for (const std::string &text : texts)
        assert_complaint(parse_layout_property(text).error);
}

void test_sizes_and_rates() {
    assert_text(check_side("width", 1280), "");
    assert_text(check_side("width", 0), "width=0 is out of range: choose 16 to 7680 pixels, for instance 1280x720");
    assert_complaint(check_side("height", 16384));
    assert_text(check_side("height", 721), "height=721 is odd, which I420 cannot be: choose 722");
    assert_text(check_framerate(30000, 1001), "");
    assert_complaint(check_framerate(0, 1));
    assert_complaint(check_framerate(121, 1));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/layout/grid/golden", test_grid_golden);
    g_test_add_func("/layout/every-layout-and-count", test_every_layout_and_count);
    g_test_add_func("/layout/grid/shapes", test_grid_shapes);
    g_test_add_func("/layout/grid/size-keeps-the-speaker", test_grid_size_keeps_the_speaker);
    g_test_add_func("/layout/order", test_order);
    g_test_add_func("/layout/screen", test_screen_takes_the_main_area);
    g_test_add_func("/layout/sidebar-and-spotlight", test_sidebar_and_spotlight);
    g_test_add_func("/layout/pip", test_pip);
    g_test_add_func("/layout/custom", test_custom);
    g_test_add_func("/layout/bad", test_bad_layouts);
    g_test_add_func("/layout/hostile-json", test_hostile_json);
    g_test_add_func("/layout/sizes-and-rates", test_sizes_and_rates);
    return g_test_run();
}
