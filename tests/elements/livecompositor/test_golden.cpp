// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Golden frames. What is compared are the mean colours of areas of 10x10 px, so that another version of a font does not
// matter; that this still sees what a case is about is shown by the same picture without it, which must not pass.
//
// GOLDEN_WRITE=1 writes the pictures instead (and 640x360 ones beside them into GOLDEN_LOOK to look at).

#include "livecompositor/image_file.h"
#include "studio.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

#include <array>
#include <cmath>

using namespace livecompositor;

namespace {

constexpr Size kCanvas{640, 360};
constexpr int kCell = 10;          // px
constexpr int kCellTolerance = 36; // of one area, per channel: a line of text that is set a little wider
constexpr double kMeanTolerance = 1.2;

using Cells = std::vector<Rgb>;
constexpr Size kCells{kCanvas.w / kCell, kCanvas.h / kCell};

Cells cells_of(const Picture &picture) {
    Cells cells;
    for (int y = 0; y < kCanvas.h; y += kCell) {
        for (int x = 0; x < kCanvas.w; x += kCell)
            cells.push_back(mean_of(picture, {x, y, kCell, kCell}));
    }
    return cells;
}

struct Difference {
    int most = 0;
    double mean = 0;
    bool passes() const { return most <= kCellTolerance && mean <= kMeanTolerance; }
};
Difference compare(const Cells &a, const Cells &b) {
    Difference d;
    for (size_t i = 0; i < a.size(); ++i) {
        for (const int by : {a[i].r - b[i].r, a[i].g - b[i].g, a[i].b - b[i].b}) {
            d.most = std::max(d.most, std::abs(by));
            d.mean += std::abs(by) / (3.0 * double(a.size()));
        }
    }
    return d;
}

struct Case {
    const char *name;
    void (*set)(Studio &studio);      ///< what the case is about, at the time 1 s
    TimeNs time = 4 * kSecond;        ///< of the picture
    void (*also)(Studio &) = nullptr; ///< with and without
};

void label(Studio &studio, const char *text) {
    studio.set(*studio.scene().tiles.at(0).source, [text](PadSettings &s) { s.label = text; });
}
void pad(Studio &studio, const std::function<void(PadSettings &)> &edit) {
    studio.set(*studio.scene().tiles.at(0).source, edit);
}
void brand(Studio &studio, const std::function<void(Branding &)> &edit) {
    studio.brand(edit);
}
void mark(Studio &studio, Spot spot, double opacity) {
    brand(studio, [=](Branding &b) {
        b.watermark.bitmap = flat_bitmap({160, 90}, 0xffff8800);
        b.watermark_spot = spot;
        b.watermark_opacity = opacity;
    });
}
void mute_sound(Studio &studio) {
    const auto sound = std::make_shared<AudioSource>(0u);
    sound->settings.muted = true;
    studio.board.add(sound);
}

const std::array kCases{
    Case{"label-latin", [](Studio &s) { label(s, "Zo\xc3\xab \xc5\x81ukasz"); }},
    Case{"label-greek", [](Studio &s) { label(s, "\xce\x91\xce\xbb\xce\xad\xce\xbe\xce\xb7\xcf\x82"); }},
    Case{"label-cyrillic", [](Studio &s) { label(s, "\xd0\xae\xd0\xbb\xd1\x96\xd1\x8f \xd0\x9a"); }},
    Case{"label-arabic", [](Studio &s) { label(s, "\xd8\xa3\xd8\xad\xd9\x85\xd8\xaf \xd8\xb9\xd9\x84\xd9\x8a"); }},
    Case{"label-devanagari", [](Studio &s) { label(s, "\xe0\xa4\x85\xe0\xa4\xa8\xe0\xa4\xbf\xe0\xa4\xb2"); }},
    Case{"label-han", [](Studio &s) { label(s, "\xe5\xb1\xb1\xe7\x94\xb0\xe5\xa4\xaa\xe9\x83\x8e"); }},
    Case{"label-emoji", [](Studio &s) { label(s, "\xf0\x9f\x98\x80\xf0\x9f\x8e\x89\xf0\x9f\x9a\x80"); }},
    Case{"muted-microphone", mute_sound},
    Case{"raised-hand", [](Studio &s) { pad(s, [](PadSettings &p) { p.hand = true; }); }},
    Case{"camera-off", [](Studio &s) { pad(s, [](PadSettings &p) { p.muted = true; }); }},
    Case{"initials", [](Studio &s) { label(s, "Ann Lee"); }, 4 * kSecond,
         [](Studio &s) { pad(s, [](PadSettings &p) { p.muted = true; }); }},
    Case{"avatar", [](Studio &s) { pad(s, [](PadSettings &p) {
                                       p.avatar.bitmap = flat_bitmap({9, 9}, 0xff00c080);
                                   }); },
         4 * kSecond, [](Studio &s) { pad(s, [](PadSettings &p) { p.muted = true; }); }},
    Case{"frozen", [](Studio &s) { s.stop(*s.scene().tiles.at(0).source); }},
    Case{"watermark-top-left", [](Studio &s) { mark(s, Spot::TopLeft, 1); }},
    Case{"watermark-bottom-right-half", [](Studio &s) { mark(s, Spot::BottomRight, 0.5); }},
    Case{"watermark-center-faint", [](Studio &s) { mark(s, Spot::Center, 0.3); }},
    Case{"lower-third", [](Studio &s) { brand(s, [](Branding &b) { b.lower_third = "Ann Lee\nScience"; }); }},
    Case{"lower-third-enters", [](Studio &s) { brand(s, [](Branding &b) { b.lower_third = "Ann Lee\nScience"; }); },
         kSecond + 233 * kMs,
         [](Studio &s) { s.board.change([](Settings &t) { t.layout.kind = LayoutKind::Spotlight; }); }},
    Case{"ticker", [](Studio &s) { brand(s, [](Branding &b) { b.ticker = "Doors open at eight"; }); }},
    Case{"ticker-later", [](Studio &s) { brand(s, [](Branding &b) { b.ticker = "Doors open at eight"; }); },
         8 * kSecond},
    Case{"countdown",
         [](Studio &s) {
             brand(s, [](Branding &b) {
                 b.countdown_ms = Studio::kUtcUs / 1000 + 758'900;
                 b.countdown_label = "Starts in";
             });
         }},
    Case{"countdown-alone", [](Studio &s) { brand(s, [](Branding &b) { b.slate_mode = SlateMode::Always; }); },
         4 * kSecond,
         [](Studio &s) { brand(s, [](Branding &b) { b.countdown_ms = Studio::kUtcUs / 1000 + 758'900; }); }},
    Case{"be-right-back",
         [](Studio &s) {
             brand(s, [](Branding &b) {
                 b.slate = "Be right back";
                 b.slate_image.bitmap = flat_bitmap({16, 9}, 0xff3a2c70);
                 b.slate_mode = SlateMode::Always;
             });
         }},
    Case{"backdrop",
         [](Studio &s) { brand(s, [](Branding &b) {
                             b.background.bitmap = flat_bitmap({16, 9}, 0xff3a2c70);
                         }); }},
    Case{"transition", [](Studio &s) { s.board.change([](Settings &t) { t.layout.kind = LayoutKind::Sidebar; }); },
         kSecond + 133 * kMs, [](Studio &s) { s.board.change([](Settings &t) { t.motion.ms = 300; }); }},
    Case{"transition-ends", [](Studio &s) { s.board.change([](Settings &t) { t.layout.kind = LayoutKind::Sidebar; }); },
         4 * kSecond},
};

Cells shoot(const Case &test, bool with, Studio &studio) {
    studio.add_camera();
    studio.add_camera();
    studio.add_camera();
    studio.shoot(0);
    studio.shoot_until(kSecond);
    if (test.also)
        test.also(studio);
    if (with)
        test.set(studio);
    return cells_of(studio.shoot_until(test.time));
}

std::string file_of(const Case &test) {
    gchar *path = g_test_build_filename(G_TEST_DIST, "golden", (std::string(test.name) + ".png").c_str(), nullptr);
    std::string result = path;
    g_free(path);
    return result;
}

void write_png(const std::string &path, Size size, const std::function<Rgb(int x, int y)> &color) {
    GdkPixbuf *pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, size.w, size.h);
    for (int y = 0; y < size.h; ++y) {
        for (int x = 0; x < size.w; ++x) {
            const Rgb c = color(x, y);
            guchar *p = gdk_pixbuf_get_pixels(pixbuf) + y * gdk_pixbuf_get_rowstride(pixbuf) + x * 3;
            p[0] = static_cast<guchar>(c.r), p[1] = static_cast<guchar>(c.g), p[2] = static_cast<guchar>(c.b);
        }
    }
    g_assert_true(gdk_pixbuf_save(pixbuf, path.c_str(), "png", nullptr, nullptr));
    g_object_unref(pixbuf);
}

Cells read_golden(const std::string &path) {
    const LoadedImage image = load_image(path, kCanvas.w);
    if (!image.bitmap)
        g_error("%s", image.error.c_str());
    g_assert_true(image.bitmap->size == kCells);
    Cells cells;
    for (const uint32_t p : image.bitmap->pixels)
        cells.push_back({static_cast<int>(p >> 16 & 255), static_cast<int>(p >> 8 & 255), static_cast<int>(p & 255)});
    return cells;
}

void write(const Case &test, const Cells &cells, const Picture &whole) {
    write_png(file_of(test), kCells, [&](int x, int y) { return cells[static_cast<size_t>(y * kCells.w + x)]; });
    if (const char *look = g_getenv("GOLDEN_LOOK"))
        write_png(std::string(look) + "/" + test.name + ".png", kCanvas,
                  [&](int x, int y) { return rgb_at(whole, x, y); });
}

void test_case(gconstpointer data) {
    const Case &test = *static_cast<const Case *>(data);
    Studio with, without;
    const Cells cells = shoot(test, true, with);
    if (g_getenv("GOLDEN_WRITE"))
        write(test, cells, with.shoot(test.time));
    const Cells golden = read_golden(file_of(test));
    const Difference same = compare(cells, golden);
    if (!same.passes())
        g_error("%s differs: %d at most, %.2f in the mean", test.name, same.most, same.mean);
    if (compare(shoot(test, false, without), golden).passes())
        g_error("%s passes without it", test.name);
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    for (const Case &test : kCases)
        g_test_add_data_func((std::string("/golden/") + test.name).c_str(), &test, test_case);
    return g_test_run();
}
