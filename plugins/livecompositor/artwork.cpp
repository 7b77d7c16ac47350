// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/artwork.h"

#include <cairo.h>
#include <glib.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace livecompositor {

namespace {

constexpr double kPi = 3.14159265358979;
constexpr double kMinFont = 11, kMaxFont = 24; // px: readable on a phone, modest on a big tile
// Same lightness, so that white initials stay readable on each.
constexpr std::array<Color, 8> kCircles{{{0x3d, 0x7a, 0xd6},
                                         {0x8e, 0x55, 0xc9},
                                         {0xc2, 0x48, 0x7f},
                                         {0xc7, 0x5b, 0x39},
                                         {0x9a, 0x7b, 0x1f},
                                         {0x3f, 0x8f, 0x57},
                                         {0x1f, 0x8a, 0x96},
                                         {0x5f, 0x6c, 0x86}}};

struct Cairo {
    explicit Cairo(Size size)
        : surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size.w, size.h)), cr(cairo_create(surface)) {}
    Cairo(const Cairo &) = delete;
    Cairo &operator=(const Cairo &) = delete;
    ~Cairo() {
        cairo_destroy(cr);
        cairo_surface_destroy(surface);
    }
    Sprite sprite() const {
        cairo_surface_flush(surface);
        return Sprite::from_argb(cairo_image_surface_get_data(surface), cairo_image_surface_get_stride(surface),
                                 {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface)});
    }
    void color(Color c, double alpha = 1) { cairo_set_source_rgba(cr, c.r / 255.0, c.g / 255.0, c.b / 255.0, alpha); }

    cairo_surface_t *surface;
    cairo_t *cr;
};

/// One line of text, cut with an ellipsis.
class Text {
  public:
    Text(cairo_t *cr, const std::string &text, double px, int max_width, PangoWeight weight)
        : layout_(pango_cairo_create_layout(cr)) {
        PangoFontDescription *font = pango_font_description_from_string("sans-serif");
        pango_font_description_set_absolute_size(font, px * PANGO_SCALE);
        pango_font_description_set_weight(font, weight);
        pango_layout_set_font_description(layout_, font);
        pango_font_description_free(font);
        pango_layout_set_single_paragraph_mode(layout_, TRUE);
        pango_layout_set_ellipsize(layout_, PANGO_ELLIPSIZE_END);
        pango_layout_set_width(layout_, max_width * PANGO_SCALE);
        gchar *valid = g_utf8_make_valid(text.c_str(), static_cast<gssize>(text.size()));
        pango_layout_set_text(layout_, valid, -1);
        g_free(valid);
        PangoRectangle extents; // right-to-left text stands at the right end of the width
        pango_layout_get_pixel_extents(layout_, nullptr, &extents);
        size_ = {extents.width, extents.height};
        left_ = extents.x;
    }
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;
    ~Text() { g_object_unref(layout_); }
    Size size() const { return size_; }
    void show(cairo_t *cr, double x, double y) const {
        cairo_move_to(cr, x - left_, y);
        pango_cairo_show_layout(cr, layout_);
    }

  private:
    PangoLayout *layout_;
    Size size_;
    int left_ = 0;
};

void rounded_rectangle(cairo_t *cr, double w, double h, double r) {
    cairo_new_sub_path(cr);
    cairo_arc(cr, w - r, r, r, -kPi / 2, 0);
    cairo_arc(cr, w - r, h - r, r, 0, kPi / 2);
    cairo_arc(cr, r, h - r, r, kPi / 2, kPi);
    cairo_arc(cr, r, r, r, kPi, 3 * kPi / 2);
    cairo_close_path(cr);
}

/// A crossed-out microphone in a square of side s at (x, y).
void draw_muted_microphone(cairo_t *cr, double x, double y, double s) {
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_scale(cr, s / 24, s / 24);
    cairo_set_source_rgb(cr, 1, 0.42, 0.42);
    cairo_set_line_width(cr, 2);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
    cairo_arc(cr, 12, 6, 3, kPi, 0); // capsule
    cairo_arc(cr, 12, 11, 3, 0, kPi);
    cairo_close_path(cr);
    cairo_stroke(cr);
    cairo_arc(cr, 12, 11, 7, 0.1, kPi - 0.1); // stand
    cairo_move_to(cr, 12, 18);
    cairo_line_to(cr, 12, 22);
    cairo_move_to(cr, 3, 3); // slash
    cairo_line_to(cr, 21, 21);
    cairo_stroke(cr);
    cairo_restore(cr);
}

