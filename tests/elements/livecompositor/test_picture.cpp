// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Scaling, painting and artwork on plain pixels.

#include "livecompositor/artwork.h"
#include "livecompositor/halve.h"
#include "livecompositor/image_pool.h"
#include "livecompositor/paint.h"
#include "livecompositor/scaler.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <cmath>

using namespace livecompositor;

namespace {

std::vector<uint8_t> noise(int bytes, guint32 seed) {
    GRand *rand = g_rand_new_with_seed(seed);
    std::vector<uint8_t> out(static_cast<size_t>(bytes));
    for (uint8_t &b : out)
        b = static_cast<uint8_t>(g_rand_int(rand));
    g_rand_free(rand);
    return out;
}

double reference(const std::vector<uint8_t> &s, Size from, Size to, int x, int y) {
    const auto clamp = [](double v, int n) { return std::clamp(v, 0.0, n - 1.0); };
    const double sx = clamp((x + 0.5) * from.w / to.w - 0.5, from.w),
                 sy = clamp((y + 0.5) * from.h / to.h - 0.5, from.h);
    const int x0 = static_cast<int>(sx), y0 = static_cast<int>(sy);
    const int x1 = std::min(x0 + 1, from.w - 1), y1 = std::min(y0 + 1, from.h - 1);
    const auto at = [&](int px, int py) { return double(s[static_cast<size_t>(py * from.w + px)]); };
    const double top = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * (sx - x0);
    const double low = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * (sx - x0);
    return top + (low - top) * (sy - y0);
}

void test_bilinear() {
    const std::array<std::pair<Size, Size>, 9> cases{{{{960, 720}, {624, 468}},
                                                      {{64, 48}, {64, 48}},
                                                      {{63, 47}, {41, 31}},
                                                      {{100, 100}, {50, 99}},
                                                      {{17, 3}, {129, 65}},
                                                      {{1, 1}, {9, 7}},
                                                      {{2, 2}, {7, 7}},
                                                      {{1000, 4}, {20, 4}},
                                                      {{33, 90}, {17, 10}}}};
    for (const auto &[from, to] : cases) {
        const auto source = noise(from.w * from.h, 7);
        std::vector<uint8_t> out(static_cast<size_t>(to.w * to.h));
        PlaneScaler(from, to).scale(source.data(), from.w, out.data(), to.w);
        for (int y = 0; y < to.h; ++y) {
            for (int x = 0; x < to.w; ++x) // the weights have six bits
                g_assert_cmpfloat(std::abs(out[static_cast<size_t>(y * to.w + x)] - reference(source, from, to, x, y)),
                                  <=, 6);
        }
    }
}

/// Every sample, for widths with and without a rest behind the vectors.
void test_halve() {
    for (const Size &to : {Size{640, 4}, Size{606, 6}, Size{34, 18}, Size{2, 2}}) {
        Image source({2 * to.w, 2 * to.h}), half(to);
        const Picture s = source.picture(), h = half.picture();
        const auto bytes = noise(s.stride[0] * 2 * to.h * 3 / 2, static_cast<guint32>(to.w));
        std::copy(bytes.begin(), bytes.end(), s.data[0]);
        halve(s, h);
        for (int p = 0; p < 3; ++p) {
            for (int y = 0; y < to.h >> !!p; ++y) {
                for (int x = 0; x < to.w >> !!p; ++x) {
                    const uint8_t *const from = s.data[p] + 2 * y * s.stride[p] + 2 * x;
                    const int mean = (from[0] + from[1] + from[s.stride[p]] + from[s.stride[p] + 1] + 2) / 4;
                    g_assert_cmpint(h.data[p][y * h.stride[p] + x], ==, mean);
                }
            }
        }
    }
}

void test_pool() {
    ImagePool pool;
    auto first = pool.take({64, 36});
    const auto second = pool.take({64, 36});
    const Image *const was = first.get();
    g_assert_true(was != second.get());
    first.reset();
    first = pool.take({64, 36});
    g_assert_true(first.get() == was);
    first.reset();
    first = pool.take({32, 18}); // forgets the others
    g_assert_true(first->size() == (Size{32, 18}));
    pool = ImagePool(); // what is out stays usable
    fill(first->picture(), {0, 0, 32, 18}, {1, 2, 3});
}

GstBuffer *flat(const GstVideoInfo &info, uint8_t value) {
    GstBuffer *buffer = gst_buffer_new_allocate(nullptr, info.size, nullptr);
    gst_buffer_memset(buffer, 0, value, info.size);
    return buffer;
}

/// Every way through the scaler leaves a tile that is filled to its edges.
void test_scaler_fills_the_tile() {
    const std::array<Size, 8> sources{
        {{1280, 720}, {640, 360}, {641, 361}, {2, 2}, {3840, 2160}, {90, 1600}, {612, 344}, {16, 16}}};
    const std::array<Size, 7> tiles{{{612, 344}, {306, 172}, {640, 360}, {2, 2}, {1280, 720}, {402, 226}, {270, 202}}};
    for (Fit fit : {Fit::Auto, Fit::Cover, Fit::Contain}) {
        for (const Size &source : sources) {
            GstVideoInfo info;
            gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, static_cast<guint>(source.w),
                                      static_cast<guint>(source.h));
            GstBuffer *buffer = flat(info, 0x77);
            for (const Size &size : tiles) {
                const Target target{size, fit, {0, 0, 0}};
                Image tile(size);
                const Picture p = tile.picture();
                fill(p, {0, 0, size.w, size.h}, {1, 1, 1});
                Scaler scaler;
                g_assert_true(scaler.scale(buffer, info, target, p));
                for (int plane = 0; plane < 3; ++plane) {
                    for (int y = 0; y < size.h >> !!plane; ++y) {
                        for (int x = 0; x < size.w >> !!plane; ++x) {
                            const int v = p.data[plane][y * p.stride[plane] + x];
                            g_assert_true(v == 0x77 || (fit != Fit::Cover && v == (plane ? 128 : 16)));
                        }
                    }
                }
                g_assert_cmpint(p.data[0][size.h / 2 * p.stride[0] + size.w / 2], ==, 0x77);
            }
            gst_buffer_unref(buffer);
        }
    }
}

