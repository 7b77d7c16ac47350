// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/rtcp.h"
#include "wire/rtp.h"
#include "wire/time.h"

#include <bitset>
#include <cstdint>

namespace peerwire {

/// What a receiver report says of one SSRC (RFC 3550 §6.4, §A.3, §A.8), and which packets were here already. Reentrant.
class ReceptionStats {
  public:
    explicit ReceptionStats(uint32_t clock_rate) : clock_rate_(clock_rate) {}

    struct Arrival {
        int64_t sequence = 0;   ///< extended
        int64_t gap_from = 0;   ///< first missing number before `sequence`; == sequence when nothing is missing
        bool duplicate = false; ///< seen before, or too old to know
        bool jump = false;      ///< further than kMaxGap from all before: the numbering started anew
    };
    /// A packet of the stream itself or one recovered from its retransmission.
    Arrival on_packet(uint16_t sequence);
    /// Jitter of a packet that was not retransmitted.
    void on_timing(TimeNs arrival, uint32_t rtp_timestamp);
    void on_sender_report(TimeNs now, uint64_t ntp);

    /// Ends a reporting interval.
    ReportBlock report(TimeNs now, uint32_t ssrc);

    uint64_t received() const { return received_; }
    int64_t lost() const { return expected() - static_cast<int64_t>(received_); }
    TimeNs jitter() const;

    /// A larger gap is a new stream of numbers rather than loss; also how far back duplicates are known.
    static constexpr int64_t kMaxGap = 1024;

  private:
    int64_t expected() const { return unwrapper_.started() ? unwrapper_.highest() - first_ + 1 : 0; }
    void restart(uint16_t sequence);

    uint32_t clock_rate_;
    SequenceUnwrapper unwrapper_;
    std::bitset<2 * kMaxGap> seen_; ///< by sequence modulo its size
    int64_t first_ = 0;
    uint64_t received_ = 0;
    int64_t expected_before_ = 0; ///< at the last report
    uint64_t received_before_ = 0;
    int64_t jitter_q4_ = 0; ///< RTP timestamp units × 16
    bool has_transit_ = false;
    uint32_t last_transit_ = 0;
    uint32_t last_sr_ = 0;
    TimeNs last_sr_at_ = 0;
};

} // namespace peerwire
