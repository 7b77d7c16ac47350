// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <algorithm>

namespace peerwire {

/// Merges wishes for a keyframe of one track into few PLIs and repeats until the keyframe comes. Reentrant.
class KeyframeRequest {
  public:
    static constexpr TimeNs kMinInterval = 300 * kNsPerMs; // encoders need a frame or two, viewers ask in bursts
    static constexpr TimeNs kMaxInterval = 2 * kNsPerSecond;
    static constexpr unsigned kMaxTries = 20;

    /// Somebody needs a keyframe.
    void want(TimeNs now) {
        if (wanted_)
            return;
        wanted_ = true;
        tries_ = 0;
        interval_ = kMinInterval;
        due_ = last_sent_ == kNever ? now : std::max(now, last_sent_ + kMinInterval);
    }

    /// True when a PLI is to be sent now.
    bool take(TimeNs now) {
        if (!wanted_ || now < due_)
            return false;
        last_sent_ = now;
        due_ = now + interval_;
        interval_ = std::min(interval_ * 2, kMaxInterval);
        if (++tries_ >= kMaxTries)
            wanted_ = false;
        return true;
    }

    void on_keyframe() { wanted_ = false; }
    bool wanted() const { return wanted_; }
    TimeNs next_due() const { return wanted_ ? due_ : kNever; }

  private:
    bool wanted_ = false;
    unsigned tries_ = 0;
    TimeNs interval_ = kMinInterval;
    TimeNs due_ = kNever;
    TimeNs last_sent_ = kNever;
};

} // namespace peerwire
