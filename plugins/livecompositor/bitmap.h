// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/geometry.h"

#include <vector>

namespace livecompositor {

/// A picture with alpha as cairo wants it: premultiplied native-endian ARGB32, rows without padding.
struct Bitmap {
    Size size;
    std::vector<uint32_t> pixels;
};

} // namespace livecompositor
