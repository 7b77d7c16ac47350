// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Transitions from scene to scene: time is an argument, nothing is drawn.

#include "livecompositor/scene.h"

#include <glib.h>

#include <array>
#include <cmath>

using namespace livecompositor;

namespace {

constexpr TimeNs kMs = 1'000'000;

class Show {
  public:
    explicit Show(unsigned people, LayoutKind kind = LayoutKind::Grid, Motion motion = {400, Ease::Linear}) {
        settings().layout.kind = kind;
        settings().motion = motion;
        for (unsigned i = 0; i < people; ++i)
            come(i);
        scene_ = builder_.build(snapshot_, Scene(), 0, 0);
    }
    Settings &settings() { return snapshot_.settings; }
    VideoSnapshot &snapshot() { return snapshot_; }
    void come(unsigned index) { snapshot_.sources.push_back({std::make_shared<VideoSource>(index), {}}); }
    void go(unsigned index) {
        std::erase_if(snapshot_.sources, [&](const auto &entry) { return entry.source->index == index; });
    }
    const Scene &change(TimeNs now) { return scene_ = builder_.build(snapshot_, scene_, now, 0); }
    const Scene &scene() const { return scene_; }
    /// Where input `index` is drawn at `now`; nothing when it is not.
    std::optional<Rect> place(unsigned index, TimeNs now) const {
        for (const auto *tiles : {&scene_.tiles, &scene_.leaving})
            for (const SceneTile &tile : *tiles)
                if (tile.source->index == index && (tiles == &scene_.tiles || scene_.progress(now) < 1))
                    return Scene::between(tile.from, tile.rect, scene_.progress(now));
        return std::nullopt;
    }

