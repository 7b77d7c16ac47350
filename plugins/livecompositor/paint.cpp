// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/paint.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace livecompositor {

namespace {

constexpr int kSamples = 4; // per axis and pixel, for smooth corners

uint8_t *at(const Picture &p, int plane, int x, int y) {
    return p.data[plane] + static_cast<ptrdiff_t>(y) * p.stride[plane] + x;
}

/// v / 255 for 0 <= v <= 255 * 255, rounded.
inline uint8_t div255(int v) {
    return static_cast<uint8_t>(((v + 128) * 257) >> 16);
}
inline uint8_t mix(int under, int over, int alpha) {
    return div255(under * (255 - alpha) + over * alpha);
}

/// Of the pixel whose corners are dx and dx - 1, dy and dy - 1 from the centre.
uint8_t disc_coverage(int radius, int dx, int dy) {
    if (dx * dx + dy * dy <= radius * radius)
        return 255;
    if ((dx - 1) * (dx - 1) + (dy - 1) * (dy - 1) > radius * radius)
        return 0;
    int inside = 0;
    for (int i = 0; i < kSamples * kSamples; ++i)
        inside += std::hypot(dx - (i % kSamples + 0.5) / kSamples, dy - (i / kSamples + 0.5) / kSamples) <= radius;
    return static_cast<uint8_t>(inside * 255 / (kSamples * kSamples));
}

std::vector<uint8_t> quarter_disc(int radius) {
    std::vector<uint8_t> mask;
    mask.reserve(static_cast<size_t>(radius) * static_cast<size_t>(radius));
    for (int y = 0; y < radius; ++y)
        for (int x = 0; x < radius; ++x)
            mask.push_back(disc_coverage(radius, radius - x, radius - y));
    return mask;
}

/// The row of the corner mask that covers row y of a rectangle of height h; -1 between the corners.
int corner_row(int y, int h, int radius) {
    if (y < radius)
        return y;
    return y >= h - radius ? h - 1 - y : -1;
}

void fill_row(uint8_t *d, int w, uint8_t value, const uint8_t *mask, int radius) {
    for (int i = 0; i < radius; ++i) {
        d[i] = mix(d[i], value, mask[i]);
        d[w - 1 - i] = mix(d[w - 1 - i], value, mask[i]);
    }
    std::memset(d + radius, value, static_cast<size_t>(w - 2 * radius));
}

void copy_row(uint8_t *d, const uint8_t *s, int w, const uint8_t *mask, int radius) {
    for (int i = 0; i < radius; ++i) {
        d[i] = mix(d[i], s[i], mask[i]);
        d[w - 1 - i] = mix(d[w - 1 - i], s[w - 1 - i], mask[i]);
    }
    std::memcpy(d + radius, s + radius, static_cast<size_t>(w - 2 * radius));
}

void blend_row(uint8_t *d, const uint8_t *s, const uint8_t *clear, int w) {
    for (int i = 0; i < w; ++i)
        d[i] = static_cast<uint8_t>(std::min(255, s[i] + div255(d[i] * clear[i])));
}

void blend_row(uint8_t *d, const uint8_t *s, const uint8_t *clear, int w, int opacity) {
    for (int i = 0; i < w; ++i) {
        const int hidden = 255 - div255((255 - clear[i]) * opacity);
        d[i] = static_cast<uint8_t>(std::min(255, div255(s[i] * opacity) + div255(d[i] * hidden)));
    }
}

/// A rectangle and the corners that fit into it.
struct Shape {
    Rect rect;
    int radius;
};
Shape clip(const Picture &canvas, const Rect &rect, const CornerMask &corners) {
    const int x = std::max(0, rect.x), y = std::max(0, rect.y);
    const Rect r{x, y, std::min(rect.right(), canvas.size.w) - x, std::min(rect.bottom(), canvas.size.h) - y};
    const bool whole = r == rect && 2 * corners.radius() <= std::min(r.w, r.h);
    return {r, whole ? corners.radius() : 0};
}

} // namespace

CornerMask::CornerMask(int radius)
    : radius_(even(std::max(0, radius))), luma_(quarter_disc(radius_)), chroma_(quarter_disc(radius_ / 2)) {}

void fill_rounded(const Picture &canvas, const Rect &rect, Yuv color, const CornerMask &corners) {
    const Shape shape = clip(canvas, rect, corners);
    if (shape.rect.w <= 0 || shape.rect.h <= 0)
        return;
    const std::array<uint8_t, 3> value{color.y, color.u, color.v};
    for (int plane = 0; plane < 3; ++plane) {
        const int shift = plane ? 1 : 0, radius = shape.radius >> shift;
        const int w = shape.rect.w >> shift, h = shape.rect.h >> shift;
        for (int y = 0; y < h; ++y) {
            const int m = corner_row(y, h, radius);
            fill_row(at(canvas, plane, shape.rect.x >> shift, (shape.rect.y >> shift) + y), w, value[plane],
                     m < 0 || !radius ? nullptr : (plane ? corners.chroma_row(m) : corners.row(m)), m < 0 ? 0 : radius);
        }
    }
}

void fill(const Picture &canvas, const Rect &rect, Yuv color) {
    fill_rounded(canvas, rect, color, CornerMask());
}

void copy_rounded(const Picture &canvas, int x, int y, const Picture &source, const CornerMask &corners) {
    const Shape shape = clip(canvas, {x, y, source.size.w, source.size.h}, corners);
    if (shape.rect.w <= 0 || shape.rect.h <= 0)
        return;
    for (int plane = 0; plane < 3; ++plane) {
        const int shift = plane ? 1 : 0, radius = shape.radius >> shift;
        const int w = shape.rect.w >> shift, h = shape.rect.h >> shift;
        const uint8_t *s = at(source, plane, (shape.rect.x - x) >> shift, (shape.rect.y - y) >> shift);
        for (int i = 0; i < h; ++i, s += source.stride[plane]) {
            const int m = corner_row(i, h, radius);
            copy_row(at(canvas, plane, shape.rect.x >> shift, (shape.rect.y >> shift) + i), s, w,
                     m < 0 || !radius ? nullptr : (plane ? corners.chroma_row(m) : corners.row(m)), m < 0 ? 0 : radius);
        }
    }
}

void blend(const Picture &canvas, int x, int y, const Sprite &sprite, int opacity) {
    const Rect r = clip(canvas, {x, y, sprite.size.w, sprite.size.h}, CornerMask()).rect;
    if (r.w <= 0 || r.h <= 0)
        return;
    const std::array<const uint8_t *, 3> planes{sprite.y.data(), sprite.u.data(), sprite.v.data()};
    for (int plane = 0; plane < 3; ++plane) {
        const int shift = plane ? 1 : 0, stride = sprite.size.w >> shift;
        const uint8_t *const clear = plane ? sprite.clear_chroma.data() : sprite.clear.data();
        for (int i = 0; i < r.h >> shift; ++i) {
            const ptrdiff_t offset = static_cast<ptrdiff_t>(((r.y - y) >> shift) + i) * stride + ((r.x - x) >> shift);
            uint8_t *const d = at(canvas, plane, r.x >> shift, (r.y >> shift) + i);
            if (opacity == 255)
                blend_row(d, planes[plane] + offset, clear + offset, r.w >> shift);
            else
                blend_row(d, planes[plane] + offset, clear + offset, r.w >> shift, opacity);
        }
    }
}

} // namespace livecompositor
