// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// When the program shows its slate: from a moment after its last host went, for a while, to whoever watches.

#pragma once

#include <cstdint>

namespace rostrum::session {

struct SlateTimes {
    unsigned grace_ms = 2000;   // the last picture stays for this long
    unsigned time_ms = 300'000; // then the slate for this long; 0 = no slate
};

/// Time is an argument, in milliseconds from any origin. Thread-bound.
class SlateClock {
  public:
    static constexpr int64_t kNever = -1;

    explicit SlateClock(SlateTimes times) : times_(times) {}

    /// To be told of every change, and again at next_ms(). True while the slate is to be shown.
    bool update(bool hosts, bool watched, int64_t now_ms);
    int64_t next_ms() const { return next_ms_; }

  private:
    const SlateTimes times_;
    bool had_hosts_ = false;
    int64_t gone_ms_ = kNever; // when the last host went
    int64_t next_ms_ = kNever;
};

} // namespace rostrum::session
