// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/border.h"

#include <algorithm>
#include <cstring>

namespace livecompositor {

namespace {

/// How much of the pixel at (x, y) from the corner a rounded rectangle covers, 0..255.
int coverage(const CornerMask &mask, int plane, int x, int y) {
    const int radius = mask.radius() >> (plane ? 1 : 0);
    if (x >= radius || y >= radius)
        return 255;
    return (plane ? mask.chroma_row(y) : mask.row(y))[x];
}

uint8_t mix(int under, int over, int alpha) {
    return static_cast<uint8_t>((under * (255 - alpha) + over * alpha + 127) / 255);
}

} // namespace

void draw_border(const Picture &canvas, const Rect &rect, int width, Yuv color, const CornerMask &outer,
                 const CornerMask &inner) {
    const std::array<uint8_t, 3> values{color.y, color.u, color.v};
    for (int plane = 0; plane < 3; ++plane) {
        const int shift = plane ? 1 : 0, w = rect.w >> shift, h = rect.h >> shift;
        const int line = std::min({width >> shift, w / 2, h / 2}),
                  ends = std::min(std::max(outer.radius() >> shift, line), w / 2);
        const uint8_t value = values[static_cast<size_t>(plane)];
        for (int y = 0; y < h; ++y) {
            uint8_t *const row =
                canvas.data[static_cast<size_t>(plane)] +
                static_cast<ptrdiff_t>((rect.y >> shift) + y) * canvas.stride[static_cast<size_t>(plane)] +
                (rect.x >> shift);
            const int from_edge = std::min(y, h - 1 - y);
            for (int x = 0; x < ends; ++x) {
                int alpha = coverage(outer, plane, x, from_edge);
                if (x >= line && from_edge >= line)
                    alpha = std::max(0, alpha - coverage(inner, plane, x - line, from_edge - line));
                row[x] = mix(row[x], value, alpha);
                row[w - 1 - x] = mix(row[w - 1 - x], value, alpha);
            }
            if (from_edge < line)
                std::memset(row + ends, value, static_cast<size_t>(w - 2 * ends));
        }
    }
}

} // namespace livecompositor
