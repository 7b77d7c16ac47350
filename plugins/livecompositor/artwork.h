// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Everything that is drawn once and then only copied: labels, placeholders, the watermark (cairo, pango).

#pragma once

#include "livecompositor/image.h"

#include <memory>
#include <optional>
#include <string>

namespace livecompositor {

struct Palette {
    Color background;
    Color tile;   ///< behind a badge and beside pictures that do not fill their tile
    Color accent; ///< border of the active speaker
};
const Palette &palette(bool light);

/// "#rgb", "#rrggbb", "#aarrggbb", "0xaarrggbb" (alpha is ignored) or an X11 colour name.
std::optional<Color> parse_color(const std::string &text);

/// The name on its pill, made for a tile of this size; a crossed microphone before it when muted. Empty text and not
/// muted: nothing.
std::shared_ptr<const Sprite> draw_label(const std::string &text, bool muted, Size tile);

/// Initials on a coloured circle, for the middle of a tile of this size that has no picture. The same label has the
/// same colour everywhere; without a label the pad number decides.
std::shared_ptr<const Sprite> draw_badge(const std::string &label, unsigned index, Size tile);

/// One line in the middle of a canvas of this size, readable on any background. Empty text: nothing.
std::shared_ptr<const Sprite> draw_slate(const std::string &text, Size canvas);

struct Watermark {
    std::shared_ptr<const Sprite> sprite;
    std::string error; ///< why there is none
};
/// Reads a PNG (at most 8 MiB, 4096 px a side) and shrinks it into `limit`.
Watermark load_watermark(const std::string &path, Size limit);

/// Up to two letters that stand for a name.
std::string initials(const std::string &label);

/// Loads fonts, which takes long the first time in a process.
void warm_up_fonts();

} // namespace livecompositor
