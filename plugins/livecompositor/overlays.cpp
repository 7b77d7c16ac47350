// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/overlays.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace livecompositor {

namespace {

constexpr TimeNs kSecond = 1'000'000'000;
constexpr TimeNs kEnterNs = 450'000'000, kLeaveNs = 300'000'000; // soft, but nobody waits for it

double eased(TimeNs since, TimeNs duration) {
    const double t = std::clamp(double(since) / double(duration), 0.0, 1.0);
    return t * t * (3 - 2 * t);
}

/// `shown` of the way in, 0..1.
void draw_sliding(const Placed &placed, double shown, const Picture &canvas) {
    if (!placed.sprite || shown <= 0)
        return;
    const int way = std::min(placed.sprite->size.h, placed.x + placed.sprite->size.w);
    blend(canvas, placed.x - even(way * (1 - shown)), placed.y, *placed.sprite, static_cast<int>(255 * shown));
}

void draw_lower_third(const LowerThird &third, TimeNs now, const Picture &canvas) {
    draw_sliding(third.leaving, 1 - eased(now - third.left_at, kLeaveNs), canvas);
    draw_sliding(third.shown, eased(now - third.shown_at, kEnterNs), canvas);
}

void draw_ticker(const Ticker &ticker, TimeNs now, const Picture &canvas) {
    if (!ticker.text)
        return;
    fill(canvas, ticker.bar, ticker.color);
    fill(canvas, {ticker.bar.x, ticker.bar.y, ticker.bar.w, ticker.line}, ticker.accent);
    blend(canvas, ticker.text_x(now), ticker.bar.y, *ticker.text);
}

void draw_countdown(const Countdown &countdown, TimeNs now, const Picture &canvas) {
    const std::string text = countdown.digits ? countdown_text(countdown.end - now) : "";
    if (text.empty())
        return;
    const Rect rect = countdown.rect(now);
    fill_rounded(canvas, rect, countdown.panel, countdown.corners);
    int x = countdown.center_x - even(countdown.digits->width(text) / 2), y = rect.y + countdown.pad;
    if (countdown.caption && countdown.row) {
        x = rect.x + 2 * countdown.pad;
        blend(canvas, x, rect.y + even((rect.h - countdown.caption->size.h) / 2), *countdown.caption);
        x += countdown.caption->size.w + countdown.pad;
    } else if (countdown.caption) {
        blend(canvas, countdown.center_x - even(countdown.caption->size.w / 2), y, *countdown.caption);
        y += countdown.caption->size.h;
    }
    for (char sign : text) {
        const Sprite &sprite = countdown.digits->of(sign);
        blend(canvas, x, y, sprite);
        x += sprite.size.w;
    }
}

} // namespace

int Ticker::text_x(TimeNs time) const {
    const int64_t way = bar.w + text->size.w;
    const auto gone = static_cast<int64_t>(std::llround(double(time - start) * speed / 2e9)) * 2;
    const auto x = static_cast<int>(gone % way);
    return right_to_left ? x - text->size.w : bar.w - x;
}

std::string countdown_text(TimeNs left) {
    if (left <= 0)
        return {};
    const int64_t s = (left + kSecond - 1) / kSecond;
    const auto days = static_cast<long long>(s / 86400);
    const int hours = static_cast<int>(s / 3600 % 24), minutes = static_cast<int>(s / 60 % 60),
              seconds = static_cast<int>(s % 60);
    std::array<char, 48> text{};
    if (days)
        std::snprintf(text.data(), text.size(), "%lldd %02d:%02d:%02d", days, hours, minutes, seconds);
    else if (hours)
        std::snprintf(text.data(), text.size(), "%d:%02d:%02d", hours, minutes, seconds);
    else
        std::snprintf(text.data(), text.size(), "%02d:%02d", minutes, seconds);
    return text.data();
}

Rect Countdown::rect(TimeNs time) const {
    const std::string text = digits ? countdown_text(end - time) : "";
    if (text.empty())
        return {};
    const Size beside = caption ? caption->size : Size{};
    const int width = digits->width(text);
    const int w = row ? width + beside.w + (caption ? pad : 0) + 4 * pad : std::max(width, beside.w) + 4 * pad;
    const int h = row ? std::max(digits->height, beside.h) + 2 * pad : digits->height + beside.h + 2 * pad;
    return {center_x - even(w / 2), top, even(w), even(h)};
}

std::vector<Rect> Overlays::occupied(TimeNs now) const {
    std::vector<Rect> rects;
    for (const Rect &r : {watermark.rect(), lower_third.shown.rect(), countdown.rect(now)}) {
        if (r.w > 0)
            rects.push_back(r);
    }
    return rects;
}

void draw_overlays(const Overlays &overlays, TimeNs now, const Picture &canvas) {
    if (overlays.slate.sprite)
        blend(canvas, overlays.slate.x, overlays.slate.y, *overlays.slate.sprite);
    draw_lower_third(overlays.lower_third, now, canvas);
    draw_ticker(overlays.ticker, now, canvas);
    draw_countdown(overlays.countdown, now, canvas);
    if (overlays.watermark.sprite)
        blend(canvas, overlays.watermark.x, overlays.watermark.y, *overlays.watermark.sprite);
}

int ticker_height(const Branding &branding, Size canvas) {
    const int height = even(scaled(canvas, 46));
    return branding.ticker.empty() || height < 12 ? 0 : height; // smaller is not read by anybody
}

} // namespace livecompositor
