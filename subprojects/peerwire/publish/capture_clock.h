// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// From RTP timestamps to local capture times. A publisher's sender reports (RFC 3550 §6.4.1) put all its streams on its
// wall clock; the least delayed packets of the last seconds put that clock on ours. So sound and picture share one
// clock and the jitter of the network does not show.

#pragma once

#include "publish/windowed_min.h"
#include "wire/rtp.h"
#include "wire/time.h"

#include <array>
#include <cstdint>

namespace peerwire {

/// Wall clock of one publisher → local clock. Reentrant.
class PublisherClock {
  public:
    /// A packet captured at `remote` (publisher's wall clock) arrived.
    void on_packet(TimeNs arrival, TimeNs remote) { delay_.add(arrival, arrival - remote); }
    /// local − remote of the least delayed packets; only after on_packet().
    TimeNs offset(TimeNs now) const { return delay_.get(now); }
    /// The publisher's clock jumped.
    void reset() { delay_.clear(); }

  private:
    WindowedMin delay_;
};

/// RTP timestamps of one SSRC → local capture times, non-decreasing with the timestamp; packets of one timestamp always
/// get the same time. Before the first sender report the arrivals stand in for it. Reentrant.
class StreamClock {
  public:
    explicit StreamClock(uint32_t clock_rate) : clock_rate_(clock_rate ? clock_rate : 90000) {}

    /// `remote` is the report's NTP time in nanoseconds.
    void on_sender_report(TimeNs remote, uint32_t rtp_timestamp, PublisherClock &publisher);
    TimeNs capture_time(TimeNs arrival, uint32_t rtp_timestamp, PublisherClock &publisher);
    bool has_sender_report() const { return synced_; }

  private:
    struct Mapped {
        int64_t timestamp = -1;
        TimeNs local = 0;
    };

    TimeNs media_time(int64_t timestamp) const;
    TimeNs target(TimeNs arrival, int64_t timestamp, PublisherClock &publisher);
    TimeNs restart(TimeNs arrival, uint32_t rtp_timestamp);
    TimeNs advance(TimeNs arrival, int64_t timestamp, PublisherClock &publisher);
    TimeNs remember(int64_t timestamp, TimeNs local);

    uint32_t clock_rate_;
    bool started_ = false;
    bool synced_ = false;              ///< remote_base_ is valid
    int64_t base_ = 0;                 ///< extended timestamp where media time is 0
    int64_t newest_ = 0;               ///< highest extended timestamp so far
    TimeNs newest_local_ = 0;          ///< capture time given to it
    TimeNs settled_at_ = 0;            ///< until then corrections are fast
    TimeNs remote_base_ = 0;           ///< the publisher's wall clock at media time 0
    WindowedMin delay_;                ///< arrival − media time
    std::array<Mapped, 32> history_{}; ///< for late packets of a frame that was mapped already
    size_t history_at_ = 0;
    // A report may come before the first packet.
    bool report_waits_ = false;
    TimeNs waiting_remote_ = 0;
    uint32_t waiting_timestamp_ = 0;
};

} // namespace peerwire
