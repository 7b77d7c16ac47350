// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What left for one viewer.

#pragma once

#include "fanout/rate_meter.h"
#include "fanout/sent_packets.h"

#include <memory>

namespace peerwire {

/// One for picture, sound and retransmissions. Sizes come as RTP and count as IP packets. Thread-bound: the viewer's
/// shard.
class SendLog {
  public:
    /// `numbered`: transport-wide numbers were negotiated.
    explicit SendLog(bool numbered) : packets_(numbered ? std::make_unique<SentPackets>() : nullptr) {}

    /// A packet leaves.
    void add(TimeNs now, size_t bytes) {
        bytes_ += bytes + kAround;
        meter_.add(now, bytes + kAround);
    }

    /// The transport-wide number (draft-holmer-rmcat-transport-wide-cc-extensions-01) of a packet that leaves: each is
    /// used once, none is left out.
    uint16_t take_number(TimeNs now, size_t bytes) {
        add(now, bytes);
        if (packets_)
            packets_->add(next_number_, now, bytes + kAround);
        return next_number_++;
    }

    uint64_t bytes() const { return bytes_; }
    /// Over the last second.
    uint64_t bps(TimeNs now) { return meter_.bps(now); }
    /// Of the numbered packets; null without numbers.
    SentPackets *packets() { return packets_.get(); }

  private:
    static constexpr size_t kAround = 16 + 28; // SRTP's tag, UDP, IPv4

    RateMeter<10, 100 * kNsPerMs> meter_;
    uint64_t bytes_ = 0;
    uint16_t next_number_ = 1;
    const std::unique_ptr<SentPackets> packets_;
};

} // namespace peerwire
