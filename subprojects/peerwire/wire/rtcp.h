// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RTCP (RFC 3550 §6), feedback (RFC 4585, RFC 5104), round trips of those who send no reports (RFC 3611 §4.4, §4.5),
// REMB (draft-alvestrand-rmcat-remb-03) and transport-wide congestion control feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).

#pragma once

#include "wire/bytes.h"
#include "wire/time.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace peerwire {

/// RFC 3550 §6.4.1, sender info.
struct SenderReport {
    uint32_t ssrc = 0;
    uint64_t ntp = 0; ///< 32.32 fixed point
    uint32_t rtp_timestamp = 0;
    uint32_t packet_count = 0;
    uint32_t octet_count = 0;
};

/// RFC 3550 §6.4.1, one reception report block.
struct ReportBlock {
    uint32_t ssrc = 0;
    uint8_t fraction_lost = 0;        ///< of 256, since the last report
    int32_t cumulative_lost = 0;      ///< 24 bits signed on the wire, clamped when written
    uint32_t highest_sequence = 0;    ///< extended: cycles in the upper half
    uint32_t jitter = 0;              ///< RTP timestamp units
    uint32_t last_sr = 0;             ///< middle 32 bits of the last SR's NTP time, 0 when none
    uint32_t delay_since_last_sr = 0; ///< 1/65536 s
};

/// RFC 4585 §6.2.1, generic NACK.
struct Nack {
    uint32_t sender_ssrc = 0;
    uint32_t media_ssrc = 0;
    std::span<const uint8_t> entries; ///< PID and BLP, four bytes each

    /// Calls fn(uint16_t sequence) for each lost packet.
    template <class Fn> void for_each_lost(Fn &&fn) const {
        for (size_t at = 0; at + 4 <= entries.size(); at += 4) {
            const uint16_t pid = load_be16(&entries[at]);
            fn(pid);
            for (uint32_t mask = load_be16(&entries[at + 2]); mask != 0; mask &= mask - 1)
                fn(static_cast<uint16_t>(pid + 1 + std::countr_zero(mask)));
        }
    }
};

/// RFC 4585 §6.3.1.
struct Pli {
    uint32_t sender_ssrc = 0;
    uint32_t media_ssrc = 0;
};

/// RFC 5104 §4.3.1, one entry of a full intra request.
struct Fir {
    uint32_t sender_ssrc = 0;
    uint32_t media_ssrc = 0;
    uint8_t sequence = 0; ///< a repeated number is the same request
};

struct Remb {
    uint32_t sender_ssrc = 0;
    uint64_t bitrate_bps = 0;
    std::span<const uint8_t> ssrcs; ///< four bytes each
};

/// Transport-wide feedback; for_each() walks the status chunks.
struct TransportCc {
    uint32_t sender_ssrc = 0;
    uint32_t media_ssrc = 0;
    uint16_t base_sequence = 0;
    uint16_t status_count = 0;
    int32_t reference_time = 0; ///< multiples of 64 ms, signed 24 bits
    uint8_t feedback_count = 0;
    std::span<const uint8_t> chunks_and_deltas;

    /// Calls fn(uint16_t transport_sequence, bool received, TimeNs arrival) in order; arrival is on the receiver's
    /// clock (its origin unknown, wraps with the 24 bits of the reference time), 0 for a lost packet. Returns false
    /// when chunks or deltas end too early.
    template <class Fn> bool for_each(Fn &&fn) const;
};

/// RFC 3611 §4.5, one sub-block: what became of a receiver reference time.
struct Dlrr {
    uint32_t ssrc = 0;                ///< who sent the reference time
    uint32_t last_rr = 0;             ///< middle 32 bits of its NTP time, 0 when none came
    uint32_t delay_since_last_rr = 0; ///< 1/65536 s
};

/// What parse_rtcp() found, in the order of the compound packet. Override what is of interest.
class RtcpVisitor {
  public:
    virtual ~RtcpVisitor() = default;
    virtual void on_sender_report(const SenderReport &) {}
    virtual void on_receiver_report(uint32_t /*reporter_ssrc*/) {}
    /// Follows on_sender_report or on_receiver_report, once per block.
    virtual void on_report_block(uint32_t /*reporter_ssrc*/, const ReportBlock &) {}
    virtual void on_reference_time(uint32_t /*reporter_ssrc*/, uint64_t /*ntp*/) {}
    virtual void on_dlrr(const Dlrr &) {}
    virtual void on_cname(uint32_t /*ssrc*/, std::string_view) {}
    virtual void on_bye(uint32_t /*ssrc*/) {}
    virtual void on_nack(const Nack &) {}
    virtual void on_pli(const Pli &) {}
    virtual void on_fir(const Fir &) {}
    virtual void on_remb(const Remb &) {}
    virtual void on_transport_cc(const TransportCc &) {}
};

