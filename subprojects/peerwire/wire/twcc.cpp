// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/twcc.h"

#include "wire/bytes.h"

#include <algorithm>
#include <array>

namespace peerwire {

namespace {

constexpr TimeNs kDeltaUnit = 250 * kNsPerUs;
constexpr TimeNs kReferenceUnit = 64 * kNsPerMs;
constexpr size_t kFixedSize = 20;     // RTCP header, two SSRCs, base, count, reference time, feedback count
constexpr size_t kVectorStatuses = 7; // of a two-bit status vector chunk
constexpr size_t kMinRun = 8;         // a run length chunk pays from here on
constexpr size_t kMaxRun = 0x1fff;
constexpr uint8_t kRtpfbTransportCc = 0x80 | 15;
constexpr uint8_t kRtpfb = 205;

/// The status symbols; each value is also the size of its delta on the wire.
enum Symbol : uint8_t { kNotReceived = 0, kSmallDelta = 1, kLargeDelta = 2 };

/// What one feedback packet will say.
struct Report {
    std::array<Symbol, TwccBuilder::kWindow> symbols;
    std::array<int16_t, TwccBuilder::kWindow> deltas;
    size_t count = 0;
    size_t delta_bytes = 0;

    /// Room that `count` statuses take at most: vector chunks everywhere, and a word of padding.
    static size_t size_bound(size_t statuses, size_t delta_bytes) {
        return kFixedSize + (statuses / kVectorStatuses + 1) * 2 + delta_bytes + 3;
    }
};

void write_chunks(ByteWriter &writer, const Report &report) {
    for (size_t at = 0; at < report.count;) {
        size_t run = 1;
        while (at + run < report.count && run < kMaxRun && report.symbols[at + run] == report.symbols[at])
            ++run;
        if (run >= kMinRun) {
            writer.u16(static_cast<uint16_t>(report.symbols[at] << 13 | run));
            at += run;
            continue;
        }
        unsigned chunk = 0xc000;
        for (size_t i = 0; i < kVectorStatuses && at < report.count; ++i, ++at)
            chunk |= static_cast<unsigned>(report.symbols[at]) << (12 - 2 * i);
        writer.u16(static_cast<uint16_t>(chunk));
    }
}

void write_deltas(ByteWriter &writer, const Report &report) {
    for (size_t i = 0; i < report.count; ++i) {
        if (report.symbols[i] == kSmallDelta)
            writer.u8(static_cast<uint8_t>(report.deltas[i]));
        else if (report.symbols[i] == kLargeDelta)
            writer.u16(static_cast<uint16_t>(report.deltas[i]));
    }
}

} // namespace

void TwccBuilder::on_packet(uint16_t transport_sequence, TimeNs arrival) {
    const bool first = !unwrapper_.started();
    const int64_t sequence = unwrapper_.unwrap(transport_sequence);
    if (first)
        next_report_ = sequence;
    if (sequence <= unwrapper_.highest() - kWindow)
        return; // too old to be told about
    Arrival &slot = arrivals_[static_cast<size_t>(sequence % kWindow)];
    if (slot.sequence == sequence)
        return; // the first arrival counts
    slot = {sequence, arrival};
    next_report_ = std::min(next_report_, sequence); // a late packet is told about in the next report
    next_report_ = std::max(next_report_, unwrapper_.highest() - kWindow + 1);
}

const TwccBuilder::Arrival *TwccBuilder::find(int64_t sequence) const {
    const Arrival &slot = arrivals_[static_cast<size_t>(sequence % kWindow)];
    return slot.sequence == sequence ? &slot : nullptr;
}

size_t TwccBuilder::write(std::span<uint8_t> out, uint32_t sender_ssrc, uint32_t media_ssrc) {
    if (!pending())
        return 0;
    const int64_t base = next_report_;
    int64_t first = base;
    while (find(first) == nullptr) // ends: the highest number did arrive
        ++first;
    // The reference time floors, so the first delta is never negative.
    const TimeNs reference = find(first)->time / kReferenceUnit;

    Report report;
    int64_t clock = reference * kReferenceUnit / kDeltaUnit; // what the receiver of this packet will have summed up
    int64_t sequence = base;
    for (; sequence <= unwrapper_.highest(); ++sequence) {
        Symbol symbol = kNotReceived;
        int64_t delta = 0;
        if (const Arrival *arrival = find(sequence)) {
            delta = arrival->time / kDeltaUnit - clock;
            symbol = delta >= 0 && delta <= 255 ? kSmallDelta : kLargeDelta;
        }
        if (delta < INT16_MIN || delta > INT16_MAX)
            break; // needs a reference time of its own: the next packet
        if (Report::size_bound(report.count + 1, report.delta_bytes + symbol) > out.size())
            break;
        clock += delta;
        report.symbols[report.count] = symbol;
        report.deltas[report.count++] = static_cast<int16_t>(delta);
        report.delta_bytes += symbol;
    }
    if (sequence <= first)
        return 0; // no room for even one arrival

    ByteWriter writer(out);
    writer.u8(kRtpfbTransportCc);
    writer.u8(kRtpfb);
    writer.u16(0);
    writer.u32(sender_ssrc);
    writer.u32(media_ssrc);
    writer.u16(static_cast<uint16_t>(base));
    writer.u16(static_cast<uint16_t>(report.count));
    writer.u24(static_cast<uint32_t>(reference) & 0xffffff);
    writer.u8(feedback_count_);
    write_chunks(writer, report);
    write_deltas(writer, report);
    writer.pad_to_word();
    if (!writer.ok())
        return 0;
    writer.patch_u16(2, static_cast<uint16_t>(writer.size() / 4 - 1));
    ++feedback_count_;
    next_report_ = sequence;
    return writer.size();
}

} // namespace peerwire
