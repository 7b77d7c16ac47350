// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "keyframe_cadence.h"

namespace rostrum::session {

bool KeyframeCadence::next(int64_t time_ns) {
    const bool first = keyframe_ns_ == kNone || time_ns < keyframe_ns_; // or another stream, with a time of its own
    const bool due = first || time_ns / kGopNs != keyframe_ns_ / kGopNs;
    const bool granted = !first && time_ns - keyframe_ns_ >= kMergeNs && wanted_.load();
    if (!due && !granted)
        return false;
    wanted_.store(false);
    keyframe_ns_ = time_ns;
    return true;
}

} // namespace rostrum::session