/// Walks one compound packet (reduced-size included, RFC 5506). Untrusted bytes in. Returns false, without visiting
/// anything, when the chain of lengths is broken; a packet whose own content is malformed or of an unknown type is
/// skipped. Reentrant, no allocation.
bool parse_rtcp(std::span<const uint8_t> compound, RtcpVisitor &visitor);

// Builders: each writes one RTCP packet at the start of `out` and returns its size, 0 when it does not fit. A compound
// packet is several of them in a row. Reentrant.

/// At most 31 blocks.
size_t write_sender_report(std::span<uint8_t> out, const SenderReport &report,
                           std::span<const ReportBlock> blocks = {});
size_t write_receiver_report(std::span<uint8_t> out, uint32_t ssrc, std::span<const ReportBlock> blocks);
/// Receiver reference time report block (RFC 3611 §4.4).
size_t write_reference_time(std::span<uint8_t> out, uint32_t ssrc, uint64_t ntp);
size_t write_sdes_cname(std::span<uint8_t> out, uint32_t ssrc, std::string_view cname);
size_t write_bye(std::span<uint8_t> out, uint32_t ssrc, std::string_view reason = {});
/// `sequences` in sending order (wrapping), no duplicates; at least one.
size_t write_nack(std::span<uint8_t> out, uint32_t sender_ssrc, uint32_t media_ssrc,
                  std::span<const uint16_t> sequences);
size_t write_pli(std::span<uint8_t> out, const Pli &pli);
size_t write_fir(std::span<uint8_t> out, const Fir &fir);
size_t write_remb(std::span<uint8_t> out, uint32_t sender_ssrc, uint64_t bitrate_bps, std::span<const uint32_t> ssrcs);

template <class Fn> bool TransportCc::for_each(Fn &&fn) const {
    // Two cursors over the same bytes: the chunks come first, so their end must be found before the first delta.
    const auto next_chunk = [this](size_t &at, uint32_t left, auto &&symbol) {
        if (at + 2 > chunks_and_deltas.size())
            return uint32_t{0};
        const uint16_t chunk = load_be16(&chunks_and_deltas[at]);
        at += 2;
        if (!(chunk & 0x8000)) { // run length chunk
            const uint32_t run = std::min<uint32_t>(chunk & 0x1fff, left);
            for (uint32_t i = 0; i < run; ++i)
                symbol((chunk >> 13) & 3u);
            return run;
        }
        const bool two_bits = chunk & 0x4000; // status vector chunk
        const uint32_t run = std::min<uint32_t>(two_bits ? 7 : 14, left);
        for (uint32_t i = 0; i < run; ++i)
            symbol(two_bits ? (chunk >> (12 - 2 * i)) & 3u : (chunk >> (13 - i)) & 1u);
        return run;
    };
    size_t delta_at = 0;
    for (uint32_t left = status_count; left > 0;) {
        const uint32_t run = next_chunk(delta_at, left, [](uint32_t) {});
        if (run == 0)
            return false;
        left -= run;
    }
    size_t chunk_at = 0;
    uint16_t sequence = base_sequence;
    TimeNs arrival = TimeNs{reference_time} * 64 * kNsPerMs;
    bool complete = true;
    for (uint32_t left = status_count; left > 0 && complete;) {
        left -= next_chunk(chunk_at, left, [&](uint32_t symbol) {
            const size_t delta_size = symbol == 1 ? 1 : symbol == 2 ? 2 : 0;
            if (!complete || delta_at + delta_size > chunks_and_deltas.size()) {
                complete = false;
                return;
            }
            if (delta_size == 1)
                arrival += TimeNs{chunks_and_deltas[delta_at]} * 250 * kNsPerUs;
            else if (delta_size == 2)
                arrival += TimeNs{static_cast<int16_t>(load_be16(&chunks_and_deltas[delta_at]))} * 250 * kNsPerUs;
            delta_at += delta_size;
            fn(sequence++, delta_size != 0, delta_size != 0 ? arrival : TimeNs{0});
        });
    }
    return complete;
}

} // namespace peerwire
