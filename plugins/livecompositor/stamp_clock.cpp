// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/stamp_clock.h"

#include <algorithm>
#include <cstdlib>

namespace livecompositor {

namespace {

constexpr TimeNs kFarNs = TimeNs{1} << 61; // 73 years; the sum of two does not overflow

} // namespace

TimeNs StampClock::to_running_time(TimeNs stamp, TimeNs now, std::atomic<TimeNs> &shared) {
    stamp = std::clamp(stamp, -kFarNs, kFarNs);
    for (const TimeNs offset : {offset_, shared.load(), TimeNs{0}}) {
        if (std::abs(stamp + offset - now) < kSaneNs) {
            offset_ = offset;
            return stamp + offset;
        }
    }
    offset_ = now - stamp;
    shared = offset_;
    return now;
}

} // namespace livecompositor
