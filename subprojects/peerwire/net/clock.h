// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The one place of peerwire that reads a clock.

#pragma once

#include "wire/time.h"

#include <ctime>

namespace peerwire {

inline TimeNs monotonic_now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return TimeNs{time.tv_sec} * kNsPerSecond + time.tv_nsec;
}

} // namespace peerwire
