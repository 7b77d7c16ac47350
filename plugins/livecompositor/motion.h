// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How tiles get from one layout to the next. Pure; reentrant.

#pragma once

namespace livecompositor {

enum class Ease { Linear, In, Out, InOut };

struct Motion {
    int ms = 250; ///< 0 = at once
    Ease ease = Ease::InOut;
};
constexpr int kMaxTransitionMs = 5000;

/// Part of the way after part `t` of the time, both 0..1.
constexpr double eased(Ease ease, double t) {
    switch (ease) {
    case Ease::Linear:
        return t;
    case Ease::In:
        return t * t;
    case Ease::Out:
        return t * (2 - t);
    case Ease::InOut:
        break;
    }
    return t * t * (3 - 2 * t);
}

} // namespace livecompositor
