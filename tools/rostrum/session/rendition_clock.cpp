// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rendition_clock.h"

namespace rostrum::session {

bool RenditionClock::update(unsigned starving, unsigned limited, int64_t now_ms) {
    wanted_ = wanted_ || starving > 0;
    if (!wanted_ || starving > 0 || limited > 0)
        next_ms_ = kNever;
    else if (next_ms_ == kNever)
        next_ms_ = now_ms + kIdleMs;
    else if (now_ms >= next_ms_) {
        wanted_ = false;
        next_ms_ = kNever;
    }
    return wanted_;
}

} // namespace rostrum::session
