// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/track_receiver.h"

namespace peerwire {
namespace {

constexpr TimeNs kSsrcHoldTime = 200 * kNsPerMs; // a few frames; a replaced encoder starts later than this

} // namespace

bool TrackReceiver::admits(TimeNs now, uint32_t ssrc) const {
    return !ssrc_ || ssrc_ == ssrc || now - last_packet_at_ >= kSsrcHoldTime;
}

std::optional<TrackReceiver::Accepted> TrackReceiver::on_packet(TimeNs now, const RtpView &packet, size_t size,
                                                                const ReceiveCodec &codec, bool retransmission,
                                                                PublisherClock &clock) {
    Accepted accepted;
    if (ssrc_ != packet.ssrc || codec.clock_rate != codec_.clock_rate) {
        restart(packet, codec);
        accepted.new_stream = true;
    }
    codec_ = codec;
    last_packet_at_ = now;
    const auto arrival = reception_.on_packet(packet.sequence);
    if (arrival.duplicate) {
        ++stats_.duplicates;
        return {};
    }
    accepted.sequence = arrival.sequence;
    accepted.new_stream |= arrival.jump;
    const auto missed = nacks_.remove(now, arrival.sequence);
    accepted.round_trip = missed.round_trip;
    accepted.repaired = retransmission || missed.asked;
    accepted.capture = clock_.capture_time(now, packet.timestamp, clock);
    accepted.keyframe = starts_keyframe(codec.format, packet.payload);
    if (accepted.keyframe) {
        ++stats_.keyframes;
        keyframe_request_.on_keyframe();
    } else if (accepted.new_stream) {
        want_keyframe(now); // the beginning was lost
    }
    if (!accepted.repaired)
        reception_.on_timing(now, packet.timestamp);
    handle_gap(now, arrival);
    stats_.repaired += accepted.repaired;
    ++stats_.packets;
    stats_.bytes += size;
    stats_.payload_type = codec.payload_type;
    return accepted;
}

void TrackReceiver::restart(const RtpView &packet, const ReceiveCodec &codec) {
    ssrc_ = packet.ssrc;
    stats_.ssrc = packet.ssrc;
    reception_ = ReceptionStats(codec.clock_rate);
    clock_ = StreamClock(codec.clock_rate);
    nacks_.clear();
}

void TrackReceiver::handle_gap(TimeNs now, const ReceptionStats::Arrival &arrival) {
    if (arrival.jump)
        nacks_.clear();
    if (codec_.nack && !nacks_.add(now, arrival.gap_from, arrival.sequence))
        want_keyframe(now);
}

void TrackReceiver::on_sender_report(TimeNs now, const SenderReport &report, PublisherClock &clock) {
    reception_.on_sender_report(now, report.ntp);
    clock_.on_sender_report(from_ntp(report.ntp), report.rtp_timestamp, clock);
}

void TrackReceiver::on_bye() {
    ssrc_.reset();
    nacks_.clear();
    stats_.stalled = true;
}

ReportBlock TrackReceiver::report(TimeNs now) {
    return reception_.report(now, ssrc_.value_or(0));
}

void TrackReceiver::want_keyframe(TimeNs now) {
    if (codec_.pli)
        keyframe_request_.want(now);
}

bool TrackReceiver::take_keyframe_request(TimeNs now) {
    const bool send = ssrc_ && keyframe_request_.take(now);
    stats_.plis += send;
    return send;
}

size_t TrackReceiver::collect_nacks(TimeNs now, TimeNs round_trip, std::span<uint16_t> out) {
    const size_t count = nacks_.collect(now, round_trip, out);
    stats_.nacked += count;
    if (nacks_.given_up() != given_up_seen_)
        want_keyframe(now);
    given_up_seen_ = nacks_.given_up();
    return count;
}

std::optional<bool> TrackReceiver::check_stall(TimeNs now, TimeNs after) {
    const bool stalled = last_packet_at_ != kNever && now - last_packet_at_ >= after;
    if (stalled == stats_.stalled)
        return {};
    stats_.stalled = stalled;
    return stalled;
}

TimeNs TrackReceiver::next_timeout(TimeNs round_trip, TimeNs stall_after) const {
    TimeNs next = nacks_.next_due(round_trip);
    if (ssrc_)
        next = std::min(next, keyframe_request_.next_due());
    if (!stats_.stalled && last_packet_at_ != kNever)
        next = std::min(next, last_packet_at_ + stall_after);
    return next;
}

void TrackReceiver::update_stats(TimeNs interval) {
    stats_.lost = reception_.lost();
    stats_.given_up = nacks_.given_up();
    stats_.jitter = reception_.jitter();
    stats_.synchronised = clock_.has_sender_report();
    if (interval > 0)
        stats_.bitrate_bps = static_cast<uint64_t>(static_cast<double>(stats_.bytes - bytes_before_) * 8 *
                                                   kNsPerSecond / static_cast<double>(interval));
    bytes_before_ = stats_.bytes;
}

} // namespace peerwire
