// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/image.h"

#include <algorithm>
#include <cstring>

namespace livecompositor {

namespace {

constexpr int kAlign = 32; // widest vector store

struct Premultiplied {
    int r = 0, g = 0, b = 0, a = 0;
};

// 16.16 fixed point BT.709 limited range; offsets scale with alpha because the colours are premultiplied.
int luma(const Premultiplied &p) {
    return (11966 * p.r + 40254 * p.g + 4064 * p.b + 16 * 257 * p.a + 32768) >> 16;
}
int blue(const Premultiplied &p) {
    return (-6596 * p.r - 22189 * p.g + 28784 * p.b + 128 * 65536 / 255 * p.a + 32768) >> 16;
}
int red(const Premultiplied &p) {
    return (28784 * p.r - 26145 * p.g - 2639 * p.b + 128 * 65536 / 255 * p.a + 32768) >> 16;
}
uint8_t byte(int v) {
    return static_cast<uint8_t>(std::clamp(v, 0, 255));
}

Premultiplied pixel(const uint8_t *argb, int stride, Size size, int x, int y) {
    if (x >= size.w || y >= size.h)
        return {};
    uint32_t v;
    std::memcpy(&v, argb + static_cast<ptrdiff_t>(y) * stride + x * 4, sizeof v);
    return {static_cast<int>(v >> 16 & 255), static_cast<int>(v >> 8 & 255), static_cast<int>(v & 255),
            static_cast<int>(v >> 24)};
}

} // namespace

Yuv to_yuv(Color color) {
    const Premultiplied p{color.r, color.g, color.b, 255};
    return {byte(luma(p)), byte(blue(p)), byte(red(p))};
}

Picture Picture::part(const Rect &rect) const {
    Picture result{data, stride, rect.size()};
    result.data[0] += static_cast<ptrdiff_t>(rect.y) * stride[0] + rect.x;
    for (int p = 1; p < 3; ++p)
        result.data[p] += static_cast<ptrdiff_t>(rect.y / 2) * stride[p] + rect.x / 2;
    return result;
}

Image::Image(Size size)
    : size_(size), stride_((size.w + 2 * kAlign - 1) / (2 * kAlign) * (2 * kAlign)),
      bytes_(new uint8_t[static_cast<size_t>(stride_) * static_cast<size_t>(size.h) * 3 / 2]) {}

Picture Image::picture() const {
    uint8_t *const luma_plane = bytes_.get();
    uint8_t *const u_plane = luma_plane + static_cast<ptrdiff_t>(stride_) * size_.h;
    return {{luma_plane, u_plane, u_plane + static_cast<ptrdiff_t>(stride_ / 2) * (size_.h / 2)},
            {stride_, stride_ / 2, stride_ / 2},
            size_};
}

Sprite Sprite::from_argb(const uint8_t *argb, int stride, Size size) {
    Sprite s;
    s.size = {even(size.w + 1), even(size.h + 1)};
    for (int y = 0; y < s.size.h; ++y) {
        for (int x = 0; x < s.size.w; ++x) {
            const Premultiplied p = pixel(argb, stride, size, x, y);
            s.y.push_back(byte(luma(p)));
            s.clear.push_back(static_cast<uint8_t>(255 - p.a));
        }
    }
    for (int y = 0; y < s.size.h; y += 2) {
        for (int x = 0; x < s.size.w; x += 2) {
            Premultiplied mean;
            for (const auto &p : {pixel(argb, stride, size, x, y), pixel(argb, stride, size, x + 1, y),
                                  pixel(argb, stride, size, x, y + 1), pixel(argb, stride, size, x + 1, y + 1)}) {
                mean = {mean.r + p.r, mean.g + p.g, mean.b + p.b, mean.a + p.a};
            }
            mean = {mean.r / 4, mean.g / 4, mean.b / 4, mean.a / 4};
            s.u.push_back(byte(blue(mean)));
            s.v.push_back(byte(red(mean)));
            s.clear_chroma.push_back(static_cast<uint8_t>(255 - mean.a));
        }
    }
    return s;
}

} // namespace livecompositor
