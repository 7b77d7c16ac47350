// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Finds out whether a path carries more than it has to: by sending more for a moment.

#pragma once

#include "fanout/bandwidth.h"
#include "wire/time.h"

#include <cstdint>

namespace peerwire {

/// A probe fills what is sent anyway up to a rate, for a quarter of a second, and waits for what the receiver says. In
/// vain, the next one is a while off. Thread-bound: the viewer's shard.
class Prober {
  public:
    explicit Prober(Bandwidth &bandwidth) : bandwidth_(bandwidth) {}

    /// It would be good to know whether the path carries `wanted_bps`; 0 = no. `sent_bytes`: all that went to the
    /// viewer so far. `urgent`: there is no picture until it does. Judges a probe that is over.
    void update(TimeNs now, uint64_t wanted_bps, uint64_t sent_bytes, bool urgent = false);

    /// The path is another one than it was: what failed there says nothing.
    void forget_failures() { pause_ = 0; }

    /// So many bytes more should leave now.
    uint64_t due(TimeNs now, uint64_t sent_bytes) const;
    bool running() const { return state_ == State::Running; }
    /// When update() is wanted.
    TimeNs next_timeout() const { return next_; }
    uint64_t count() const { return count_; }

  private:
    enum class State { Idle, Running, Waiting };

    void judge(TimeNs now, uint64_t sent_bytes);
    void begin(TimeNs now, uint64_t wanted_bps, uint64_t sent_bytes);
    void fail(TimeNs now);

    Bandwidth &bandwidth_;
    State state_ = State::Idle;
    TimeNs began_ = 0, until_ = 0, next_ = kNever;
    TimeNs not_before_ = 0, pause_ = 0, max_pause_ = 0;
    TimeNs queue_ = 0; ///< the longest since it ended
    uint64_t target_bps_ = 0, reached_bps_ = 0;
    uint64_t sent_before_ = 0, signs_before_ = 0, reports_before_ = 0;
    uint64_t count_ = 0;
};

} // namespace peerwire
