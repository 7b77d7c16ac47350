// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/branding.h"
#include "livecompositor/branding_art.h"
#include "livecompositor/paint.h"

#include <string>
#include <vector>

namespace livecompositor {

/// A sprite and where its top left corner stands.
struct Placed {
    std::shared_ptr<const Sprite> sprite; ///< null = nothing
    int x = 0;
    int y = 0;
    Rect rect() const { return sprite ? Rect{x, y, sprite->size.w, sprite->size.h} : Rect{}; }
};

/// Comes in from the left and goes the same way.
struct LowerThird {
    Placed shown;
    TimeNs shown_at = 0;
    Placed leaving; ///< what was there before
    TimeNs left_at = 0;
};

/// A line that runs along the bottom at a constant speed in running time.
struct Ticker {
    std::shared_ptr<const Sprite> text; ///< null = nothing
    Rect bar;
    Yuv color;
    Yuv accent;
    int line = 2; ///< height of the accent, px
    bool right_to_left = false;
    TimeNs start = 0;
    double speed = 0; ///< px per second; a whole even number of px per picture where that is possible

    /// Where the left edge of the text stands at `time`: it enters at one side and again when it is gone.
    int text_x(TimeNs time) const;
};

struct Countdown {
    std::shared_ptr<const Digits> digits; ///< null = nothing
    std::shared_ptr<const Sprite> caption;
    TimeNs end = 0; ///< running time
    int center_x = 0;
    int top = 0;
    bool row = false; ///< caption beside the digits instead of above
    int pad = 0;
    Yuv panel;
    CornerMask corners;

    Rect rect(TimeNs time) const; ///< empty when it is over
};
/// What a countdown says `left` before its end: "12:34", "1:02:03", "2d 03:04:05", nothing from the end on.
std::string countdown_text(TimeNs left);

/// Everything over the tiles. Built whole at a frame boundary, then only read.
struct Overlays {
    std::shared_ptr<const Image> backdrop; ///< instead of the background's colour
    Placed slate;
    LowerThird lower_third;
    Ticker ticker;
    Countdown countdown;
    Placed watermark;

    /// Where labels of tiles are not to stand.
    std::vector<Rect> occupied(TimeNs now) const;
};
void draw_overlays(const Overlays &overlays, TimeNs now, const Picture &canvas);

/// Height of the canvas that the ticker takes from the tiles.
int ticker_height(const Branding &branding, Size canvas);

/// What overlays are built from.
struct OverlayInput {
    const Branding &branding;
    Size canvas;
    Color background;
    const Palette &colors;
    double fps = 30;
    int margin = 0;
    bool nobody = false;    ///< no tiles: the middle is free
    TimeNs now = 0;         ///< of the picture to come
    int64_t now_utc_us = 0; ///< wall clock at that moment
};

/// Makes overlays; draws only what changed since the last time. Thread-bound: video thread.
class OverlayBuilder {
  public:
    Overlays build(const OverlayInput &input);

  private:
    /// A drawing and what it was made of.
    template <class Art, class Key> struct Kept {
        std::unique_ptr<Key> key;
        Art art{};
        template <class Draw> const Art &get(const Key &wanted, const Draw &draw) {
            if (!key || !(*key == wanted)) {
                art = draw();
                key = std::make_unique<Key>(wanted);
            }
            return art;
        }
    };
    struct ImageKey {
        std::shared_ptr<const Bitmap> bitmap;
        Color color;
        double opacity = 1;
        Size size;
        bool operator==(const ImageKey &) const = default;
    };
    struct TextKey {
        std::string text;
        Color color;
        Size size;
        bool flag = false;
        bool operator==(const TextKey &) const = default;
    };
    void place_watermark(const OverlayInput &in, Overlays *out);
    void place_ticker(const OverlayInput &in, Overlays *out);
    void place_lower_third(const OverlayInput &in, Overlays *out);
    void place_middle(const OverlayInput &in, Overlays *out);
    void place_countdown(const OverlayInput &in, Countdown *countdown);

    Kept<std::shared_ptr<const Image>, ImageKey> backdrop_;
    Kept<std::shared_ptr<const Sprite>, ImageKey> watermark_;
    Kept<std::shared_ptr<const Sprite>, TextKey> slate_;
    Kept<std::shared_ptr<const Sprite>, TextKey> lower_third_art_;
    Kept<TickerText, TextKey> ticker_text_;
    Kept<std::shared_ptr<const Digits>, TextKey> digits_;
    Kept<std::shared_ptr<const Sprite>, TextKey> caption_;
    LowerThird lower_third_;
    Ticker ticker_;
    int64_t countdown_ms_ = 0;
    TimeNs countdown_end_ = 0;
    CornerMask countdown_corners_;
};

} // namespace livecompositor
