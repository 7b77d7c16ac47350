// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Who stands where, and layouts that are described. No GStreamer.

#include "livecompositor/layout.h"
#include "livecompositor/settings.h"
#include "sound_tiles.h"

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

/// Pinned, then by priority, then the newest; the other shares are beside the cameras.
void test_which_share_is_in_the_main_area() {
    auto members = people(5);
    members[1].screen = members[2].screen = members[4].screen = true;
    members[1].share_rank = 3;
    members[2].share_rank = 1;
    members[4].share_rank = 2;
    for (const LayoutKind kind : {LayoutKind::Screen, LayoutKind::Grid, LayoutKind::Sidebar, LayoutKind::Pip}) {
        auto m = members;
        assert_who(arrange(spec(LayoutKind::Screen), {1280, 720}, m), {1, 0, 2, 3, 4});
        m[4].priority = 1;
        g_assert_cmpuint(arrange(spec(kind), {1280, 720}, m)[0].member, ==, 4);
        m[2].pin_rank = 1;
        g_assert_cmpuint(arrange(spec(kind), {1280, 720}, m)[0].member, ==, 2);
    }
}

void test_screen_layout() {
    auto members = people(4);
    const auto same = arrange(spec(LayoutKind::Grid), {1280, 720}, members);
    g_assert_true(arrange(spec(LayoutKind::Screen), {1280, 720}, members) == same);
    members[3].screen = true;
    members[2].speaker = true;
    LayoutSpec three = spec(LayoutKind::Screen);
    three.grid_size = 3;
    const auto tiles = arrange(three, {1280, 720}, members);
    assert_who(tiles, {3, 0, 2});
    g_assert_true(tiles[0].fit == Fit::Contain);
    // More room for the share than the grid leaves it.
    g_assert_cmpint(tiles[0].rect.w, >, arrange(spec(LayoutKind::Grid), {1280, 720}, members)[0].rect.w);
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

struct Rule {
    const char *regions;
    std::vector<size_t> expected;
};

void test_rules() {
    auto members = people(5);
    members[1].label = "Bo";
    members[2].speaker = true;
    members[3].screen = true;
    members[4].pin_rank = 1;
    const Rule rules[] = {
        {R"({"show":"main"})", {3}},
        {R"({"show":"speaker"})", {2}},
        {R"({"show":"camera","max":25})", {4, 0, 1, 2}},
        {R"({"show":"any","max":25})", {4, 0, 1, 2, 3}},
        {R"({"show":"screen","max":2})", {3}},
        {R"({"show":"pinned","max":25})", {4}},
        {R"({"show":"label:Bo"},{"show":"label:Nobody"},{"show":"video_0"},{"show":"video_9"})", {1, 0}},
        // Filled in order, drawn by z.
        {R"({"show":"speaker","z":1},{"show":"screen","z":-1},{"show":"any","max":2})", {3, 4, 0, 2}},
        {R"({"show":"main"},{"show":"main"},{"show":"main"},{"show":"main"})", {3, 2, 4, 0}},
    };
    for (const Rule &rule : rules) {
        const LayoutChoice choice = parse_layout_property(R"({"regions":[)" + std::string(rule.regions) + "]}");
        assert_text(choice.error, "");
        assert_who(arrange({.kind = LayoutKind::Custom, .custom = choice.custom}, {1280, 720}, members), rule.expected);
    }
    members[3].screen = false;
    const LayoutChoice share = parse_layout_property(R"({"regions":[{"show":"screen"},{"show":"speaker"}]})");
    assert_who(arrange({.kind = LayoutKind::Custom, .custom = share.custom}, {1280, 720}, members), {2});
}

/// Region before layout before element.
void test_style_of_regions() {
    const LayoutChoice choice = parse_layout_property(R"({"gap":20,"radius":8,"regions":[
        {"width":0.5,"max":2,"gap":0,"radius":40},{"x":0.5,"width":0.5,"max":2}]})");
    assert_text(choice.error, "");
    const LayoutSpec styled{.kind = LayoutKind::Custom, .style = {60, 60}, .custom = choice.custom};
    const auto tiles = arrange(styled, {1280, 720}, people(4));
    assert_who(tiles, {0, 1, 2, 3});
    g_assert_cmpint(tiles[1].rect.y - tiles[0].rect.bottom(), ==, 0);
    g_assert_cmpint(tiles[0].radius, ==, 40);
    g_assert_cmpint(tiles[3].rect.y - tiles[2].rect.bottom(), ==, 20);
    g_assert_cmpint(tiles[2].radius, ==, 8);
}

