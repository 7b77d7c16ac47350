// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/track_writer.h"

#include "wire/bytes.h"
#include "wire/picture_size.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace peerwire {

namespace {

// A publisher that restarts its encoder keeps its SSRC but may leap; a loss of this many packets is no stream any more.
constexpr int kMaxSequenceLeap = 3000;

// Room for SPS and PPS in one STAP-A; real ones have 10 to 60 bytes.
constexpr size_t kMaxParameterSets = 1200;

// A large frame goes on its way before its last packet is there.
constexpr uint64_t kMaxHeldPackets = 16;

} // namespace

void TrackWriter::begin_source(Source source) {
    source_ = std::move(source);
    restart();
}

void TrackWriter::restart() {
    entered_ = seen_ = false;
    sequences_ = {};
    timestamps_ = {};
}

bool TrackWriter::is_continuation(const RtpView &packet) const {
    if (packet.ssrc != ssrc_)
        return false;
    const auto leap =
        static_cast<int16_t>(static_cast<uint16_t>(packet.sequence - static_cast<uint16_t>(sequences_.highest())));
    return std::abs(int{leap}) <= kMaxSequenceLeap;
}

void TrackWriter::enter_source(const RtpView &packet, TimeNs pts) {
    const int64_t sequence = sequences_.highest(), timestamp = timestamps_.unwrap(packet.timestamp);
    entered_ = true;
    counters_.sources.add();
    pictures_.begin_source();
    first_sequence_ = shifted_from_ = sequence;
    if (any_) {
        const int64_t ticks = (pts - last_pts_) * int64_t{source_.clock_rate} / kNsPerSecond;
        sequence_offset_ = last_sequence_ + 1 - sequence;
        timestamp_offset_ = last_timestamp_ + std::max<int64_t>(ticks, 1) - timestamp;
    }
}

TrackWriter::Outcome TrackWriter::write(std::span<const uint8_t> packet, TimeNs pts) {
    const auto rtp = parse_rtp(packet);
    if (!rtp) {
        counters_.dropped_malformed.add();
        return Outcome::Dropped;
    }
    if (seen_ && !is_continuation(*rtp))
        restart();
    ssrc_ = rtp->ssrc;
    seen_ = true;

    const int64_t source_sequence = sequences_.unwrap(rtp->sequence);
    // Without payload it is a probe that used up a sequence number: passed on, or viewers would ask for it.
    const PayloadInfo payload = rtp->payload.empty() ? PayloadInfo{} : inspect_payload(source_.codec, rtp->payload);
    if (!entered_) {
        if (!payload.keyframe) {
            counters_.dropped_waiting.add();
            return Outcome::WaitsForKeyframe;
        }
        enter_source(*rtp, pts);
    }
    if (source_sequence < first_sequence_) {
        counters_.dropped_old.add();
        return Outcome::Dropped;
    }

    PacketInfo info;
    info.timestamp = timestamps_.unwrap(rtp->timestamp) + timestamp_offset_;
    info.pts = pts;
    info.clock_rate = source_.clock_rate;
    info.codec = source_.codec;
    info.marker = rtp->marker;
    info.sequence = source_sequence + sequence_offset_ - (source_sequence < shifted_from_ ? 1 : 0);
    // Viewers encrypt each number once: another packet under it would be a number used twice (see TrackSender).
    if (!used_.use(info.sequence)) {
        counters_.dropped_duplicate.add();
        return Outcome::Dropped;
    }
    info.picture = pictures_.number(info.codec, rtp->payload);
    note_frame(info.timestamp);
    const bool newest_frame = info.timestamp == frame_timestamp_;
    const bool lacks_sets = payload.idr_slice && !payload.parameter_sets && !frame_has_parameter_sets_;
    // Never behind a packet that has its number already.
    if (newest_frame && lacks_sets && !source_.parameter_sets.empty() && source_sequence == sequences_.highest()) {
        insert_parameter_sets(info);
        shifted_from_ = source_sequence;
        ++sequence_offset_;
        used_.use(++info.sequence);
    }
    if (payload.keyframe || payload.parameter_sets)
        note_size(rtp->payload);
    store(info, rtp->payload);
    note_complete(info);
    if (newest_frame)
        frame_has_parameter_sets_ = frame_has_parameter_sets_ || payload.parameter_sets;
    if (newest_frame && payload.keyframe && !frame_is_key_) {
        frame_is_key_ = true;
        counters_.keyframes.add();
        ring_.mark_keyframe(frame_position_);
    }
    return Outcome::Stored;
}

void TrackWriter::note_frame(int64_t timestamp) {
    if (any_ && timestamp <= frame_timestamp_)
        return;
    frame_timestamp_ = timestamp;
    frame_position_ = ring_.head();
    frame_is_key_ = frame_has_parameter_sets_ = false;
}

void TrackWriter::note_size(std::span<const uint8_t> payload) {
    const auto size = picture_size(payload_format(source_.codec), payload);
    if (!size)
        return;
    counters_.picture_width.set(size->width);
    counters_.picture_height.set(size->height);
}

/// One STAP-A (RFC 6184 §5.7.1) with everything that the IDR picture needs.
void TrackWriter::insert_parameter_sets(const PacketInfo &before) {
    std::array<uint8_t, kMaxParameterSets> bytes;
    ByteWriter writer(bytes);
    writer.u8(0x60 | 24); // NRI 3
    for (const auto &unit : source_.parameter_sets) {
        writer.u16(static_cast<uint16_t>(unit.size()));
        writer.bytes(unit);
    }
    PacketInfo info = before;
    info.marker = false;
    frame_has_parameter_sets_ = true;
    note_size(std::span(bytes).first(writer.size()));
    store(info, std::span(bytes).first(writer.size()));
}

void TrackWriter::store(const PacketInfo &info, std::span<const uint8_t> payload) {
    if (ring_.push(info, payload) == PacketRing::kNone) {
        counters_.dropped_malformed.add();
        return;
    }
    counters_.packets.add();
    counters_.bytes.add(payload.size());
    if (!any_ || info.sequence > last_sequence_)
        last_sequence_ = info.sequence;
    if (!any_ || info.timestamp >= last_timestamp_) {
        last_timestamp_ = info.timestamp;
        last_pts_ = info.pts;
    }
    any_ = true;
}

void TrackWriter::note_complete(const PacketInfo &newest) {
    const uint64_t head = ring_.head();
    const bool late = newest.timestamp < frame_timestamp_;
    if (newest.marker || late || head - ring_.complete() >= kMaxHeldPackets)
        ring_.mark_complete(head);
    else if (ring_.complete() < frame_position_)
        ring_.mark_complete(frame_position_); // the frame before lost its last packet
}

} // namespace peerwire
