// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/publisher.h"

#include "publish/rtx.h"

#include <algorithm>
#include <utility>

namespace peerwire {
namespace {

constexpr size_t kMaxNacksPerPacket = 128;

PublisherConfig bounded(PublisherConfig config) {
    if (config.tracks.size() > PublisherConfig::kMaxTracks)
        config.tracks.resize(PublisherConfig::kMaxTracks);
    return config;
}

} // namespace

Publisher::Publisher(PublisherConfig config, std::shared_ptr<PublisherControl> control,
                     std::shared_ptr<PublisherObserver> observer)
    : config_(bounded(std::move(config))), control_(std::move(control)), observer_(std::move(observer)),
      demuxer_(config_), tracks_(config_.tracks.size()), remb_(config_.max_bitrate_bps) {
    stats_.tracks.resize(tracks_.size());
}

void Publisher::on_connected(TimeNs now) {
    connected_ = true;
    last_report_ = now;
    next_report_ = now + kReportInterval;
    observer_->on_connected(now);
}

void Publisher::on_closed(TimeNs now, CloseReason reason) {
    connected_ = false;
    observer_->on_closed(now, reason);
}

void Publisher::on_rtp(TimeNs now, std::span<const uint8_t> packet) {
    const auto view = parse_rtp(packet);
    if (!view) {
        ++stats_.malformed_packets;
        return;
    }
    note_transport_sequence(now, *view);
    const auto route = demuxer_.route(*view);
    if (!route || !admit(now, *route, view->ssrc)) {
        ++stats_.unknown_packets;
        return;
    }
    if (route->retransmission)
        on_retransmission(now, *view, packet, *route);
    else
        deliver(now, *view, packet, *route);
}

void Publisher::note_transport_sequence(TimeNs now, const RtpView &packet) {
    if (!config_.transport_cc || config_.extensions.transport_cc == 0)
        return;
    const auto sequence = find_extension(packet, config_.extensions.transport_cc);
    if (sequence.size() < 2)
        return;
    transport_cc_.on_packet(load_be16(sequence.data()), now);
    last_ssrc_ = packet.ssrc;
    if (unreported_++ == 0)
        next_feedback_ = now + kFeedbackInterval;
    else if (unreported_ >= kFeedbackPackets)
        next_feedback_ = now;
}

bool Publisher::admit(TimeNs now, const Demuxer::Route &route, uint32_t ssrc) {
    if (!route.retransmission && !tracks_[route.track].admits(now, ssrc))
        return false;
    demuxer_.latch(route, ssrc);
    return true;
}

void Publisher::on_retransmission(TimeNs now, const RtpView &view, std::span<const uint8_t> packet,
                                  const Demuxer::Route &route) {
    const auto ssrc = tracks_[route.track].ssrc();
    if (!ssrc)
        return;
    const size_t size = unwrap_rtx(view, packet, *ssrc, route.codec->payload_type, unwrapped_);
    const auto original = std::span<const uint8_t>(unwrapped_).first(size);
    if (const auto original_view = parse_rtp(original))
        deliver(now, *original_view, original, route);
}

void Publisher::deliver(TimeNs now, const RtpView &view, std::span<const uint8_t> packet, const Demuxer::Route &route) {
    TrackReceiver &track = tracks_[route.track];
    const auto accepted = track.on_packet(now, view, packet.size(), *route.codec, route.retransmission, clock_);
    if (const auto stalled = track.check_stall(now, config_.tracks[route.track].stall_after))
        observer_->on_stalled(route.track, *stalled);
    if (!accepted)
        return;
    if (accepted->round_trip)
        note_round_trip(*accepted->round_trip);
    observer_->on_media({.track = route.track,
                         .codec = *route.codec,
                         .ssrc = view.ssrc,
                         .sequence = accepted->sequence,
                         .arrival = now,
                         .capture = accepted->capture,
                         .keyframe = accepted->keyframe,
                         .repaired = accepted->repaired,
                         .new_stream = accepted->new_stream,
                         .bytes = packet});
}

void Publisher::note_round_trip(TimeNs sample) {
    // As SRTT, RFC 6298.
    round_trip_ = std::exchange(repaired_, true) ? (round_trip_ * 7 + sample) / 8 : sample;
    if (!measures_path_)
        stats_.round_trip = round_trip_;
}

void Publisher::on_rtcp(TimeNs now, std::span<const uint8_t> compound) {
    rtcp_now_ = now;
    if (!parse_rtcp(compound, *this))
        ++stats_.malformed_packets;
}

void Publisher::on_sender_report(const SenderReport &report) {
    if (const auto track = demuxer_.track_of(report.ssrc))
        tracks_[*track].on_sender_report(rtcp_now_, report, clock_);
}

void Publisher::on_dlrr(const Dlrr &dlrr) {
    if (dlrr.ssrc != config_.local_ssrc || dlrr.last_rr == 0)
        return;
    // RFC 3611 §4.5, in 1/65536 s.
    const auto elapsed =
        static_cast<int32_t>(static_cast<uint32_t>(to_ntp(rtcp_now_) >> 16) - dlrr.last_rr - dlrr.delay_since_last_rr);
    if (elapsed < 0 || elapsed > 10 << 16)
        return;
    measures_path_ = true;
    stats_.round_trip = int64_t{elapsed} * kNsPerSecond >> 16;
}

void Publisher::on_bye(uint32_t ssrc) {
    const auto track = demuxer_.track_of(ssrc);
    demuxer_.forget(ssrc);
    if (!track)
        return;
    tracks_[*track].on_bye();
    observer_->on_stalled(*track, true);
}

void Publisher::on_wake(TimeNs now) {
    take_requests(now);
    send_feedback(now);
}

void Publisher::take_requests(TimeNs now) {
    const uint32_t wanted = control_->take_keyframe_requests();
    for (size_t i = 0; i < tracks_.size(); ++i) {
        if (wanted & (uint32_t{1} << i))
            tracks_[i].want_keyframe(now);
    }
}

TimeNs Publisher::next_timeout() const {
    if (!connected_)
        return kNever;
    TimeNs next = std::min(next_report_, next_feedback_);
    for (size_t i = 0; i < tracks_.size(); ++i)
        next = std::min(next, tracks_[i].next_timeout(round_trip_, config_.tracks[i].stall_after));
    return std::max(next, blocked_until_);
}

void Publisher::on_timeout(TimeNs now) {
    take_requests(now);
    check_stalls(now);
    send_feedback(now);
}

void Publisher::check_stalls(TimeNs now) {
    for (size_t i = 0; i < tracks_.size(); ++i) {
        if (const auto stalled = tracks_[i].check_stall(now, config_.tracks[i].stall_after))
            observer_->on_stalled(i, *stalled);
    }
}

void Publisher::send_feedback(TimeNs now) {
    const auto out = transport_->reserve(kMaxPacketSize);
    if (out.empty()) {
        blocked_until_ = now + kBlockedRetry;
        return;
    }
    const bool report_due = now >= next_report_;
    size_t size = 0;
    if (report_due)
        size += write_report(now, out);
    else if (!config_.reduced_size)
        size += write_receiver_report(out, config_.local_ssrc, {});
    const size_t head = size;
    size += write_repairs(now, out.subspan(size));
    if (now >= next_feedback_) {
        const size_t written = transport_cc_.write(out.subspan(size), config_.local_ssrc, last_ssrc_);
        stats_.transport_cc_packets += written > 0;
        size += written;
        unreported_ = 0;
        next_feedback_ = transport_cc_.pending() ? now : kNever;
    }
    if (report_due || size > head)
        transport_->commit_rtcp(size);
    if (report_due)
        publish_stats(now);
}

size_t Publisher::write_report(TimeNs now, std::span<uint8_t> out) {
    std::array<ReportBlock, PublisherConfig::kMaxTracks> blocks;
    std::array<uint32_t, PublisherConfig::kMaxTracks> ssrcs{};
    size_t count = 0;
    worst_loss_ = 0;
    for (TrackReceiver &track : tracks_) {
        if (!track.ssrc())
            continue;
        ssrcs[count] = *track.ssrc();
        blocks[count] = track.report(now);
        worst_loss_ = std::max(worst_loss_, blocks[count++].fraction_lost);
    }
    size_t size = write_receiver_report(out, config_.local_ssrc, std::span(blocks).first(count));
    size += write_sdes_cname(out.subspan(size), config_.local_ssrc, config_.cname);
    size += write_reference_time(out.subspan(size), config_.local_ssrc, to_ntp(now));
    if (config_.remb && !config_.transport_cc && count > 0)
        size += write_remb(out.subspan(size), config_.local_ssrc, remb_.bitrate_bps(), std::span(ssrcs).first(count));
    next_report_ = now + kReportInterval;
    return size;
}

size_t Publisher::write_repairs(TimeNs now, std::span<uint8_t> out) {
    size_t size = 0;
    for (TrackReceiver &track : tracks_) {
        if (!track.ssrc())
            continue;
        std::array<uint16_t, kMaxNacksPerPacket> lost;
        if (const size_t count = track.collect_nacks(now, round_trip_, lost))
            size += write_nack(out.subspan(size), config_.local_ssrc, *track.ssrc(), std::span(lost).first(count));
        if (track.take_keyframe_request(now))
            size += write_pli(out.subspan(size), {config_.local_ssrc, *track.ssrc()});
    }
    return size;
}

void Publisher::publish_stats(TimeNs now) {
    const TimeNs interval = now - last_report_;
    last_report_ = now;
    uint64_t received_bps = 0;
    for (size_t i = 0; i < tracks_.size(); ++i) {
        tracks_[i].update_stats(interval);
        stats_.tracks[i] = tracks_[i].stats();
        received_bps += stats_.tracks[i].bitrate_bps;
    }
    remb_.update(received_bps, worst_loss_);
    observer_->on_stats(stats_);
}

} // namespace peerwire
