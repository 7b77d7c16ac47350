// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How much the path to one viewer carries.

#pragma once

#include "wire/rtcp.h"
#include "wire/time.h"

#include <algorithm>
#include <cstdint>

namespace peerwire {

/// A capacity that falls where loss or delay show that the path is full, and rises with what went through. A receiver's
/// estimate (REMB, or ArrivalEstimate) is not obeyed by itself: browsers raise it to 1.5 times of what arrives at most
/// and by 8 % a second, have none for 5 s, and let it fall for a hiccup of their machine; so it only tells how far to
/// fall, and when to look. Bits per second of IP packets. Thread-bound: the viewer's shard.
class Bandwidth {
  public:
    /// `start_bps` is taken for granted until the path says otherwise.
    explicit Bandwidth(uint64_t start_bps) : capacity_bps_(start_bps) {}

    /// REMB, or what was found in transport-cc feedback.
    void on_receiver_estimate(TimeNs now, uint64_t bps);
    /// A report block of the picture's stream; `sending_bps` is the rate of the last second.
    void on_report(TimeNs now, const ReportBlock &block, uint64_t sending_bps);
    /// A report on another stream. Browsers leave the picture's out when it has paused for 8 s.
    void on_other_report() { ++reports_; }
    /// A round trip that ended now; it tells of the queue as well unless on_arrivals() does.
    void on_round_trip(TimeNs now, TimeNs round_trip, uint64_t sending_bps);
    /// So many packets of all kinds arrived or did not, the fastest with that delay, between any two clocks; in place
    /// of what reports say.
    void on_arrivals(TimeNs now, unsigned packets, unsigned lost, TimeNs delay, uint64_t sending_bps);
    /// A probe loads the path until then: what it does to delay and to the receiver's estimate is a sign, but says
    /// nothing of the media alone.
    void expect_load(TimeNs until) { loaded_until_ = until; }
    /// Less is sent from here on: what is reported in the next moments is of the time before.
    void expect_relief(TimeNs now) { relieved_at_ = now; }
    /// So much was sent for a while, and nothing spoke against it.
    void prove(uint64_t bps);

    uint64_t bps() const { return capacity_bps_; }
    /// So far: as long as there is none, silence is no consent.
    uint64_t reports() const { return reports_; }
    /// Grows with each sign that the path may be full, certain or not.
    uint64_t signs() const { return signs_; }
    /// When the last of them came, and the last certain one; kLongAgo = never.
    TimeNs sign_at() const { return sign_at_; }
    TimeNs congested_at() const { return congested_at_; }
    /// What the newest round trip was longer than the shortest lately.
    TimeNs queue() const { return queue_; }

  private:
    /// Certain: the path is full, and carries about `kept_bps`.
    void congest(TimeNs now, uint64_t kept_bps);
    void note_sign(TimeNs now);
    bool loaded(TimeNs now) const { return now < loaded_until_ + kAftermath; }
    void count_losses(TimeNs now, double packets, double lost, uint64_t sending_bps);
    void note_delay(TimeNs now, TimeNs delay, uint64_t sending_bps);
    bool of_before(TimeNs now) const { return now - std::max(round_trip_, queue_) < relieved_at_ + kReportsLag; }
    uint64_t drained_bps(TimeNs now, uint64_t sending_bps) const;
    bool drains(TimeNs now);
    void judge_loss(TimeNs now, double loss, uint64_t sending_bps);

    // Receivers measure over a second, and a queue drains slowly.
    static constexpr TimeNs kAftermath = 1500 * kNsPerMs;

    // What is reported left a round trip ago, and behind what was sent before.
    static constexpr TimeNs kReportsLag = 500 * kNsPerMs;

    uint64_t capacity_bps_;
    TimeNs loaded_until_ = kLongAgo, relieved_at_ = kLongAgo;
    uint64_t signs_ = 0, reports_ = 0;
    TimeNs sign_at_ = kLongAgo, congested_at_ = kLongAgo;

    uint64_t receiver_bps_ = 0; ///< 0 = it said nothing yet
    TimeNs receiver_fell_at_ = kLongAgo;

    // Reports cover few packets each; loss is judged over enough of them.
    uint32_t reported_sequence_ = 0;
    double expected_ = 0, lost_ = 0;
    TimeNs judged_at_ = 0;
    bool reported_ = false;
    bool sees_arrivals_ = false;

    // The shortest round trip, or delay, of this period and of the one before.
    TimeNs shortest_ = kNever, shortest_before_ = kNever, period_began_ = 0;
    TimeNs round_trip_ = 0, queue_ = 0, queued_since_ = kNever, slowed_at_ = kLongAgo;
    // The queue about a second ago: is in queue_before_, soon will be in queue_mark_.
    TimeNs queue_before_ = 0, queue_mark_ = 0, marked_at_ = 0;
};

} // namespace peerwire
