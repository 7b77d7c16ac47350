// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Image files that properties of livecompositor name: refused with a reason, or whole and within the limits.

#include "livecompositor/image_file.h"

#include <algorithm>
#include <cstdlib>

using namespace livecompositor;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    constexpr int kKeep = 64; // px
    const LoadedImage image = decode_image("fuzz", {data, size}, kKeep);
    if (!image.bitmap != !image.error.empty())
        std::abort();
    if (!image.bitmap)
        return 0;
    const Bitmap &b = *image.bitmap;
    if (b.size.w < 1 || b.size.h < 1 || b.size.w > kKeep || b.size.h > kKeep ||
        b.pixels.size() != static_cast<size_t>(b.size.w) * static_cast<size_t>(b.size.h))
        std::abort();
    const auto no_brighter_than_alpha = [](uint32_t p) {
        const uint32_t a = p >> 24;
        return (p >> 16 & 255) <= a && (p >> 8 & 255) <= a && (p & 255) <= a;
    };
    if (!std::all_of(b.pixels.begin(), b.pixels.end(), no_brighter_than_alpha))
        std::abort();
    return 0;
}
