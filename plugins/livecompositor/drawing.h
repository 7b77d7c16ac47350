// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Cairo and Pango with destructors.

#pragma once

#include "livecompositor/bitmap.h"
#include "livecompositor/image.h"

#include <cairo.h>
#include <pango/pangocairo.h>

#include <string>

namespace livecompositor {

constexpr double kPi = 3.14159265358979;

/// A transparent sheet to draw on.
struct Sheet {
    explicit Sheet(Size size);
    Sheet(const Sheet &) = delete;
    Sheet &operator=(const Sheet &) = delete;
    ~Sheet();
    Sprite sprite() const;
    void color(Color c, double alpha = 1) const {
        cairo_set_source_rgba(cr, c.r / 255.0, c.g / 255.0, c.b / 255.0, alpha);
    }
    void rounded_rectangle(double x, double y, double w, double h, double r) const;
    /// The whole of `bitmap` in the rectangle, its shape kept: what is over is cut off.
    void cover(const Bitmap &bitmap, double w, double h, double alpha = 1) const;

    cairo_surface_t *surface;
    cairo_t *cr;
};

/// One line of text in the first font that has each letter, cut with an ellipsis. Bytes that are no UTF-8 and line
/// breaks show as such.
class Text {
  public:
    Text(cairo_t *cr, const std::string &text, double px, int max_width, PangoWeight weight);
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;
    ~Text() { g_object_unref(layout_); }
    Size size() const { return size_; }
    bool right_to_left() const;
    int unknown_glyphs() const { return pango_layout_get_unknown_glyphs_count(layout_); }
    void show(cairo_t *cr, double x, double y) const;
    /// The same, with its ink in the middle of (x, y), not its line.
    void show_ink_centered(cairo_t *cr, double x, double y) const;

  private:
    PangoLayout *layout_;
    Size size_;
    int left_ = 0;
};

/// How many sprites this process has drawn: tests see with it that nothing is drawn again without need.
uint64_t sprites_drawn();

} // namespace livecompositor
