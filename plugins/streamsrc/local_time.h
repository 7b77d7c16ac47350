// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <gst/gst.h>

namespace rostrum {

/// CLOCK_MONOTONIC now, the clock that peerwire and the system clock of GStreamer share.
peerwire::TimeNs monotonic_now();

/// Turns times of CLOCK_MONOTONIC into running time of an element, whatever clock its pipeline runs on. Reentrant.
class LocalTime {
  public:
    /// Never negative. 0 while the element has no clock.
    peerwire::TimeNs to_running_time(GstElement *element, peerwire::TimeNs time);

  private:
    peerwire::TimeNs clock_offset(GstClock *clock);

    GstClock *measured_ = nullptr; ///< only compared
    peerwire::TimeNs offset_ = 0;  ///< measured clock − CLOCK_MONOTONIC, smoothed
};

} // namespace rostrum
