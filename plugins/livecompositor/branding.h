// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/bitmap.h"

#include <memory>
#include <string>

namespace livecompositor {

enum class Spot { TopLeft, TopRight, BottomLeft, BottomRight, Center };

enum class SlateMode {
    Auto,   ///< while there is no video input
    Always, ///< instead of everybody: "be right back"
    Never,
};

/// An image as the application named it, decoded when it was set.
struct NamedImage {
    std::string path;
    std::shared_ptr<const Bitmap> bitmap; ///< null without a path
};

/// What an application said about everything on the picture that is not a participant.
struct Branding {
    NamedImage background;
    NamedImage watermark;
    Spot watermark_spot = Spot::TopRight;
    double watermark_opacity = 1;
    double watermark_size = 0.15; ///< of the canvas, in width and height at most
    std::string lower_third;      ///< title, newline, subtitle
    std::string ticker;
    int64_t countdown_ms = 0; ///< UTC, ms since 1970; 0 = none
    std::string countdown_label;
    std::string slate;
    NamedImage slate_image;
    SlateMode slate_mode = SlateMode::Auto;
};

} // namespace livecompositor
