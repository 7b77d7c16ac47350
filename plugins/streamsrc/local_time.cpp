// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/local_time.h"

#include "common/gst_ref.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>

namespace rostrum {
namespace {

constexpr peerwire::TimeNs kClockJump = 100 * peerwire::kNsPerMs; // more than scheduling can explain

bool is_monotonic_system_clock(GstClock *clock) {
    const auto system = GstRef<GstClock>::adopt(gst_system_clock_obtain());
    return system.get() == clock;
}

} // namespace

peerwire::TimeNs monotonic_now() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * peerwire::kNsPerSecond + now.tv_nsec;
}

peerwire::TimeNs LocalTime::to_running_time(GstElement *element, peerwire::TimeNs time) {
    const auto clock = GstRef<GstClock>::adopt(gst_element_get_clock(element));
    if (!clock)
        return 0;
    const auto base_time = static_cast<peerwire::TimeNs>(gst_element_get_base_time(element));
    return std::max<peerwire::TimeNs>(0, time + clock_offset(clock.get()) - base_time);
}

peerwire::TimeNs LocalTime::clock_offset(GstClock *clock) {
    if (is_monotonic_system_clock(clock))
        return 0;
    const auto sample = static_cast<peerwire::TimeNs>(gst_clock_get_time(clock)) - monotonic_now();
    if (measured_ != clock || std::abs(sample - offset_) > kClockJump)
        offset_ = sample;
    else
        offset_ += (sample - offset_) / 64; // reading two clocks is jittery, drifting is slow
    measured_ = clock;
    return offset_;
}

} // namespace rostrum
