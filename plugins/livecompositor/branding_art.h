// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Drawings of what is on the picture beside the participants. Drawn once and then only copied and moved.

#pragma once

#include "livecompositor/artwork.h"

#include <array>

namespace livecompositor {

/// Length in px on this canvas of what is `px` long on one 720 high.
double scaled(Size canvas, double px);

/// `bitmap` as large as fits into `limit`.
std::shared_ptr<const Sprite> draw_watermark(const Bitmap &bitmap, Size limit, double opacity);

/// `bitmap` over the whole canvas, its shape kept, on `behind` where it is transparent.
std::shared_ptr<const Image> draw_backdrop(const Bitmap &bitmap, Color behind, Size canvas);

/// One line for the middle of the canvas, readable on any background. Empty text: null.
std::shared_ptr<const Sprite> draw_slate(const std::string &text, Size canvas);

/// Title and, after a line break or '|', subtitle on a bar with an accent. Empty text: null.
std::shared_ptr<const Sprite> draw_lower_third(const std::string &text, const Palette &colors, Size canvas);

struct TickerText {
    std::shared_ptr<const Sprite> sprite; ///< as high as the bar
    bool right_to_left = false;
};
/// The running line; between line breaks or '|' stand its items. Empty text: no sprite.
TickerText draw_ticker(const std::string &text, const Palette &colors, Size canvas, int height);

/// The signs that a countdown is put together of, all of one height. Digits are equally wide.
struct Digits {
    static constexpr const char *kSigns = "0123456789:d ";
    std::array<std::shared_ptr<const Sprite>, 13> sprites;
    int height = 0;
    const Sprite &of(char sign) const;
    int width(const std::string &signs) const;
};
std::shared_ptr<const Digits> draw_digits(double px, Color color);

/// A line of text without anything behind it. Empty text: null.
std::shared_ptr<const Sprite> draw_caption(const std::string &text, double px, Color color, int max_width);

} // namespace livecompositor