struct BadLayout {
    const char *text;
    const char *error;
};
const BadLayout kBad[] = {
    {"gird", "unknown layout 'gird', did you mean 'grid'? Known are grid, sidebar, spotlight, pip, screen and a JSON "
             "description "
             "that starts with '{'."},
    {"",
     "unknown layout ''. Known are grid, sidebar, spotlight, pip, screen and a JSON description that starts with '{'."},
    {"{", "line 1, column 2: expected a name in double quotes"},
    {"{\"regions\":[]}", "line 1, column 12: 'regions' is a list of at least one region"},
    {"{\n \"regions\": [\n  {\"x\": 1.5}]}", "line 3, column 9: 'x' is a number from 0 to 1"},
    {"{\"regions\":[{\"x\":0.6,\"width\":0.5}]}",
     "line 1, column 13: the region reaches out of the canvas: x + width and y + height are at most 1"},
    {"{\"regions\":[{\"width\":0}]}", "line 1, column 22: 'width' is a number from 0.01 to 1"},
    {"{\"regions\":[{\"show\":\"nobody\"}]}",
     "line 1, column 21: 'show' is any, camera, screen, main, speaker, pinned, the name of a pad like video_0 or "
     "a label like label:Ann"},
    {"{\"regions\":[{\"max\":1e400}]}", "line 1, column 20: not a number"},
    {"{\"regions\":[{\"x\":1e308}]}", "line 1, column 18: 'x' is a number from 0 to 1"},
    {"{\"regions\":[{\"x\":NaN}]}", "line 1, column 18: expected a value"},
    {"{\"regions\":[{\"x\":-0.1}]}", "line 1, column 18: 'x' is a number from 0 to 1"},
    {"{\"regions\":[{\"max\":2.5}]}", "line 1, column 20: 'max' is a whole number from 1 to 25"},
    {"{\"regions\":[{\"z\":1e9}]}", "line 1, column 18: 'z' is a whole number from -100 to 100"},
    {"{\"regions\":[{\"radius\":361}]}", "line 1, column 23: 'radius' is a whole number from 0 to 360"},
    {"{\"gap\":121,\n\"regions\":[{}]}", "line 1, column 8: 'gap' is a whole number from 0 to 120"},
    {"{\"regions\":[{\"gap\":-1}]}", "line 1, column 20: 'gap' is a whole number from 0 to 120"},
    {"{\"regions\":[{\"fit\":\"squeeze\"}]}", "line 1, column 20: 'fit' is auto, cover or contain"},
    {"{\"regions\":[{\"show\":\"label:\"}]}", "line 1, column 21: 'show' is any, camera, screen, main, speaker, "
                                              "pinned, the name of a pad like video_0 or a label "
                                              "like label:Ann"},
    {"{\"regions\":[{\"colour\":1}]}",
     "line 1, column 23: unknown 'colour'; a region has x, y, width, height, show, max, fit, gap, radius and z"},
    {"{\"regions\":[{},\n{}\n,4]}",
     "line 3, column 2: a region is an object like {\"x\":0,\"y\":0,\"width\":1,\"height\":1,\"show\":\"any\"}"},
    {"{\"radius\":1}", "line 1, column 1: 'regions' is a list of at least one region"},
    {"{\"regions\":[{\"x\":0,\"x\":1}]}", "line 1, column 23: 'x' is there twice"},
    {"{\"regions\":[{}]} x", "line 1, column 18: something follows after the end"},
    {"{\"layout\":1}", "line 1, column 11: unknown 'layout'; a layout has regions, gap and radius"},
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
    g_test_add_func("/layout/grid/size-keeps-the-speaker", test_grid_size_keeps_the_speaker);
    g_test_add_func("/layout/order", test_order);
    g_test_add_func("/layout/screen", test_screen_takes_the_main_area);
    g_test_add_func("/layout/screen/which-share", test_which_share_is_in_the_main_area);
    g_test_add_func("/layout/screen/layout", test_screen_layout);
    g_test_add_func("/layout/sidebar-and-spotlight", test_sidebar_and_spotlight);
    g_test_add_func("/layout/pip", test_pip);
    g_test_add_func("/layout/custom", test_custom);
    g_test_add_func("/layout/rules", test_rules);
    g_test_add_func("/layout/style-of-regions", test_style_of_regions);
    g_test_add_func("/layout/bad", test_bad_layouts);
    g_test_add_func("/layout/hostile-json", test_hostile_json);
    g_test_add_func("/layout/sizes-and-rates", test_sizes_and_rates);
    return g_test_run();
}
