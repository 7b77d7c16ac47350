// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/geometry.h"

#include <array>
#include <memory>
#include <vector>

namespace livecompositor {

struct Color {
    uint8_t r = 0;
    uint8_t g = 0;
    uint8_t b = 0;
    bool operator==(const Color &) const = default;
    uint32_t argb() const { return 0xff000000u | uint32_t{r} << 16 | uint32_t{g} << 8 | b; }
};

/// BT.709, limited range: what the program's caps say.
struct Yuv {
    uint8_t y = 16;
    uint8_t u = 128;
    uint8_t v = 128;
    bool operator==(const Yuv &) const = default;
};
Yuv to_yuv(Color color);

/// Borrowed I420 planes of even size.
struct Picture {
    std::array<uint8_t *, 3> data{};
    std::array<int, 3> stride{};
    Size size;

    /// The part of it at `rect` (even, inside).
    Picture part(const Rect &rect) const;
};

/// An owned I420 picture. Reentrant; shared between threads only as const.
class Image {
  public:
    explicit Image(Size size);
    Picture picture() const;
    Size size() const { return size_; }

  private:
    Size size_;
    int stride_;
    std::unique_ptr<uint8_t[]> bytes_;
};

/// A small drawing with transparency. Colours are premultiplied by alpha; what is stored of alpha is 255 - alpha.
struct Sprite {
    Size size;
    std::vector<uint8_t> y, u, v;
    std::vector<uint8_t> clear;        ///< per luma sample
    std::vector<uint8_t> clear_chroma; ///< per chroma sample

    /// From premultiplied native-endian ARGB32 (cairo); the size is rounded up to even.
    static Sprite from_argb(const uint8_t *argb, int stride, Size size);
};

} // namespace livecompositor
