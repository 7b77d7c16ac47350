// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/geometry.h"

#include <atomic>

namespace livecompositor {

/// Puts stamps that do not count this pipeline's time on it. What it adds is found when the first of them comes, and
/// the picture and the sound of one participant add the same, so that they stay in sync. Thread-bound: streaming
/// thread.
class StampClock {
  public:
    /// A live stamp farther from now than this is not a time of this pipeline.
    static constexpr TimeNs kSaneNs = 2'000'000'000;

    /// `shared` is the newest that a pad of the same participant found.
    TimeNs to_running_time(TimeNs stamp, TimeNs now, std::atomic<TimeNs> &shared);

  private:
    TimeNs offset_ = 0;
};

} // namespace livecompositor
