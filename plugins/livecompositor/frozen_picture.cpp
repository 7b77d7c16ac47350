// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/frozen_picture.h"

#include "livecompositor/bilinear.h"
#include "livecompositor/halve.h"
#include "livecompositor/paint.h"

#include <algorithm>

namespace livecompositor {

namespace {

constexpr int kSmallSide = 80; // px: faces are gone, colours stay
constexpr int kPasses = 3;     // of a box, which then is nearly a Gaussian
constexpr int kLight = 120;    // of 256: so much is left

/// One pass of a box of three along a line of n samples `step` apart.
void smooth_line(uint8_t *p, int n, ptrdiff_t step) {
    int before = p[0], here = p[0];
    for (int i = 0; i < n; ++i) {
        const int after = p[std::min(i + 1, n - 1) * step];
        p[i * step] = static_cast<uint8_t>((before + here + after + 1) / 3);
        before = here;
        here = after;
    }
}

void smooth(uint8_t *plane, int stride, Size size) {
    for (int pass = 0; pass < kPasses; ++pass) {
        for (int y = 0; y < size.h; ++y)
            smooth_line(plane + static_cast<ptrdiff_t>(y) * stride, size.w, 1);
        for (int x = 0; x < size.w; ++x)
            smooth_line(plane + x, size.h, stride);
    }
}

/// `zero` stands for no light or no colour.
void dim(uint8_t *plane, int stride, Size size, int zero) {
    for (int y = 0; y < size.h; ++y) {
        uint8_t *const row = plane + static_cast<ptrdiff_t>(y) * stride;
        std::transform(row, row + size.w, row,
                       [=](uint8_t v) { return static_cast<uint8_t>(zero + (v - zero) * kLight / 256); });
    }
}

Image small_of(const Picture &sharp) {
    Picture from = sharp;
    std::optional<Image> held;
    while (from.size.w >= 2 * kSmallSide && from.size.h >= 8) {
        Image half({even(from.size.w / 2), even(from.size.h / 2)});
        halve(from, half.picture());
        held = std::move(half);
        from = held->picture();
    }
    if (!held) {
        held.emplace(from.size);
        copy_rounded(held->picture(), 0, 0, from, CornerMask());
    }
    return std::move(*held);
}

} // namespace

void FrozenPicture::set(const void *source, const Picture &sharp) {
    source_ = source;
    large_.reset();
    small_ = small_of(sharp);
    const Picture p = small_->picture();
    for (size_t plane = 0; plane < 3; ++plane) {
        const Size size{p.size.w >> (plane ? 1 : 0), p.size.h >> (plane ? 1 : 0)};
        smooth(p.data[plane], p.stride[plane], size);
        dim(p.data[plane], p.stride[plane], size, plane ? 128 : 16);
    }
}

Picture FrozenPicture::at(Size size) {
    if (!large_ || large_->size() != size) {
        large_.emplace(size);
        PictureScaler(small_->size(), size).scale(small_->picture(), large_->picture());
    }
    return large_->picture();
}

} // namespace livecompositor
