// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "slate_clock.h"

namespace rostrum::session {

bool SlateClock::update(bool hosts, bool watched, int64_t now_ms) {
    next_ms_ = kNever;
    had_hosts_ = had_hosts_ || hosts;
    if (hosts || !had_hosts_ || times_.time_ms == 0) {
        gone_ms_ = kNever;
        return false;
    }
    if (gone_ms_ == kNever)
        gone_ms_ = now_ms;
    const int64_t begin = gone_ms_ + times_.grace_ms, end = begin + times_.time_ms;
    if (now_ms >= end)
        return false;
    next_ms_ = now_ms < begin ? begin : end;
    return watched && now_ms >= begin;
}

} // namespace rostrum::session