void test_painting_is_clipped() {
    Image canvas({64, 64}), big({128, 128});
    const Picture p = canvas.picture();
    fill(p, {0, 0, 64, 64}, {16, 128, 128});
    fill(big.picture(), {0, 0, 128, 128}, {200, 90, 90});
    const std::vector<uint8_t> argb(40 * 40 * 4, 0xff);
    const Sprite sprite = Sprite::from_argb(argb.data(), 160, {40, 40});
    for (int at : {-200, -128, -20, 0, 30, 62, 64, 500}) {
        copy_rounded(p, at, at, big.picture(), CornerMask(12));
        fill_rounded(p, {at, at, 90, 90}, {100, 100, 100}, CornerMask(30));
        blend(p, at, at, sprite);
        blend(p, at, at, sprite, 100);
    }
    fill_rounded(p, {0, 0, 8, 8}, {1, 2, 3}, CornerMask(20)); // more radius than rectangle
    g_assert_cmpint(p.data[0][0], ==, 1);
}

void test_corners() {
    Image canvas({64, 64});
    const Picture p = canvas.picture();
    fill(p, {0, 0, 64, 64}, {16, 128, 128});
    fill_rounded(p, {0, 0, 64, 64}, {235, 128, 128}, CornerMask(16));
    const auto luma = [&](int x, int y) { return int{p.data[0][y * p.stride[0] + x]}; };
    for (const auto &[x, y] : std::array<std::pair<int, int>, 4>{{{0, 0}, {63, 0}, {0, 63}, {63, 63}}})
        g_assert_cmpint(luma(x, y), ==, 16);
    g_assert_cmpint(luma(32, 0), ==, 235);
    g_assert_cmpint(luma(0, 32), ==, 235);
    g_assert_cmpint(luma(16, 16), ==, 235);
    const int edge = luma(4, 5); // smooth, not stairs
    g_assert_true(edge > 16 && edge < 236);
}

