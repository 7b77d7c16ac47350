// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What may be written into the properties, and what is said when it may not. Pure; reentrant.

#pragma once

#include "livecompositor/board.h"

namespace livecompositor {

/// A layout, or a sentence that says what is wrong and what to write instead.
struct LayoutChoice {
    LayoutKind kind = LayoutKind::Grid;
    std::shared_ptr<const CustomLayout> custom;
    std::string error;
};
/// "grid", "sidebar", "spotlight", "pip", "screen" or a JSON description.
LayoutChoice parse_layout_property(const std::string &text);

/// Empty when `pixels` is a side that the canvas can have.
std::string check_side(const char *name, int pixels);
std::string check_framerate(int n, int d);

} // namespace livecompositor
