// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Drawing on I420 pictures. All rectangles and positions are even; everything is clipped to the canvas. Reentrant.

#pragma once

#include "livecompositor/image.h"

namespace livecompositor {

/// Coverage (0..255) of the top left corner of a rounded rectangle.
class CornerMask {
  public:
    explicit CornerMask(int radius = 0); ///< px, rounded down to even
    int radius() const { return radius_; }
    const uint8_t *row(int y) const { return luma_.data() + static_cast<ptrdiff_t>(y) * radius_; }
    const uint8_t *chroma_row(int y) const { return chroma_.data() + static_cast<ptrdiff_t>(y) * (radius_ / 2); }

  private:
    int radius_;
    std::vector<uint8_t> luma_;
    std::vector<uint8_t> chroma_;
};

void fill(const Picture &canvas, const Rect &rect, Yuv color);
void fill_rounded(const Picture &canvas, const Rect &rect, Yuv color, const CornerMask &corners);

/// Copies `source` to (x, y) with its corners rounded over what the canvas holds.
void copy_rounded(const Picture &canvas, int x, int y, const Picture &source, const CornerMask &corners);

/// Lays `sprite` over the canvas at (x, y), `opacity` 0..255.
void blend(const Picture &canvas, int x, int y, const Sprite &sprite, int opacity = 255);

} // namespace livecompositor
