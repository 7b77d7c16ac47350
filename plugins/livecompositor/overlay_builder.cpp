// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/overlays.h"

#include <algorithm>
#include <cmath>

namespace livecompositor {

namespace {

/// Near to `wanted` px per second, and in steps that are the same from picture to picture.
double smooth_speed(double wanted, double fps) {
    const double step = wanted / fps;
    return step < 1.5 ? wanted : std::max(2.0, 2 * std::round(step / 2)) * fps;
}

Placed at_spot(std::shared_ptr<const Sprite> sprite, Spot spot, const Rect &area) {
    const Size s = sprite->size;
    const int right = even(area.right() - s.w), bottom = even(area.bottom() - s.h);
    switch (spot) {
    case Spot::TopLeft:
        return {std::move(sprite), area.x, area.y};
    case Spot::TopRight:
        return {std::move(sprite), right, area.y};
    case Spot::BottomLeft:
        return {std::move(sprite), area.x, bottom};
    case Spot::BottomRight:
        return {std::move(sprite), right, bottom};
    case Spot::Center:
        break;
    }
    return {std::move(sprite), even(area.x + (area.w - s.w) / 2), even(area.y + (area.h - s.h) / 2)};
}

/// The canvas without the margins and the ticker.
Rect free_area(const OverlayInput &in) {
    return {in.margin, in.margin, in.canvas.w - 2 * in.margin,
            in.canvas.h - 2 * in.margin - ticker_height(in.branding, in.canvas)};
}

} // namespace

Overlays OverlayBuilder::build(const OverlayInput &in) {
    Overlays out;
    const NamedImage &image = in.nobody && in.branding.slate_mode != SlateMode::Never && in.branding.slate_image.bitmap
                                  ? in.branding.slate_image
                                  : in.branding.background;
    if (image.bitmap)
        out.backdrop = backdrop_.get({image.bitmap, in.background, 1, in.canvas},
                                     [&] { return draw_backdrop(*image.bitmap, in.background, in.canvas); });
    place_ticker(in, &out);
    place_lower_third(in, &out);
    place_middle(in, &out);
    place_watermark(in, &out);
    return out;
}

void OverlayBuilder::place_watermark(const OverlayInput &in, Overlays *out) {
    const Branding &b = in.branding;
    const Size limit{static_cast<int>(in.canvas.w * b.watermark_size),
                     static_cast<int>(in.canvas.h * b.watermark_size)};
    if (!b.watermark.bitmap || limit.w < 1 || limit.h < 1)
        return;
    const auto &sprite = watermark_.get({b.watermark.bitmap, {}, b.watermark_opacity, limit}, [&] {
        return draw_watermark(*b.watermark.bitmap, limit, b.watermark_opacity);
    });
    out->watermark = at_spot(sprite, b.watermark_spot, free_area(in));
    const Rect third = out->lower_third.shown.rect();
    if (out->watermark.rect().overlaps(third) && b.watermark_spot == Spot::BottomLeft)
        out->watermark.y = std::max(0, even(third.y - in.margin - sprite->size.h));
}

void OverlayBuilder::place_ticker(const OverlayInput &in, Overlays *out) {
    constexpr double kPxPerSecond = 120; // on a canvas 720 high: a comfortable pace to read
    const int height = ticker_height(in.branding, in.canvas);
    if (!height) {
        ticker_ = {};
        return;
    }
    const auto before = ticker_.text;
    const TickerText &text = ticker_text_.get({in.branding.ticker, in.colors.text, in.canvas}, [&] {
        return draw_ticker(in.branding.ticker, in.colors, in.canvas, height);
    });
    if (text.sprite != before)
        ticker_.start = in.now;
    ticker_.text = text.sprite;
    ticker_.right_to_left = text.right_to_left;
    ticker_.bar = {0, in.canvas.h - height, in.canvas.w, height};
    ticker_.color = to_yuv(in.colors.panel);
    ticker_.accent = to_yuv(in.colors.accent);
    ticker_.line = std::max(2, even(scaled(in.canvas, 3)));
    ticker_.speed = smooth_speed(scaled(in.canvas, kPxPerSecond), in.fps);
    out->ticker = ticker_;
}

void OverlayBuilder::place_lower_third(const OverlayInput &in, Overlays *out) {
    constexpr TimeNs kOverlapNs = 200'000'000; // the old one is nearly gone when the new one comes
    const auto &sprite = lower_third_art_.get({in.branding.lower_third, in.colors.panel, in.canvas}, [&] {
        return draw_lower_third(in.branding.lower_third, in.colors, in.canvas);
    });
    if (sprite != lower_third_.shown.sprite) {
        lower_third_.leaving = lower_third_.shown;
        lower_third_.left_at = in.now;
        lower_third_.shown_at = in.now + (lower_third_.leaving.sprite ? kOverlapNs : 0);
        lower_third_.shown = {};
    }
    if (sprite)
        lower_third_.shown = at_spot(sprite, Spot::BottomLeft, free_area(in));
    out->lower_third = lower_third_;
}

/// Slate and countdown share the middle when nobody is there; beside people the countdown is small and on top.
void OverlayBuilder::place_middle(const OverlayInput &in, Overlays *out) {
    place_countdown(in, &out->countdown);
    if (in.nobody && in.branding.slate_mode != SlateMode::Never) {
        out->slate.sprite =
            slate_.get({in.branding.slate, {}, in.canvas}, [&] { return draw_slate(in.branding.slate, in.canvas); });
    }
    const int slate_height = out->slate.sprite ? out->slate.sprite->size.h : 0;
    const Rect clock = in.nobody ? out->countdown.rect(in.now) : Rect{};
    const int gap = slate_height && clock.h ? in.margin : 0;
    const int y = even((in.canvas.h - slate_height - gap - clock.h) / 2);
    if (out->slate.sprite) {
        out->slate.x = even((in.canvas.w - out->slate.sprite->size.w) / 2);
        out->slate.y = y;
    }
    out->countdown.top = in.nobody ? y + slate_height + gap : in.margin;
}

void OverlayBuilder::place_countdown(const OverlayInput &in, Countdown *countdown) {
    const Branding &b = in.branding;
    if (b.countdown_ms != countdown_ms_) {
        // Within ten years, so that nothing overflows.
        constexpr int64_t kMostUs = int64_t{10} * 365 * 86400 * 1'000'000;
        const double left_us = double(b.countdown_ms) * 1000 - double(in.now_utc_us);
        countdown_end_ = in.now + std::llround(std::clamp(left_us, 0.0, double(kMostUs)) * 1000);
        countdown_ms_ = b.countdown_ms;
    }
    if (!b.countdown_ms || countdown_end_ <= in.now)
        return;
    const double px = scaled(in.canvas, in.nobody ? 96 : 22);
    countdown->digits =
        digits_.get({"", in.colors.text, in.canvas, in.nobody}, [&] { return draw_digits(px, in.colors.text); });
    countdown->caption = caption_.get({b.countdown_label, in.colors.text, in.canvas, in.nobody}, [&] {
        return draw_caption(b.countdown_label, scaled(in.canvas, in.nobody ? 28 : 20), in.colors.text, in.canvas.w / 2);
    });
    countdown->end = countdown_end_;
    countdown->center_x = even(in.canvas.w / 2);
    countdown->row = !in.nobody;
    countdown->pad = std::max(2, even(scaled(in.canvas, in.nobody ? 16 : 6)));
    countdown->panel = to_yuv(in.colors.panel);
    const int radius = even(scaled(in.canvas, in.nobody ? 20 : 10));
    if (countdown_corners_.radius() != radius)
        countdown_corners_ = CornerMask(radius);
    countdown->corners = countdown_corners_;
}

} // namespace livecompositor
