// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a viewer's feedback may cost its shard. A datagram can ask for 5,000 packets again, or report on millions.

#pragma once

#include "fanout/viewer_counters.h"
#include "wire/bytes.h"
#include "wire/rtcp.h"
#include "wire/token_bucket.h"

#include <bit>

namespace peerwire {

/// Hands on what is within the limit, in the order of the packet; the rest is counted. Thread-bound: its shard's
/// thread.
class RtcpLimit {
  public:
    explicit RtcpLimit(ViewerCounters &counters) : counters_(counters) {}

    void parse(TimeNs now, std::span<const uint8_t> compound, RtcpVisitor &visitor) {
        if (!work_.take(now, kCompoundCost))
            return counters_.rtcp_ignored.add();
        Gate gate(*this, now, visitor);
        parse_rtcp(compound, gate);
    }

  private:
    // A unit is a packet that is reported on or asked for, about 50 ns. A viewer of 10 Mbit/s needs some 2,000 a
    // second, for transport-cc; this is at most 0.1 % of a core for each.
    static constexpr uint32_t kUnitsPerSecond = 20'000;
    static constexpr uint32_t kCompoundCost = 20; // for opening it and for what is short: 1,000 datagrams a second

    class Gate final : public RtcpVisitor {
      public:
        Gate(RtcpLimit &limit, TimeNs now, RtcpVisitor &inner) : limit_(limit), now_(now), inner_(inner) {}

        void on_sender_report(const SenderReport &report) override { inner_.on_sender_report(report); }
        void on_receiver_report(uint32_t reporter) override { inner_.on_receiver_report(reporter); }
        void on_report_block(uint32_t reporter, const ReportBlock &block) override {
            inner_.on_report_block(reporter, block);
        }
        void on_cname(uint32_t ssrc, std::string_view cname) override { inner_.on_cname(ssrc, cname); }
        void on_bye(uint32_t ssrc) override { inner_.on_bye(ssrc); }
        void on_nack(const Nack &nack) override {
            if (allows(count_lost(nack)))
                inner_.on_nack(nack);
        }
        void on_pli(const Pli &pli) override { inner_.on_pli(pli); }
        void on_fir(const Fir &fir) override { inner_.on_fir(fir); }
        void on_remb(const Remb &remb) override { inner_.on_remb(remb); }
        void on_transport_cc(const TransportCc &feedback) override {
            if (allows(feedback.status_count))
                inner_.on_transport_cc(feedback);
        }

      private:
        bool allows(uint32_t units) {
            const bool allowed = limit_.work_.take(now_, units);
            if (!allowed)
                limit_.counters_.rtcp_ignored.add();
            return allowed;
        }

        static uint32_t count_lost(const Nack &nack) {
            uint32_t lost = 0;
            for (size_t at = 0; at + 4 <= nack.entries.size(); at += 4)
                lost += 1 + static_cast<uint32_t>(std::popcount(load_be16(&nack.entries[at + 2])));
            return lost;
        }

        RtcpLimit &limit_;
        const TimeNs now_;
        RtcpVisitor &inner_;
    };

    ViewerCounters &counters_;
    TokenBucket work_{kUnitsPerSecond, kUnitsPerSecond};
};

} // namespace peerwire