std::optional<Size> png_size(const guint8 *data, gsize size) {
    constexpr std::array<guint8, 8> kSignature{0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a};
    if (size < 24 || !std::equal(kSignature.begin(), kSignature.end(), data))
        return std::nullopt;
    const auto word = [data](int at) { return data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]; };
    return Size{word(16), word(20)}; // IHDR comes first (PNG 3rd ed., 5.6)
}

struct PngReader {
    const guint8 *data;
    gsize left;
    static cairo_status_t read(void *self, unsigned char *to, unsigned int n) {
        auto *r = static_cast<PngReader *>(self);
        if (n > r->left)
            return CAIRO_STATUS_READ_ERROR;
        std::copy_n(r->data, n, to);
        r->data += n;
        r->left -= n;
        return CAIRO_STATUS_SUCCESS;
    }
};

std::shared_ptr<const Sprite> shrunk(cairo_surface_t *png, Size limit) {
    const int w = cairo_image_surface_get_width(png), h = cairo_image_surface_get_height(png);
    const double scale = std::min({1.0, limit.w / double(w), limit.h / double(h)});
    Cairo c({std::max(1, static_cast<int>(w * scale)), std::max(1, static_cast<int>(h * scale))});
    cairo_scale(c.cr, scale, scale);
    cairo_set_source_surface(c.cr, png, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c.cr), CAIRO_FILTER_BEST);
    cairo_paint(c.cr);
    return std::make_shared<const Sprite>(c.sprite());
}

Watermark decode_watermark(const std::string &path, const guint8 *bytes, gsize length, Size limit) {
    constexpr int kMaxSide = 4096;
    const auto size = png_size(bytes, length);
    if (!size)
        return {nullptr, "'" + path + "' is not a PNG image"};
    if (size->w < 1 || size->h < 1 || size->w > kMaxSide || size->h > kMaxSide)
        return {nullptr, "'" + path + "' is " + std::to_string(size->w) + "x" + std::to_string(size->h) +
                             ", a watermark has 1 to 4096 pixels a side"};
    PngReader reader{bytes, length};
    cairo_surface_t *png = cairo_image_surface_create_from_png_stream(PngReader::read, &reader);
    Watermark result;
    if (cairo_surface_status(png) == CAIRO_STATUS_SUCCESS)
        result.sprite = shrunk(png, limit);
    else
        result.error = "'" + path + "' cannot be decoded: " + cairo_status_to_string(cairo_surface_status(png));
    cairo_surface_destroy(png);
    return result;
}

} // namespace

const Palette &palette(bool light) {
    static const Palette kDark{{0x0f, 0x12, 0x17}, {0x20, 0x26, 0x2f}, {0x4c, 0x9b, 0xff}};
    static const Palette kLight{{0xf1, 0xf3, 0xf7}, {0xd5, 0xdb, 0xe4}, {0x1f, 0x6f, 0xe5}};
    return light ? kLight : kDark;
}

std::optional<Color> parse_color(const std::string &text) {
    const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    std::string name = hex ? "#" + text.substr(2) : text;
    if (name.size() == 9 && name[0] == '#')
        name.erase(1, 2); // alpha
    PangoColor color;
    if (!pango_color_parse(&color, name.c_str()))
        return std::nullopt;
    return Color{static_cast<uint8_t>(color.red >> 8), static_cast<uint8_t>(color.green >> 8),
                 static_cast<uint8_t>(color.blue >> 8)};
}

std::string initials(const std::string &label) {
    std::string result;
    gchar *valid = g_utf8_make_valid(label.c_str(), static_cast<gssize>(label.size()));
    bool start = true;
    int count = 0;
    for (const gchar *p = valid; *p && count < 2; p = g_utf8_next_char(p)) {
        const gunichar c = g_utf8_get_char(p);
        if (start && g_unichar_isalnum(c)) {
            std::array<gchar, 6> upper{};
            result.append(upper.data(), static_cast<size_t>(g_unichar_to_utf8(g_unichar_toupper(c), upper.data())));
            ++count;
            start = false;
        } else if (!g_unichar_isalnum(c)) {
            start = g_unichar_isspace(c) || c == '-' || c == '_' || c == '.';
        }
    }
    g_free(valid);
    return result;
}

