// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/paint.h"

namespace livecompositor {

/// A line of `width` (even) along the inner edge of `rect`, which lies inside the canvas. `outer` are its corners,
/// `inner` those of what it goes around.
void draw_border(const Picture &canvas, const Rect &rect, int width, Yuv color, const CornerMask &outer,
                 const CornerMask &inner);

} // namespace livecompositor
