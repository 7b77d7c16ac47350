// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a path carries, from transport-wide feedback: when each packet arrived at the viewer.

#pragma once

#include "fanout/delay_trend.h"
#include "fanout/rate_meter.h"
#include "fanout/sent_packets.h"
#include "wire/rtcp.h"
#include "wire/time.h"

#include <cstdint>

namespace peerwire {

/// The rate controller of draft-ietf-rmcat-gcc-02 §5.5: grows while packets arrive without delay, falls below what
/// arrives when they queue. Thread-bound: the viewer's shard.
class ArrivalEstimate {
  public:
    struct Outcome {
        uint64_t bps = 0; ///< the new estimate; 0 while too little is known
        unsigned packets = 0, lost = 0;
        TimeNs delay = kNever; ///< the shortest, between two clocks that do not agree; kNever = none arrived
    };
    Outcome on_feedback(TimeNs now, const TransportCc &feedback, SentPackets &sent);

  private:
    uint64_t estimate(TimeNs now);
    void rise(TimeNs now, uint64_t arriving_bps);

    DelayTrend trend_;
    RateMeter<10, 50 * kNsPerMs> arriving_; ///< on the viewer's clock
    TimeNs newest_arrival_ = 0;
    TimeNs first_feedback_ = kNever;
    TimeNs risen_at_ = 0, fallen_at_ = kLongAgo;
    uint64_t bps_ = 0;
    uint64_t full_bps_ = 0; ///< what arrived when the path was full last; 0 = never
};

} // namespace peerwire
