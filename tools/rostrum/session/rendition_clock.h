// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// While which time a composed program has smaller renditions.

#pragma once

#include <cstdint>

namespace rostrum::session {

/// From the moment that a viewer cannot take the picture as it is, until nobody had less than the best one for a while.
/// Time is an argument, in milliseconds from any origin. Thread-bound.
class RenditionClock {
  public:
    static constexpr int64_t kNever = -1;
    // Longer than a new viewer needs to climb to what its path carries, and than a path is bad in passing.
    static constexpr int64_t kIdleMs = 15'000;

    /// To be told of every change, and again at next_ms(). `starving`: viewers for whom even the smallest picture is
    /// too much; `limited`: those who do not get the best one.
    bool update(unsigned starving, unsigned limited, int64_t now_ms);
    int64_t next_ms() const { return next_ms_; }

  private:
    bool wanted_ = false;
    int64_t next_ms_ = kNever; // nobody needs them, and when that has lasted
};

} // namespace rostrum::session