std::shared_ptr<const Sprite> draw_label(const std::string &text, bool muted, Size tile) {
    if (text.empty() && !muted)
        return nullptr;
    const double font = std::clamp(tile.h * 0.042, kMinFont, kMaxFont);
    const int pad = static_cast<int>(font * 0.55), icon = muted ? static_cast<int>(font * 1.15) : 0;
    const int icon_room = icon + (muted && !text.empty() ? pad / 2 : 0);
    const int room = tile.w - 4 * pad - icon_room;
    if (room < static_cast<int>(font))
        return nullptr;
    Cairo measure({1, 1});
    const Text line(measure.cr, text, font, room, PANGO_WEIGHT_MEDIUM);
    const int text_width = text.empty() ? 0 : line.size().w;
    const Size size{text_width + icon_room + 2 * pad, std::max(line.size().h, icon) + pad};
    Cairo c(size);
    rounded_rectangle(c.cr, size.w, size.h, std::min(size.h / 2.0, font * 0.5));
    cairo_set_source_rgba(c.cr, 0.03, 0.04, 0.06, 0.62);
    cairo_fill(c.cr);
    if (muted)
        draw_muted_microphone(c.cr, pad, (size.h - icon) / 2.0, icon);
    cairo_set_source_rgb(c.cr, 1, 1, 1);
    if (!text.empty())
        line.show(c.cr, pad + icon_room, (size.h - line.size().h) / 2.0);
    return std::make_shared<const Sprite>(c.sprite());
}

std::shared_ptr<const Sprite> draw_badge(const std::string &label, unsigned index, Size tile) {
    const std::string letters = initials(label);
    const Color circle = kCircles[(label.empty() ? index : g_str_hash(label.c_str())) % kCircles.size()];
    const int side = std::max(4, even(std::min(tile.w, tile.h) * 0.46));
    const double r = side / 2.0;
    Cairo c({side, side});
    cairo_arc(c.cr, r, r, r, 0, 2 * kPi);
    c.color(circle);
    cairo_fill_preserve(c.cr);
    cairo_clip(c.cr);
    cairo_set_source_rgb(c.cr, 1, 1, 1);
    if (letters.empty()) { // head and shoulders
        cairo_arc(c.cr, r, r * 0.76, r * 0.3, 0, 2 * kPi);
        cairo_fill(c.cr);
        cairo_arc(c.cr, r, r * 1.72, r * 0.56, kPi, 2 * kPi);
        cairo_fill(c.cr);
    } else {
        const Text text(c.cr, letters, std::max(4.0, r * 0.85), side, PANGO_WEIGHT_SEMIBOLD);
        text.show(c.cr, r - text.size().w / 2.0, r - text.size().h / 2.0);
    }
    return std::make_shared<const Sprite>(c.sprite());
}

std::shared_ptr<const Sprite> draw_slate(const std::string &text, Size canvas) {
    if (text.empty())
        return nullptr;
    const double font = std::max(kMinFont, std::min(canvas.w, canvas.h) * 0.07);
    const int pad = static_cast<int>(font * 0.8);
    const int room = canvas.w - 4 * pad;
    if (room < static_cast<int>(font))
        return nullptr;
    Cairo measure({1, 1});
    const Text line(measure.cr, text, font, room, PANGO_WEIGHT_SEMIBOLD);
    const Size size{line.size().w + 2 * pad, line.size().h + 2 * pad};
    Cairo c(size);
    rounded_rectangle(c.cr, size.w, size.h, font * 0.5);
    cairo_set_source_rgba(c.cr, 0.03, 0.04, 0.06, 0.62);
    cairo_fill(c.cr);
    cairo_set_source_rgb(c.cr, 1, 1, 1);
    line.show(c.cr, pad, pad);
    return std::make_shared<const Sprite>(c.sprite());
}

Watermark load_watermark(const std::string &path, Size limit) {
    constexpr goffset kMaxBytes = 8 << 20;
    GError *error = nullptr;
    GMappedFile *file =
        g_file_test(path.c_str(), G_FILE_TEST_IS_REGULAR) ? g_mapped_file_new(path.c_str(), FALSE, &error) : nullptr;
    if (!file) {
        const std::string why = error ? error->message : "not a regular file";
        g_clear_error(&error);
        return {nullptr, "cannot read '" + path + "': " + why};
    }
    const gsize length = g_mapped_file_get_length(file);
    const auto *bytes = reinterpret_cast<const guint8 *>(g_mapped_file_get_contents(file));
    Watermark result = length > kMaxBytes ? Watermark{nullptr, "'" + path + "' is larger than 8 MiB"}
                                          : decode_watermark(path, bytes, length, limit);
    g_mapped_file_unref(file);
    return result;
}

void warm_up_fonts() {
    draw_label("Aä\xf0\x9f\x99\x82", false, {640, 360});
}

} // namespace livecompositor
