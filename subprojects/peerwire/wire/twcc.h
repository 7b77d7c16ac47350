// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The receiver's side of transport-wide congestion control
// (draft-holmer-rmcat-transport-wide-cc-extensions-01): collects arrivals, writes feedback packets.

#pragma once

#include "wire/rtp.h"
#include "wire/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace peerwire {

/// Bounded: it remembers the last kWindow transport sequence numbers. Reentrant, no allocation.
class TwccBuilder {
  public:
    static constexpr int64_t kWindow = 1024;

    /// A packet with this transport-wide sequence number arrived.
    void on_packet(uint16_t transport_sequence, TimeNs arrival);

    /// There is something that no feedback packet has reported yet.
    bool pending() const { return next_report_ <= unwrapper_.highest() && unwrapper_.started(); }

    /// Writes one RTCP packet (RTPFB, FMT 15) reporting what arrived since the last; 0 when there is nothing or no
    /// room. Call again while pending(): one packet reports only as much as fits.
    size_t write(std::span<uint8_t> out, uint32_t sender_ssrc, uint32_t media_ssrc);

  private:
    struct Arrival {
        int64_t sequence = -1; ///< extended; guards against stale slots
        TimeNs time = 0;
    };
    const Arrival *find(int64_t sequence) const;

    SequenceUnwrapper unwrapper_;
    std::array<Arrival, kWindow> arrivals_{};
    int64_t next_report_ = 0; ///< extended number of the first packet that the next feedback covers
    uint8_t feedback_count_ = 0;
};

} // namespace peerwire
