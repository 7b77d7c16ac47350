// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a viewer gets a second time: answers to NACKs, and probes.

#include "fanout/track_sender.h"

#include "wire/bytes.h"
#include "wire/rtp.h"

#include <algorithm>

namespace peerwire {

namespace {

// Probes of a good size make a path's queue show, and the newest packets are of some use.
constexpr size_t kMinRepeated = 400;
constexpr uint64_t kRecentPackets = 16;

constexpr uint8_t kPadding = 255; // RFC 3550 §5.1

} // namespace

const TrackSender::Segment *TrackSender::find_segment(int64_t out) const {
    const uint64_t kept = std::min<uint64_t>(segment_count_, segments_.size());
    for (uint64_t i = 0; i < kept; ++i) {
        const Segment &segment = segments_[(segment_count_ - i) % segments_.size()];
        if (out >= segment.first_out)
            return &segment;
    }
    return nullptr;
}

void TrackSender::resend(Transport &transport, uint16_t sequence, TimeNs now) {
    if (!started_)
        return;
    const int64_t out =
        last_out_ + static_cast<int16_t>(static_cast<uint16_t>(sequence - static_cast<uint16_t>(last_out_)));
    const Segment *segment = out <= last_out_ ? find_segment(out) : nullptr;
    const auto position = segment ? segment->ring->find(out - segment->sequence_offset) : std::nullopt;
    if (out < repairable_from_)
        return counters_.nack_over_budget.add();
    PacketInfo info;
    if (!position || !segment->ring->read_info(*position, info) ||
        setup_[info.codec].media == TrackSetup::kNoPayloadType || !setup_[info.codec].nack)
        return counters_.nack_unknown.add();
    const Form form = form_of(*segment, info, repaired_by_rtx(info));
    const size_t size = packet_size(info, form);
    switch (gate_.admit(sequence, size, now)) {
    case RetransmissionGate::Verdict::Duplicate:
        return counters_.nack_duplicate.add();
    case RetransmissionGate::Verdict::OverBudget:
        return counters_.nack_over_budget.add();
    case RetransmissionGate::Verdict::Send:
        break;
    }
    const auto room = transport.reserve(size);
    if (room.empty() || write_packet(room, *segment, *position, info, form, now) == 0)
        return counters_.nack_unknown.add();
    commit(transport, room.first(size), form.extensions, now);
    rtx_count_ += form.rtx ? 1 : 0;
    counters_.retransmitted.add();
}

size_t TrackSender::probe(Transport &transport, TimeNs now) {
    if (!started_)
        return 0;
    const size_t size = live_ ? repeat_recent(transport, now) : 0;
    return size > 0 ? size : send_padding(transport, now);
}

size_t TrackSender::repeat_recent(Transport &transport, TimeNs now) {
    const Segment &segment = current();
    const uint64_t back = 1 + rtx_count_ % kRecentPackets;
    PacketInfo info;
    if (cursor_ < back || !segment.ring->read_info(cursor_ - back, info) || info.size < kMinRepeated ||
        info.sequence + segment.sequence_offset < segment.first_out || !repaired_by_rtx(info))
        return 0;
    const Form form = form_of(segment, info, true);
    const size_t size = packet_size(info, form);
    const auto room = transport.reserve(size);
    if (room.empty() || write_packet(room, segment, cursor_ - back, info, form, now) == 0)
        return 0;
    count_probe(transport, room.first(size), form.extensions, now);
    return size;
}

size_t TrackSender::send_padding(Transport &transport, TimeNs now) {
    const auto types = std::find_if(setup_.payload_types.begin(), setup_.payload_types.end(),
                                    [](const auto &one) { return one.rtx != TrackSetup::kNoPayloadType; });
    if (types == setup_.payload_types.end() || setup_.rtx_ssrc == 0)
        return 0;
    const ExtensionChoice extensions{.per_sending = true};
    const auto room = transport.reserve(kRtpFixedHeaderSize + extensions_.size(extensions) + kPadding);
    if (room.empty())
        return 0;
    const RtpHeader header{.payload_type = types->rtx,
                           .sequence = rtx_sequence(),
                           .timestamp = static_cast<uint32_t>(reference_timestamp_),
                           .ssrc = setup_.rtx_ssrc};
    const size_t size = extensions_.write(room, header, extensions, {now, now}) + kPadding;
    write_rtp_padding(room.first(size), kPadding);
    count_probe(transport, room.first(size), extensions, now);
    return size;
}

void TrackSender::count_probe(Transport &transport, std::span<uint8_t> packet, ExtensionChoice extensions, TimeNs now) {
    commit(transport, packet, extensions, now);
    ++rtx_count_;
    counters_.probe_bytes.add(packet.size());
}

} // namespace peerwire
