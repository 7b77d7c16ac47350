// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What stands on the picture beside the participants, and who is who: where, when, how it moves, and that nothing is
// drawn twice.

#include "livecompositor/drawing.h"
#include "studio.h"

#include <array>
#include <cmath>
#include <cstring>

using namespace livecompositor;

namespace {

bool near(Rgb a, Rgb b, int tolerance = 12) {
    return std::abs(a.r - b.r) <= tolerance && std::abs(a.g - b.g) <= tolerance && std::abs(a.b - b.b) <= tolerance;
}
void assert_near(Rgb got, Rgb wanted, int tolerance = 12) {
    if (!near(got, wanted, tolerance))
        g_error("colour is %d,%d,%d instead of %d,%d,%d", got.r, got.g, got.b, wanted.r, wanted.g, wanted.b);
}

constexpr Rgb kDark{0x0f, 0x12, 0x17};

std::vector<uint8_t> luma_of(const Picture &p, const Rect &rect) {
    std::vector<uint8_t> out;
    for (int y = rect.y; y < rect.bottom(); ++y)
        out.insert(out.end(), p.data[0] + y * p.stride[0] + rect.x, p.data[0] + y * p.stride[0] + rect.right());
    return out;
}

/// The leftmost column of `area` with something bright in it, -1 for none.
int first_bright(const Picture &p, const Rect &area) {
    for (int x = area.x; x < area.right(); ++x) {
        for (int y = area.y; y < area.bottom(); ++y)
            if (p.data[0][y * p.stride[0] + x] > 150)
                return x;
    }
    return -1;
}

struct Position {
    Spot spot;
    int x, y; ///< middle of the mark, px
};
constexpr std::array kPositions{Position{Spot::TopLeft, 10 + 32, 10 + 16}, Position{Spot::TopRight, 630 - 32, 10 + 16},
                                Position{Spot::BottomLeft, 10 + 32, 350 - 16},
                                Position{Spot::BottomRight, 630 - 32, 350 - 16}, Position{Spot::Center, 320, 180}};

void test_watermark_positions() {
    for (const Position &wanted : kPositions) {
        Studio studio;
        studio.brand([&](Branding &b) {
            b.watermark.bitmap = flat_bitmap({200, 100}, 0xffff0000);
            b.watermark_size = 0.1; // 64x32 of 640x360
            b.watermark_spot = wanted.spot;
        });
        const Picture p = studio.shoot(0);
        for (const Position &place : kPositions)
            assert_near(rgb_at(p, place.x, place.y), place.spot == wanted.spot ? Rgb{255, 0, 0} : kDark);
        assert_near(rgb_at(p, wanted.x - 28, wanted.y - 12), {255, 0, 0});
        assert_near(rgb_at(p, wanted.x - 36, wanted.y), kDark);
    }
}

void test_watermark_opacity_and_size() {
    Studio studio;
    const auto set = [&](double opacity, double size) {
        studio.brand([=](Branding &b) {
            b.watermark_opacity = opacity;
            b.watermark_size = size;
        });
    };
    studio.brand([](Branding &b) {
        b.watermark.bitmap = flat_bitmap({100, 100}, 0xffffffff);
        b.watermark_spot = Spot::Center;
    });
    for (const double opacity : {0.0, 0.25, 0.5, 1.0}) {
        set(opacity, 0.5);
        const auto mixed = [opacity](int under) { return static_cast<int>(under + (255 - under) * opacity); };
        const Picture p = studio.shoot(studio.time() + 1);
        assert_near(rgb_at(p, 320, 180), {mixed(kDark.r), mixed(kDark.g), mixed(kDark.b)});
        assert_near(rgb_at(p, 320 - 100, 180), kDark); // 180 px wide
    }
    studio.board.change([](Settings &s) { s.size = {1280, 720}; });
    const Picture p = studio.shoot(studio.time() + 1);
    assert_near(rgb_at(p, 640 - 170, 360 + 170), {255, 255, 255}); // 360 px now
    assert_near(rgb_at(p, 640 - 190, 360), kDark);
}

void test_backdrop_covers_the_canvas() {
    Studio studio;
    auto bitmap = std::make_shared<Bitmap>(*flat_bitmap({300, 300}, 0xff00ff00));
    for (size_t i = 0; i < 300 * 300; ++i) { // top and bottom sixth are cut off on a wide canvas
        if (i / 300 < 50 || i / 300 >= 250)
            bitmap->pixels[i] = 0xffff0000;
    }
    studio.brand([&](Branding &b) { b.background.bitmap = bitmap; });
    for (const Size &size : {Size{640, 360}, Size{320, 240}, Size{1280, 720}}) {
        studio.board.change([&](Settings &s) { s.size = size; });
        const Picture p = studio.shoot(studio.time() + 1);
        assert_near(rgb_at(p, size.w / 2, size.h / 2), {0, 255, 0});
        assert_near(rgb_at(p, 1, size.h / 2), {0, 255, 0});
        assert_near(rgb_at(p, size.w - 2, size.h / 2), {0, 255, 0});
    }
    studio.add_camera();
    studio.add_camera(); // tiles lie on it
    const Picture p = studio.shoot(studio.time() + 1);
    assert_near(rgb_at(p, 640, 360), {0, 255, 0});
    g_assert_false(near(rgb_at(p, 300, 360), {0, 255, 0}, 60));
    studio.brand([](Branding &b) { b.background = {}; });
    assert_near(rgb_at(studio.shoot(studio.time() + 1), 640, 360), kDark);
}

void test_ticker_runs_evenly() {
    Studio studio;
    studio.add_camera("Ann");
    studio.brand([](Branding &b) { b.ticker = "M"; }); // narrow, so that all of it is seen
    studio.shoot(0);
    const Rect bar = studio.scene().overlays.ticker.bar;
    g_assert_true((bar == Rect{0, 360 - 22, 640, 22}));
    for (const SceneTile &tile : studio.scene().tiles)
        g_assert_cmpint(tile.rect.bottom(), <=, bar.y);
    const Rect below{0, bar.y + 4, 640, bar.h - 4};
    const double speed = studio.scene().overlays.ticker.speed;
    g_assert_cmpfloat(speed, ==, 60); // 2 px a picture
    studio.shoot_until(kSecond);
    int before = first_bright(studio.shoot(studio.time() + kSecond / 30), below);
    for (int i = 0; i < 60; ++i) {
        const int now = first_bright(studio.shoot(studio.time() + kSecond / 30), below);
        g_assert_cmpint(before - now, ==, 2);
        before = now;
    }
    const TimeNs skipped = 4 * kSecond; // pictures that are left out change nothing
    const int later = first_bright(studio.shoot(studio.time() + skipped), below);
    g_assert_cmpint(std::abs(before - later - 240), <=, 2);
    // It comes again from the right.
    const TimeNs round = static_cast<TimeNs>((640 + studio.scene().overlays.ticker.text->size.w) / speed * 1e9);
    const int again = first_bright(studio.shoot(studio.time() + round), below);
    g_assert_cmpint(std::abs(again - later), <=, 2);
    studio.brand([](Branding &b) { b.ticker = ""; });
    studio.shoot(studio.time() + kMs);
    g_assert_cmpint(studio.scene().tiles[0].rect.bottom(), ==, 360);
}

void test_ticker_directions_and_speeds() {
    Studio studio({1280, 720});
    studio.brand([](Branding &b) { b.ticker = "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"; }); // Hebrew
    studio.shoot(0);
    const Ticker ticker = studio.scene().overlays.ticker;
    g_assert_true(ticker.right_to_left);
    g_assert_cmpint(ticker.text_x(2 * kSecond), >, ticker.text_x(kSecond));
    for (const auto &[n, d] :
         std::array<std::pair<int, int>, 6>{{{24, 1}, {25, 1}, {30000, 1001}, {50, 1}, {60, 1}, {120, 1}}}) {
        studio.board.change([n = n, d = d](Settings &s) { s.fps_n = n, s.fps_d = d; });
        studio.shoot(studio.time() + 1);
        g_assert_cmpfloat(std::abs(studio.scene().overlays.ticker.speed - 120), <=, 32);
    }
    for (const std::string &text : {std::string(100000, 'w'), std::string("\xff\xfe|\x01\n|"), std::string("|\n||")}) {
        studio.brand([&](Branding &b) { b.ticker = text; });
        studio.shoot(studio.time() + 1);
    }
}

void test_lower_third_comes_and_goes() {
    Studio studio;
    studio.brand([](Branding &b) { b.lower_third = "Ann Lee\nScience"; });
    studio.shoot(0);
    const Rect place = studio.scene().overlays.lower_third.shown.rect();
    g_assert_cmpint(place.x, ==, 10);
    g_assert_cmpint(place.bottom(), ==, 350);
    const Rect middle{place.x + place.w / 2, place.y, 40, place.h};
    const auto light = [&](const Picture &p) { return mean_of(p, middle).g; };
    int before = kDark.g - 1;
    bool between = false;
    for (int i = 0; i < 20; ++i) {
        const int now = light(studio.shoot(studio.time() + kSecond / 30));
        g_assert_cmpint(now, >=, before - 6); // letters pass by
        before = now;
        between = between || (now > kDark.g + 4 && now < 30);
    }
    g_assert_true(between);
    const auto shown = luma_of(studio.shoot(2 * kSecond), place);
    g_assert_true(shown == luma_of(studio.shoot(3 * kSecond), place)); // it stands still
    assert_near(mean_of(studio.shoot(4 * kSecond), {place.x + 1, place.y + 8, 2, place.h - 16}), {0x4c, 0x9b, 0xff},
                50);
    studio.brand([](Branding &b) { b.lower_third = ""; });
    studio.shoot(5 * kSecond);
    const int going = light(studio.shoot(5 * kSecond + 150 * kMs));
    g_assert_cmpint(going, <, before);
    g_assert_cmpint(going, >, kDark.g);
    assert_near(mean_of(studio.shoot(6 * kSecond), place), kDark, 2);
}

void test_countdown_text() {
    const std::array<std::pair<TimeNs, const char *>, 9> cases{{{0, ""},
                                                                {-kSecond, ""},
                                                                {1, "00:01"},
                                                                {kSecond, "00:01"},
                                                                {kSecond + 1, "00:02"},
                                                                {754 * kSecond, "12:34"},
                                                                {3723 * kSecond, "1:02:03"},
                                                                {86399 * kSecond, "23:59:59"},
                                                                {(2 * 86400 + 11045) * kSecond, "2d 03:04:05"}}};
    for (const auto &[left, text] : cases) {
        const std::string got = countdown_text(left);
        g_assert_cmpstr(got.c_str(), ==, text);
    }
}

void test_countdown_runs_and_ends() {
    for (const bool people : {false, true}) {
        Studio studio;
        if (people)
            studio.add_camera();
        studio.shoot(0);
        const auto plain = luma_of(studio.shoot(kMs), {0, 0, 640, 360});
        studio.brand([](Branding &b) {
            b.countdown_ms = Studio::kUtcUs / 1000 + 3500;
            b.countdown_label = "Starts in";
        });
        studio.shoot(2 * kMs);
        const Rect place = studio.scene().overlays.countdown.rect(2 * kMs);
        const int middle = place.y + place.h / 2;
        g_assert_true(people ? place.bottom() < 60 : std::abs(middle - 180) <= 2); // people are not covered
        int changes = 0;
        auto before = luma_of(studio.shoot(3 * kMs), place);
        for (TimeNs t = 33 * kMs; t <= 3450 * kMs; t += 33 * kMs) {
            const auto now = luma_of(studio.shoot(t), place);
            if (now != before) {
                const TimeNs phase = t % kSecond;
                g_assert_true(phase >= 500 * kMs && phase < 534 * kMs); // as the second ends
                ++changes;
            }
            before = now;
        }
        g_assert_cmpint(changes, ==, 3); // 4, 3, 2, 1
        g_assert_true(luma_of(studio.shoot(3501 * kMs), {0, 0, 640, 360}) == plain);
    }
}

void test_countdown_survives_absurd_targets() {
    Studio studio;
    for (const int64_t target : {int64_t{1}, INT64_MAX, Studio::kUtcUs / 1000, int64_t{-5}}) {
        studio.brand([=](Branding &b) { b.countdown_ms = target; });
        studio.shoot(studio.time() + kMs);
    }
}

void test_slate_modes() {
    Studio studio;
    studio.brand([](Branding &b) {
        b.slate_image.bitmap = flat_bitmap({64, 36}, 0xff0000ff);
        b.slate = "Soon";
    });
    const auto is_slate = [&](TimeNs t) { return near(rgb_at(studio.shoot(t), 20, 20), {0, 0, 255}); };
    const auto mode = [&](SlateMode m) { studio.brand([m](Branding &b) { b.slate_mode = m; }); };
    g_assert_true(is_slate(0));
    mode(SlateMode::Never);
    g_assert_false(is_slate(1 * kMs));
    g_assert_null(studio.scene().overlays.slate.sprite.get());
    VideoSource &camera = studio.add_camera();
    mode(SlateMode::Auto);
    g_assert_false(is_slate(2 * kMs));
    mode(SlateMode::Always);
    g_assert_true(is_slate(3 * kMs));
    g_assert_nonnull(studio.scene().overlays.slate.sprite.get());
    mode(SlateMode::Auto);
    g_assert_false(is_slate(4 * kMs));
    studio.board.remove(camera);
    g_assert_true(is_slate(5 * kMs));
}

void test_labels_stay_readable() {
    for (const int people : {1, 2, 4}) {
        Studio studio({1280, 720});
        for (int i = 0; i < people; ++i)
            studio.add_camera("Somebody");
        studio.brand([](Branding &b) {
            b.lower_third = "A title that is quite long\nand a subtitle";
            b.ticker = "news";
            b.watermark.bitmap = flat_bitmap({100, 60}, 0xffffffff);
            b.watermark_spot = Spot::TopLeft;
            b.countdown_ms = Studio::kUtcUs / 1000 + 60'000;
        });
        studio.shoot(0);
        const Scene &scene = studio.scene();
        const auto occupied = scene.overlays.occupied(0);
        g_assert_cmpuint(occupied.size(), ==, 3);
        for (const SceneTile &tile : scene.tiles) {
            const Rect label = tile.label_rect(tile.rect, scene.label_inset);
            g_assert_true(tile.rect.contains(label));
            for (const Rect &r : occupied)
                g_assert_false(r.overlaps(label));
            g_assert_false(label.overlaps(scene.overlays.ticker.bar));
        }
        for (size_t i = 0; i < occupied.size(); ++i) {
            for (size_t j = 0; j < i; ++j)
                g_assert_false(occupied[i].overlaps(occupied[j]));
            g_assert_false(occupied[i].overlaps(scene.overlays.ticker.bar));
        }
    }
}

/// Sum of the differences between neighbours in a row: what a blur takes away.
int64_t detail(const Picture &p, const Rect &rect) {
    int64_t sum = 0;
    for (int y = rect.y; y < rect.bottom(); ++y) {
        for (int x = rect.x; x + 1 < rect.right(); ++x)
            sum += std::abs(p.data[0][y * p.stride[0] + x] - p.data[0][y * p.stride[0] + x + 1]);
    }
    return sum;
}

void test_frozen_picture() {
    Studio studio;
    VideoSource &camera = studio.add_camera("Ann Lee");
    const Rect corner{40, 40, 120, 80};
    const Picture &p = studio.shoot_until(kSecond);
    const int64_t sharp = detail(p, corner);
    const Rgb bright = mean_of(p, corner);
    studio.stop(camera);
    studio.shoot_until(1900 * kMs);
    g_assert_cmpint(detail(p, corner), ==, sharp); // not yet
    studio.shoot_until(2100 * kMs);
    const Rgb dim = mean_of(p, corner);
    g_assert_cmpint(detail(p, corner), <, sharp / 10);
    g_assert_cmpint(dim.g * 10, <, bright.g * 6);
    g_assert_cmpint(dim.g * 10, >, bright.g * 3);
    const Rgb badge = mean_of(p, {320 - 70, 180 - 20, 10, 40}); // over it
    g_assert_false(near(badge, mean_of(p, {320 - 120, 180 - 20, 10, 40}), 30));
    const auto waiting = luma_of(p, {0, 0, 640, 360});
    g_assert_true(waiting == luma_of(studio.shoot_until(4 * kSecond), {0, 0, 640, 360}));
    studio.resume(camera);
    g_assert_cmpint(detail(studio.shoot(studio.time() + kSecond / 30), corner), ==, sharp); // at once
}

/// Blurred once; what a second call gives is the same picture, not a new one.
void test_frozen_picture_is_kept() {
    Image sharp({320, 180});
    fill(sharp.picture(), {0, 0, 320, 180}, {200, 100, 150});
    FrozenPicture frozen;
    g_assert_false(frozen.shows(&sharp));
    frozen.set(&sharp, sharp.picture());
    g_assert_true(frozen.shows(&sharp));
    const Picture first = frozen.at({320, 180});
    fill(first, {0, 0, 320, 180}, {1, 2, 3});
    g_assert_cmpint(frozen.at({320, 180}).data[0][1000], ==, 1);
    g_assert_cmpint(frozen.at({160, 90}).data[0][1000], ==, 16 + (200 - 16) * 120 / 256); // of another size: made anew
}

void test_sound_alone_has_a_face() {
    Studio studio;
    const auto sound = std::make_shared<AudioSource>(3u);
    sound->settings.placeholder = true;
    sound->settings.label = "Ann";
    sound->settings.hand = true;
    sound->settings.avatar.bitmap = flat_bitmap({20, 20}, 0xff00ff00);
    studio.board.add(sound);
    const Picture p = studio.shoot(0);
    assert_near(rgb_at(p, 320, 180), {0, 255, 0});
    const Rect label = studio.scene().tiles.at(0).label_rect({0, 0, 640, 360}, studio.scene().label_inset);
    assert_near(rgb_at(p, label.x + 3, label.y + label.h / 2), {0xff, 0xc8, 0x3d}, 20);
}

void test_avatar_and_marks() {
    Studio studio;
    VideoSource &camera = studio.add_camera("Ann");
    const auto sound = std::make_shared<AudioSource>(0u);
    studio.board.add(sound);
    studio.set(camera, [](PadSettings &s) {
        s.avatar.bitmap = flat_bitmap({50, 80}, 0xff00ff00);
        s.muted = true;
    });
    const Picture p = studio.shoot(0);
    assert_near(rgb_at(p, 320, 180), {0, 255, 0});
    assert_near(rgb_at(p, 320 + 60, 180 + 50), {0x0, 255, 0}); // inside of the circle of 82
    assert_near(rgb_at(p, 320 + 74, 180 + 74), {0x20, 0x26, 0x2f});
    const Size plain = studio.scene().tiles[0].label->size;
    studio.board.change_pad(sound->settings, [](PadSettings &s) { s.hand = true; });
    const Picture raised = studio.shoot(kMs);
    const Rect label = studio.scene().tiles[0].label_rect({0, 0, 640, 360}, studio.scene().label_inset);
    g_assert_cmpint(label.w, >, plain.w);
    assert_near(rgb_at(raised, label.x + 3, label.y + label.h / 2), {0xff, 0xc8, 0x3d}, 20);
    studio.board.change_pad(sound->settings, [](PadSettings &s) { s.muted = true; });
    studio.shoot(2 * kMs);
    g_assert_cmpint(studio.scene().tiles[0].label->size.w, >, label.w);
    // The avatar of the audio pad stands in for the video pad's.
    studio.set(camera, [](PadSettings &s) { s.avatar = {}; });
    studio.board.change_pad(sound->settings, [](PadSettings &s) {
        s.avatar.bitmap = flat_bitmap({50, 80}, 0xff0000ff);
    });
    assert_near(rgb_at(studio.shoot(3 * kMs), 320, 180), {0, 0, 255});
}

struct Script {
    const char *language;
    const char *text;
};
constexpr std::array kScripts{
    Script{"Latin", "Zo\xc3\xab \xc5\x81ukasz \xc6\xa0\xc6\xb0\xc6\xa1ng"},
    Script{"Greek", "\xce\x91\xce\xbb\xce\xad\xce\xbe\xce\xb7\xcf\x82"},
    Script{"Cyrillic", "\xd0\xae\xd0\xbb\xd1\x96\xd1\x8f"},
    Script{"Arabic", "\xd8\xa3\xd8\xad\xd9\x85\xd8\xaf"},
    Script{"Hebrew", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},
    Script{"Devanagari", "\xe0\xa4\x85\xe0\xa4\xa8\xe0\xa4\xbf\xe0\xa4\xb2"},
    Script{"Thai", "\xe0\xb8\xaa\xe0\xb8\xa1\xe0\xb8\x8a\xe0\xb8\xb2\xe0\xb8\xa2"},
    Script{"Han", "\xe5\xb1\xb1\xe7\x94\xb0\xe5\xa4\xaa\xe9\x83\x8e"},
    Script{"Kana", "\xe3\x81\x95\xe3\x81\x8f\xe3\x82\x89\xe3\x82\xab"},
    Script{"Hangul", "\xea\xb9\x80\xeb\xaf\xbc\xec\x88\x98"},
    Script{"Emoji", "\xf0\x9f\x98\x80\xf0\x9f\x8e\x89"},
};

/// Fonts for all of these are in tools/packages/run.txt.
void test_scripts_have_fonts() {
    const Sheet sheet({1, 1});
    for (const Script &script : kScripts) {
        const Text text(sheet.cr, script.text, 20, 1000, PANGO_WEIGHT_MEDIUM);
        if (text.unknown_glyphs())
            g_error("no font for %s", script.language);
        g_assert_cmpint(text.size().w, >, 20);
    }
    g_assert_true(Text(sheet.cr, kScripts[3].text, 20, 1000, PANGO_WEIGHT_MEDIUM).right_to_left());
    const auto emoji = draw_label({kScripts.back().text}, {640, 360});
    g_assert_true(std::any_of(emoji->u.begin(), emoji->u.end(), [](uint8_t u) { return u < 100; })); // yellow
}

void test_nothing_is_drawn_twice() {
    Studio studio;
    std::vector<VideoSource *> cameras;
    for (const char *name : {"Ann", "Bo", "\xe5\xb1\xb1", "\xf0\x9f\x98\x80"})
        cameras.push_back(&studio.add_camera(name));
    studio.set(*cameras[1], [](PadSettings &s) { s.muted = true; });
    studio.stop(*cameras[2]); // freezes on the way
    studio.brand([](Branding &b) {
        b.background.bitmap = flat_bitmap({64, 36}, 0xff203040);
        b.watermark.bitmap = flat_bitmap({64, 36}, 0x80808080);
        b.lower_third = "Title\nsubtitle";
        b.ticker = "running";
        b.countdown_ms = Studio::kUtcUs / 1000 + 600'000;
        b.countdown_label = "in";
    });
    studio.shoot(0);
    uint64_t drawn = sprites_drawn();
    studio.shoot_until(4 * kSecond);
    g_assert_cmpuint(sprites_drawn(), ==, drawn); // 120 pictures
    studio.board.set_speaker(1);                  // a new scene, but everything in it is there
    studio.shoot_until(5 * kSecond);
    g_assert_cmpuint(sprites_drawn(), ==, drawn);
    studio.set(*cameras[0], [](PadSettings &s) { s.hand = true; });
    studio.shoot_until(6 * kSecond);
    g_assert_cmpuint(sprites_drawn() - drawn, ==, 1); // the label alone
    drawn = sprites_drawn();
    studio.brand([](Branding &b) { b.ticker = "other"; });
    studio.shoot_until(7 * kSecond);
    g_assert_cmpuint(sprites_drawn() - drawn, ==, 1);
}

void test_any_canvas() {
    for (const Size &size : {Size{16, 16}, Size{16, 400}, Size{400, 16}, Size{360, 640}, Size{1920, 1080}}) {
        Studio studio(size);
        studio.add_camera("Somebody");
        studio.brand([](Branding &b) {
            b.background.bitmap = flat_bitmap({1, 1}, 0xff203040);
            b.watermark.bitmap = flat_bitmap({1, 4000}, 0x80808080);
            b.lower_third = std::string(3000, 'w') + "\n" + std::string(3000, 'w');
            b.ticker = std::string(3000, 'w');
            b.slate = std::string(3000, 'w');
            b.slate_mode = SlateMode::Always;
            b.countdown_ms = Studio::kUtcUs / 1000 + 600'000'000;
            b.countdown_label = std::string(3000, 'w');
        });
        studio.shoot(0);
        studio.shoot(kSecond);
        studio.brand([](Branding &b) { b.slate_mode = SlateMode::Auto; });
        studio.shoot(2 * kSecond);
    }
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/branding/watermark/positions", test_watermark_positions);
    g_test_add_func("/branding/watermark/opacity-size", test_watermark_opacity_and_size);
    g_test_add_func("/branding/backdrop", test_backdrop_covers_the_canvas);
    g_test_add_func("/branding/ticker/speed", test_ticker_runs_evenly);
    g_test_add_func("/branding/ticker/kinds", test_ticker_directions_and_speeds);
    g_test_add_func("/branding/lower-third", test_lower_third_comes_and_goes);
    g_test_add_func("/branding/countdown/text", test_countdown_text);
    g_test_add_func("/branding/countdown/runs", test_countdown_runs_and_ends);
    g_test_add_func("/branding/countdown/absurd", test_countdown_survives_absurd_targets);
    g_test_add_func("/branding/slate", test_slate_modes);
    g_test_add_func("/branding/labels-stay-readable", test_labels_stay_readable);
    g_test_add_func("/branding/frozen", test_frozen_picture);
    g_test_add_func("/branding/frozen-once", test_frozen_picture_is_kept);
    g_test_add_func("/branding/sound-alone", test_sound_alone_has_a_face);
    g_test_add_func("/branding/avatar-and-marks", test_avatar_and_marks);
    g_test_add_func("/branding/scripts", test_scripts_have_fonts);
    g_test_add_func("/branding/nothing-drawn-twice", test_nothing_is_drawn_twice);
    g_test_add_func("/branding/any-canvas", test_any_canvas);
    return g_test_run();
}