void test_colors() {
    const Yuv white = to_yuv({255, 255, 255}), black = to_yuv({0, 0, 0}), red = to_yuv({255, 0, 0});
    g_assert_true(white == (Yuv{235, 128, 128}));
    g_assert_true(black == (Yuv{16, 128, 128}));
    g_assert_cmpint(std::abs(red.y - 63), <=, 1); // BT.709
    g_assert_cmpint(std::abs(red.u - 102), <=, 1);
    g_assert_cmpint(std::abs(red.v - 240), <=, 1);
    g_assert_true(parse_color("#1a2b3c") == (Color{0x1a, 0x2b, 0x3c}));
    g_assert_true(parse_color("0xff1a2b3c") == (Color{0x1a, 0x2b, 0x3c}));
    g_assert_true(parse_color("#801a2b3c") == (Color{0x1a, 0x2b, 0x3c}));
    g_assert_true(parse_color("navy") == (Color{0, 0, 0x80}));
    for (const char *bad : {"", "#12", "0x", "blurple", "#gggggg", "#1234567890123"})
        g_assert_false(parse_color(bad).has_value());
}

void test_initials() {
    const std::array<std::pair<const char *, const char *>, 16> cases{
        {{"Ann Lee", "AL"},
         {"bo", "B"},
         {"Jean-Luc Picard", "JL"},
         {"", ""},
         {"  \t ", ""},
         {"\xc3\xa7"
          "elik \xc3\xb6z",
          "\xc3\x87\xc3\x96"},
         {"\xe5\xb1\xb1\xe7\x94\xb0", "\xe5\xb1\xb1"},
         {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
         {"...", ""},
         {"\xf0\x9f\x8e\x89 Ann", "A"},
         // a family and a flag are one letter each
         {"\xf0\x9f\x91\xa9\xe2\x80\x8d"
          "\xf0\x9f\x91\xa7 \xf0\x9f\x98\x80",
          "\xf0\x9f\x91\xa9\xe2\x80\x8d"
          "\xf0\x9f\x91\xa7"},
         {"\xf0\x9f\x87\xa8\xf0\x9f\x87\xbf"
          "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa",
          "\xf0\x9f\x87\xa8\xf0\x9f\x87\xbf"},
         // Devanagari: a letter keeps its vowel sign
         {"\xe0\xa4\xa8\xe0\xa4\xbf\xe0\xa4\xb2", "\xe0\xa4\xa8\xe0\xa4\xbf"},
         {"\xd0\xb0\xd0\xbd\xd0\xbd\xd0\xb0", "\xd0\x90"},
         // Arabic: two letters are not joined
         {"\xd8\xa3\xd8\xad \xd8\xb9\xd9\x84", "\xd8\xa3\xe2\x80\x8c\xd8\xb9"},
         {"\xff\xfe x", "X"}}};
    for (const auto &[label, expected] : cases) {
        const std::string got = initials(label);
        g_assert_cmpstr(got.c_str(), ==, expected);
    }
}

void test_labels() {
    g_assert_null(draw_label({}, {640, 360}).get());
    g_assert_nonnull(draw_label({"", true, false}, {640, 360}).get());
    g_assert_nonnull(draw_label({"", false, true}, {640, 360}).get());
    g_assert_null(draw_label({"Ann"}, {16, 16}).get()); // no room
    const std::string endless(100000, 'w');
    for (const std::string &text : {endless, std::string("\xff\xff bad \x80"), std::string("two\nlines\tand\x01")}) {
        const auto label = draw_label({text, true, true}, {320, 180});
        g_assert_nonnull(label.get());
        g_assert_cmpint(label->size.w, <=, 320);
        g_assert_cmpint(label->size.h, <=, 60);
    }
    for (const Size &tile : {Size{2, 2}, Size{16, 400}, Size{7680, 4320}})
        g_assert_nonnull(draw_badge("Ann Lee", 0, nullptr, tile).get());
}

} // namespace

int main(int argc, char **argv) {
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/picture/bilinear", test_bilinear);
    g_test_add_func("/picture/halve", test_halve);
    g_test_add_func("/picture/pool", test_pool);
    g_test_add_func("/picture/scaler", test_scaler_fills_the_tile);
    g_test_add_func("/picture/clipping", test_painting_is_clipped);
    g_test_add_func("/picture/corners", test_corners);
    g_test_add_func("/picture/colors", test_colors);
    g_test_add_func("/picture/initials", test_initials);
    g_test_add_func("/picture/labels", test_labels);
    return g_test_run();
}
