// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Image files: what is taken, how it comes out, and what is said about the rest.

#include "livecompositor/image_file.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include <functional>

using namespace livecompositor;

namespace {

using Bytes = std::vector<uint8_t>;

struct Rgba {
    uint8_t r, g, b, a;
};

/// An encoded picture; `paint` says the colour of each pixel.
Bytes encode(const char *type, int w, int h, bool alpha, const std::function<Rgba(int x, int y)> &paint) {
    GdkPixbuf *pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, alpha, 8, w, h);
    const int channels = alpha ? 4 : 3;
    for (int y = 0; y < h; ++y) {
        for (int x = 0; x < w; ++x) {
            guchar *p = gdk_pixbuf_get_pixels(pixbuf) + y * gdk_pixbuf_get_rowstride(pixbuf) + x * channels;
            const Rgba c = paint(x, y);
            p[0] = c.r, p[1] = c.g, p[2] = c.b;
            if (alpha)
                p[3] = c.a;
        }
    }
    gchar *data = nullptr;
    gsize size = 0;
    g_assert_true(gdk_pixbuf_save_to_buffer(pixbuf, &data, &size, type, nullptr, nullptr));
    Bytes bytes(data, data + size);
    g_free(data);
    g_object_unref(pixbuf);
    return bytes;
}

Rgba half_red(int, int) {
    return {255, 0, 0, 128};
}
/// Red on the left, blue on the right.
Rgba two_sides(int x, int) {
    return x < 32 ? Rgba{255, 0, 0, 255} : Rgba{0, 0, 255, 255};
}

bool is_red(uint32_t p) {
    return (p >> 16 & 255) > 200 && (p & 255) < 60;
}

void test_png_keeps_alpha() {
    const LoadedImage image = decode_image("x", encode("png", 10, 6, true, half_red), 100);
    g_assert_cmpstr(image.error.c_str(), ==, "");
    g_assert_true((image.bitmap->size == Size{10, 6}));
    for (uint32_t p : image.bitmap->pixels)
        g_assert_cmphex(p, ==, 0x80800000); // premultiplied
}

void test_jpeg() {
    const LoadedImage image = decode_image("x", encode("jpeg", 64, 48, false, two_sides), 100);
    g_assert_true((image.bitmap->size == Size{64, 48}));
    g_assert_true(is_red(image.bitmap->pixels[4]));
    g_assert_false(is_red(image.bitmap->pixels[60]));
}

/// EXIF orientation 6: the camera was turned, row 0 is the right side.
void test_exif_orientation() {
    Bytes jpeg = encode("jpeg", 64, 48, false, two_sides);
    const Bytes exif{0xff, 0xe1, 0,    34, 'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8,
                     0,    1,    0x01, 18, 0,   3,   0,   0,   0, 1, 0,   6,   0, 0,  0, 0, 0, 0};
    jpeg.insert(jpeg.begin() + 2, exif.begin(), exif.end());
    const LoadedImage image = decode_image("x", jpeg, 100);
    g_assert_cmpstr(image.error.c_str(), ==, "");
    g_assert_true((image.bitmap->size == Size{48, 64}));
    g_assert_true(is_red(image.bitmap->pixels[48 * 4 + 24])); // what was left is on top
    g_assert_false(is_red(image.bitmap->pixels[48 * 60 + 24]));
}

void test_shrinks_and_keeps_shape() {
    const LoadedImage image = decode_image("x", encode("png", 400, 100, true, half_red), 80);
    g_assert_true((image.bitmap->size == Size{80, 20}));
    g_assert_cmphex(image.bitmap->pixels[80 * 10 + 40], ==, 0x80800000);
    g_assert_true((decode_image("x", encode("png", 2000, 1, true, half_red), 80).bitmap->size == Size{80, 1}));
}

void assert_error(const LoadedImage &image, const char *part) {
    g_assert_null(image.bitmap.get());
    if (!strstr(image.error.c_str(), part))
        g_error("'%s' does not say '%s'", image.error.c_str(), part);
}

/// A whole PNG whose header claims another size.
Bytes lying_png(uint32_t w, uint32_t h) {
    Bytes png = encode("png", 8, 8, true, half_red);
    for (int i = 0; i < 4; ++i) {
        png[static_cast<size_t>(16 + i)] = static_cast<uint8_t>(w >> (24 - 8 * i));
        png[static_cast<size_t>(20 + i)] = static_cast<uint8_t>(h >> (24 - 8 * i));
    }
    png[29] = 0; // the sum no longer fits, which must not matter before the size is seen
    return png;
}

void test_what_is_refused() {
    const std::string text = "not an image at all, but long enough to be one";
    assert_error(decode_image("n.txt", Bytes(text.begin(), text.end()), 100), "'n.txt' is not a PNG or JPEG");
    assert_error(decode_image("n", {}, 100), "is not a PNG or JPEG");
    assert_error(decode_image("n", encode("png", 4097, 2, false, two_sides), 100), "4097x2: shrink it to at most 4096");
    assert_error(decode_image("n", encode("jpeg", 2, 5000, false, two_sides), 100), "2x5000");
    assert_error(decode_image("n", lying_png(60000, 60000), 100), "n");
    Bytes cut = encode("jpeg", 64, 48, false, two_sides);
    cut.resize(100);
    assert_error(decode_image("n", cut, 100), "cannot be decoded");
    Bytes scans = encode("jpeg", 16, 16, false, two_sides);
    for (int i = 0; i < 100; ++i)
        scans.insert(scans.end(), {0xff, 0xda});
    assert_error(decode_image("n", scans, 100), "too many scans");
}

void test_files() {
    gchar *directory = g_dir_make_tmp("image-XXXXXX", nullptr);
    const std::string base = directory;
    assert_error(load_image(base + "/none.png", 100), "No such file");
    assert_error(load_image(base, 100), "not a regular file");
    g_assert_cmpint(mkfifo((base + "/fifo").c_str(), 0600), ==, 0);
    assert_error(load_image(base + "/fifo", 100), "not a regular file"); // and does not wait for a writer
    const std::string file = base + "/image";
    g_assert_true(g_file_set_contents(file.c_str(), "", 0, nullptr));
    assert_error(load_image(file, 100), "is not a PNG or JPEG");
    g_assert_cmpint(truncate(file.c_str(), kMaxImageBytes + 1), ==, 0);
    assert_error(load_image(file, 100), "larger than 8 MiB");
    const Bytes png = encode("png", 8, 8, true, half_red);
    const auto *data = reinterpret_cast<const gchar *>(png.data());
    g_assert_true(g_file_set_contents(file.c_str(), data, static_cast<gssize>(png.size()), nullptr));
    g_assert_nonnull(load_image(file, 100).bitmap.get());
    g_remove(file.c_str());
    g_remove((base + "/fifo").c_str());
    g_rmdir(directory);
    g_free(directory);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/image/png", test_png_keeps_alpha);
    g_test_add_func("/image/jpeg", test_jpeg);
    g_test_add_func("/image/exif", test_exif_orientation);
    g_test_add_func("/image/shrinks", test_shrinks_and_keeps_shape);
    g_test_add_func("/image/refused", test_what_is_refused);
    g_test_add_func("/image/files", test_files);
    return g_test_run();
}