  private:
    VideoSnapshot snapshot_;
    SceneBuilder builder_;
    Scene scene_;
};

void assert_rect(const std::optional<Rect> &got, const Rect &expected) {
    g_assert_true(got.has_value());
    g_assert_cmpint(got->x, ==, expected.x);
    g_assert_cmpint(got->y, ==, expected.y);
    g_assert_cmpint(got->w, ==, expected.w);
    g_assert_cmpint(got->h, ==, expected.h);
}

struct EaseCase {
    const char *name;
    Ease ease;
    double quarter, half, three_quarters;
};
const EaseCase kEases[] = {{"linear", Ease::Linear, 0.25, 0.5, 0.75},
                           {"ease-in", Ease::In, 0.0625, 0.25, 0.5625},
                           {"ease-out", Ease::Out, 0.4375, 0.75, 0.9375},
                           {"ease-in-out", Ease::InOut, 0.15625, 0.5, 0.84375}};

void test_ease() {
    for (const EaseCase &c : kEases) {
        Show show(4, LayoutKind::Grid, {400, c.ease});
        show.settings().layout.kind = LayoutKind::Sidebar;
        const Scene &scene = show.change(1000 * kMs);
        const std::array<std::pair<int, double>, 5> steps{
            {{1000, 0}, {1100, c.quarter}, {1200, c.half}, {1300, c.three_quarters}, {1400, 1}}};
        for (const auto &[ms, part] : steps)
            if (std::abs(scene.progress(ms * kMs) - part) > 1e-9)
                g_error("%s at %d ms: %f", c.name, ms, scene.progress(ms * kMs));
    }
}

/// Nobody jumps when another change comes in the middle, nor when it is taken back.
void test_interrupted() {
    Show show(5);
    const std::array<LayoutKind, 4> kinds{LayoutKind::Sidebar, LayoutKind::Spotlight, LayoutKind::Pip,
                                          LayoutKind::Grid};
    TimeNs now = 1000 * kMs;
    for (const LayoutKind kind : kinds) {
        std::array<std::optional<Rect>, 5> before;
        for (unsigned i = 0; i < 5; ++i)
            before[i] = show.place(i, now);
        show.settings().layout.kind = kind;
        show.change(now);
        for (unsigned i = 0; i < 5; ++i)
            if (before[i])
                assert_rect(show.place(i, now), *before[i]);
        now += 150 * kMs;
    }
    assert_rect(show.place(0, now + 500 * kMs), {12, 44, 412, 310}); // all is as it was
    g_assert_cmpfloat(show.scene().progress(now + 500 * kMs), ==, 1);
}

/// A name, a mute, a speaker without a tile of their own do not touch what is on its way.
void test_other_changes_leave_it_alone() {
    Show show(4);
    show.settings().layout.kind = LayoutKind::Sidebar;
    show.change(1000 * kMs);
    const auto expected = show.place(2, 1300 * kMs);
    show.snapshot().sources[1].settings.label = "Bo";
    show.snapshot().sources[2].silent = true;
    show.change(1200 * kMs);
    assert_rect(show.place(2, 1300 * kMs), *expected);
    g_assert_cmpfloat(show.scene().progress(1400 * kMs), ==, 1);
}

void test_come_and_go() {
    Show show(2);
    show.come(2);
    show.change(1000 * kMs);
    const Rect end = show.scene().tiles[2].rect, start = *show.place(2, 1000 * kMs);
    g_assert_cmpint(start.w, <, end.w / 4);
    g_assert_true(end.contains(start));
    assert_rect(show.place(2, 1400 * kMs), end);

    show.go(0);
    show.change(2000 * kMs);
    assert_rect(show.place(0, 2000 * kMs), {22, 10, 612, 344}); // of 3 tiles
    const auto smaller = show.place(0, 2200 * kMs);
    g_assert_cmpint(smaller->w, <, 612);
    g_assert_cmpint(smaller->w, >, 612 / 8);
    g_assert_false(show.place(0, 2400 * kMs).has_value());
    // Who is back before that starts from where it is.
    show.come(0);
    show.change(2200 * kMs);
    assert_rect(show.place(0, 2200 * kMs), *smaller);
    g_assert_true(show.scene().leaving.empty());
}

void test_at_once() {
    Show show(3, LayoutKind::Grid, {0, Ease::InOut});
    show.go(0);
    show.settings().layout.kind = LayoutKind::Sidebar;
    const Scene &scene = show.change(1000 * kMs);
    g_assert_true(scene.leaving.empty());
    g_assert_cmpfloat(scene.progress(1000 * kMs), ==, 1);
    assert_rect(show.place(1, 1000 * kMs), {10, 10, 980, 700});
}

void test_set_layout_has_its_own_motion() {
    Show show(3, LayoutKind::Grid, {400, Ease::Linear});
    show.settings().layout.kind = LayoutKind::Sidebar;
    show.settings().switch_motion = {1000, Ease::In};
    ++show.settings().switches;
    g_assert_cmpfloat(std::abs(show.change(1000 * kMs).progress(1500 * kMs) - 0.25), <, 1e-9);
    show.settings().layout.kind = LayoutKind::Grid; // the next change is as the property says
    g_assert_cmpfloat(std::abs(show.change(3000 * kMs).progress(3200 * kMs) - 0.5), <, 1e-9);
}

struct BorderCase {
    const char *name;
    Size canvas;
    std::optional<int> wish;
    int px;
};
const BorderCase kBorders[] = {
    {"own", {1280, 720}, {}, 4},           {"own, portrait", {720, 1280}, {}, 4}, {"own, tiny", {16, 16}, {}, 2},
    {"none", {1280, 720}, 0, 0},           {"wide", {1280, 720}, 10, 10},         {"wide, 4K", {3840, 2160}, 10, 30},
    {"thin on a stamp", {160, 90}, 10, 0},
};

void test_border() {
    for (const BorderCase &c : kBorders) {
        Show show(2);
        show.settings().size = c.canvas;
        show.settings().border = c.wish;
        show.snapshot().speaker = 1;
        const Scene &scene = show.change(0);
        if (scene.border != c.px)
            g_error("%s: %d px", c.name, scene.border);
        g_assert_false(scene.tiles[0].speaking);
        g_assert_true(scene.tiles[1].speaking);
    }
    Show alone(1);
    alone.snapshot().speaker = 0;
    g_assert_false(alone.change(0).tiles[0].speaking);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/scene/ease", test_ease);
    g_test_add_func("/scene/interrupted", test_interrupted);
    g_test_add_func("/scene/other-changes", test_other_changes_leave_it_alone);
    g_test_add_func("/scene/come-and-go", test_come_and_go);
    g_test_add_func("/scene/at-once", test_at_once);
    g_test_add_func("/scene/set-layout", test_set_layout_has_its_own_motion);
    g_test_add_func("/scene/border", test_border);
    return g_test_run();
}
