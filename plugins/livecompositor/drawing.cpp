// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/drawing.h"

#include <algorithm>
#include <atomic>

namespace livecompositor {

namespace {

// Fontconfig appends what else there is, so that any script finds a font.
constexpr const char *kFonts = "Inter, Noto Sans, sans-serif";

std::atomic<uint64_t> drawn{0};

} // namespace

uint64_t sprites_drawn() {
    return drawn;
}

Sheet::Sheet(Size size)
    : surface(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, size.w, size.h)), cr(cairo_create(surface)) {}

Sheet::~Sheet() {
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
}

Sprite Sheet::sprite() const {
    ++drawn;
    cairo_surface_flush(surface);
    return Sprite::from_argb(cairo_image_surface_get_data(surface), cairo_image_surface_get_stride(surface),
                             {cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface)});
}

void Sheet::rounded_rectangle(double x, double y, double w, double h, double r) const {
    cairo_new_sub_path(cr);
    cairo_arc(cr, x + w - r, y + r, r, -kPi / 2, 0);
    cairo_arc(cr, x + w - r, y + h - r, r, 0, kPi / 2);
    cairo_arc(cr, x + r, y + h - r, r, kPi / 2, kPi);
    cairo_arc(cr, x + r, y + r, r, kPi, 3 * kPi / 2);
    cairo_close_path(cr);
}

void Sheet::cover(const Bitmap &bitmap, double w, double h, double alpha) const {
    // Cairo only reads from a source.
    auto *pixels = reinterpret_cast<unsigned char *>(const_cast<uint32_t *>(bitmap.pixels.data()));
    cairo_surface_t *source = cairo_image_surface_create_for_data(pixels, CAIRO_FORMAT_ARGB32, bitmap.size.w,
                                                                  bitmap.size.h, bitmap.size.w * 4);
    const double scale = std::max(w / bitmap.size.w, h / bitmap.size.h);
    cairo_save(cr);
    cairo_translate(cr, w / 2, h / 2);
    cairo_scale(cr, scale, scale);
    cairo_set_source_surface(cr, source, -bitmap.size.w / 2.0, -bitmap.size.h / 2.0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(cr), CAIRO_EXTEND_PAD); // no fading edge
    cairo_rectangle(cr, -w / 2 / scale, -h / 2 / scale, w / scale, h / scale);
    cairo_clip(cr);
    cairo_paint_with_alpha(cr, alpha);
    cairo_restore(cr);
    cairo_surface_destroy(source);
}

Text::Text(cairo_t *cr, const std::string &text, double px, int max_width, PangoWeight weight)
    : layout_(pango_cairo_create_layout(cr)) {
    PangoFontDescription *font = pango_font_description_from_string(kFonts);
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

bool Text::right_to_left() const {
    return pango_layout_get_direction(layout_, 0) == PANGO_DIRECTION_RTL;
}

void Text::show(cairo_t *cr, double x, double y) const {
    cairo_move_to(cr, x - left_, y);
    pango_cairo_show_layout(cr, layout_);
}

void Text::show_ink_centered(cairo_t *cr, double x, double y) const {
    PangoRectangle ink;
    pango_layout_get_pixel_extents(layout_, &ink, nullptr);
    cairo_move_to(cr, x - ink.x - ink.width / 2.0, y - ink.y - ink.height / 2.0);
    pango_cairo_show_layout(cr, layout_);
}

} // namespace livecompositor
