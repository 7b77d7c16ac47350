// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/reception_stats.h"

#include <algorithm>
#include <cstdlib>

namespace peerwire {

ReceptionStats::Arrival ReceptionStats::on_packet(uint16_t sequence) {
    Arrival arrival;
    if (!unwrapper_.started()) {
        restart(sequence);
        arrival.sequence = arrival.gap_from = unwrapper_.highest();
        return arrival;
    }
    const int64_t before = unwrapper_.highest();
    const int64_t distance = static_cast<int16_t>(static_cast<uint16_t>(sequence - static_cast<uint16_t>(before)));
    if (distance > kMaxGap) {
        restart(sequence);
        arrival.sequence = arrival.gap_from = unwrapper_.highest();
        arrival.jump = true;
        return arrival;
    }
    arrival.sequence = unwrapper_.unwrap(sequence);
    arrival.gap_from = distance > 0 ? before + 1 : arrival.sequence;
    for (int64_t missing = before + 1; missing < arrival.sequence; ++missing)
        seen_.reset(static_cast<size_t>(missing) % seen_.size());
    const size_t slot = static_cast<size_t>(arrival.sequence) % seen_.size();
    arrival.duplicate = distance <= -kMaxGap || (distance <= 0 && seen_.test(slot)) || arrival.sequence < first_;
    if (arrival.duplicate)
        return arrival;
    seen_.set(slot);
    ++received_;
    return arrival;
}

void ReceptionStats::restart(uint16_t sequence) {
    unwrapper_ = {};
    first_ = unwrapper_.unwrap(sequence);
    seen_.reset();
    seen_.set(static_cast<size_t>(first_) % seen_.size());
    received_ = 1;
    expected_before_ = 0;
    received_before_ = 0;
    has_transit_ = false;
}

void ReceptionStats::on_timing(TimeNs arrival, uint32_t rtp_timestamp) {
    const int64_t rate = clock_rate_;
    const int64_t ticks = arrival / kNsPerSecond * rate + arrival % kNsPerSecond * rate / kNsPerSecond;
    const uint32_t transit = static_cast<uint32_t>(ticks) - rtp_timestamp;
    if (has_transit_) {
        const int64_t change = std::abs(int64_t{static_cast<int32_t>(transit - last_transit_)});
        jitter_q4_ += change - ((jitter_q4_ + 8) >> 4);
    }
    has_transit_ = true;
    last_transit_ = transit;
}

void ReceptionStats::on_sender_report(TimeNs now, uint64_t ntp) {
    last_sr_ = static_cast<uint32_t>(ntp >> 16);
    last_sr_at_ = now;
}

TimeNs ReceptionStats::jitter() const {
    return clock_rate_ ? (jitter_q4_ >> 4) * kNsPerSecond / clock_rate_ : 0;
}

ReportBlock ReceptionStats::report(TimeNs now, uint32_t ssrc) {
    ReportBlock block;
    block.ssrc = ssrc;
    const int64_t expected_now = expected() - expected_before_;
    const int64_t lost_now = expected_now - static_cast<int64_t>(received_ - received_before_);
    if (expected_now > 0 && lost_now > 0)
        block.fraction_lost = static_cast<uint8_t>(std::min<int64_t>(255, lost_now * 256 / expected_now));
    block.cumulative_lost = static_cast<int32_t>(std::clamp<int64_t>(lost(), -0x800000, 0x7fffff));
    block.highest_sequence = static_cast<uint32_t>(unwrapper_.highest() - 65536);
    block.jitter = static_cast<uint32_t>(jitter_q4_ >> 4);
    block.last_sr = last_sr_;
    if (last_sr_ != 0)
        block.delay_since_last_sr = static_cast<uint32_t>(to_ntp(now - last_sr_at_) >> 16);
    expected_before_ = expected();
    received_before_ = received_;
    return block;
}

} // namespace peerwire
