// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What says who is who: labels, marks, placeholders. Drawn once and then only copied.

#pragma once

#include "livecompositor/bitmap.h"
#include "livecompositor/image.h"

#include <memory>
#include <optional>
#include <string>

namespace livecompositor {

struct Palette {
    Color background;
    Color tile;   ///< behind a badge and beside pictures that do not fill their tile
    Color accent; ///< border of the active speaker
    Color panel;  ///< behind texts that belong to no tile
    Color text;   ///< on a panel
};
const Palette &palette(bool light);

/// "#rgb", "#rrggbb", "#aarrggbb", "0xaarrggbb" (alpha is ignored) or an X11 colour name.
std::optional<Color> parse_color(const std::string &text);

/// What stands at the edge of a tile.
struct Label {
    std::string text;
    bool muted = false; ///< a crossed microphone before the name
    bool hand = false;  ///< a raised hand before the name, all in a colour that catches the eye
    bool operator==(const Label &) const = default;
};
/// The name on its pill, made for a tile of this size. Nothing to show: null.
std::shared_ptr<const Sprite> draw_label(const Label &label, Size tile);

/// For the middle of a tile of this size that has no picture: the avatar, else initials, in a circle. The same name has
/// the same colour everywhere; without a name the pad number decides.
std::shared_ptr<const Sprite> draw_badge(const std::string &name, unsigned index, const Bitmap *avatar, Size tile);

/// Up to two letters that stand for a name, or the first emoji of a name without letters.
std::string initials(const std::string &name);

/// Loads fonts, which takes long the first time in a process.
void warm_up_fonts();

} // namespace livecompositor
