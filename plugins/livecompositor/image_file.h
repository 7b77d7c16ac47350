// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Images that an application names by path: checked before they are decoded, whatever is in the file. Reentrant.

#pragma once

#include "livecompositor/bitmap.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace livecompositor {

constexpr int64_t kMaxImageBytes = 8 << 20;
constexpr int kMaxImageSide = 4096; // px

struct LoadedImage {
    std::shared_ptr<const Bitmap> bitmap;
    std::string error; ///< why there is none, and what to do
};

/// A PNG or JPEG (told by content) from a regular file, upright as its EXIF orientation says, shrunk to at most
/// `keep_side` pixels a side. May take a tenth of a second.
LoadedImage load_image(const std::string &path, int keep_side);

/// The same from memory; `name` is for the error.
LoadedImage decode_image(const std::string &name, std::span<const uint8_t> bytes, int keep_side);

} // namespace livecompositor
