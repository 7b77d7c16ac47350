// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/viewer.h"

#include "sync/prefetch.h"

#include <algorithm>
#include <array>

namespace peerwire {

namespace {

// RFC 3550 asks for 5 s on average; browsers synchronise lips from the second report on.
constexpr TimeNs kReportInterval = kNsPerSecond;
constexpr TimeNs kWatchfulReportInterval = 200 * kNsPerMs; // each one gives a round trip

// A burst (a start in the past, a large keyframe) leaves as 32 packets per 2 ms, about 150 Mbit/s, so that it neither
// fills the receive buffer of the viewer nor holds up the other viewers of the shard.
constexpr unsigned kBurstPackets = 32;
constexpr TimeNs kBurstPause = 2 * kNsPerMs;

// The past that follows the keyframe is no hurry: eight times as fast as it was made, so that a thin path's queue holds
// it.
constexpr uint64_t kCatchUpMs = 10; // at a time
constexpr uint64_t kMinCatchUpBps = 1'500'000, kCatchUpSpeed = 8;

constexpr unsigned kMaxProbesAtOnce = 8; // what a probe is behind with after a pause is not made up for

// Between two wishes of one viewer, even where requests are not limited.
constexpr TimeNs kMinPressInterval = 100 * kNsPerMs;

// Chromium asks for a keyframe when it starts, even while one is on its way.
constexpr TimeNs kKeyframeGrace = 300 * kNsPerMs;

// Everybody gets the keyframe that one viewer asks for, and pays for it with sharpness. One may ask five times in a
// row, then every 2 s, as often as our own encoder makes them anyway.
constexpr uint32_t kRequestCost = 2;
constexpr uint32_t kRequestTokensPerSecond = 1, kRequestTokens = 5 * kRequestCost;

bool is_numbered(const ViewerSetup &setup) {
    return (setup.video && setup.video->extensions.transport_cc_id) ||
           (setup.audio && setup.audio->extensions.transport_cc_id);
}

} // namespace

Viewer::Viewer(std::shared_ptr<Feed> feed, ViewerSetup setup, std::shared_ptr<ViewerCounters> counters)
    : feed_(std::move(feed)), setup_(std::move(setup)), counters_(std::move(counters)), log_(is_numbered(setup_)),
      control_(*feed_, log_, {.start_bps = setup_.start_bps, .can_probe = setup_.video && setup_.video->has_rtx()},
               *counters_),
      rtcp_limit_(*counters_), requests_(kRequestTokensPerSecond, kRequestTokens) {
    counters_->layer.set(kMaxLayers);
    counters_->layer_reason.set(static_cast<uint64_t>(LayerReason::NoSource));
    if (setup_.video)
        video_.emplace(*setup_.video, *feed_, log_, *counters_);
    if (setup_.audio) {
        audio_.emplace(*setup_.audio, *feed_, log_, *counters_);
        audio_->follow(&feed_->audio());
    }
}

void Viewer::on_connected(TimeNs now) {
    next_report_ = now;
    if (setup_.on_connected)
        setup_.on_connected();
    pump(now);
}

void Viewer::on_wake(TimeNs now) {
    pump(now);
}

void Viewer::prefetch() const {
    peerwire::prefetch(&transport_);
    peerwire::prefetch(&layer_, this + 1);
    peerwire::prefetch(counters_.get());
    for (const auto *track : {&video_, &audio_}) {
        if (*track)
            (*track)->prefetch();
    }
}

void Viewer::on_closed(TimeNs, CloseReason reason) {
    if (setup_.on_closed)
        setup_.on_closed(reason);
}

TimeNs Viewer::next_timeout() const {
    return std::min({next_report_, next_pump_, next_press_, control_.next_timeout()});
}

void Viewer::on_timeout(TimeNs now) {
    if (now >= next_report_) {
        send_reports(now);
        adapt(now);
        next_report_ = now + (control_.wants_round_trips(now) ? kWatchfulReportInterval : kReportInterval);
    }
    if (now >= control_.next_timeout()) {
        const bool probing = control_.probing();
        adapt(now);
        send_probes(now);
        if (probing && !control_.probing())
            next_report_ = now; // its round trip passes the queue that the probe made
    }
    if (now >= next_pump_)
        pump(now);
    press_for_keyframe(now);
}

void Viewer::pump(TimeNs now) {
    if (video_)
        pump_video(now);
    if (audio_)
        audio_->pump(*transport_, now, {.max_packets = kBurstPackets});
    send_probes(now);
}

void Viewer::pump_video(TimeNs now) {
    if (!video_->started())
        adapt(now);
    if (next_pump_ != kNever && now < next_pump_)
        return; // pacing; what waits leaves with the timeout
    if (now < drained_at_ && !video_->live()) {
        next_pump_ = drained_at_;
        return ask_ahead(now);
    }
    const bool busy = transport_->busy();
    const bool rider = busy && audio_ && audio_->has_waiting();
    note_pump(now, video_->pump(*transport_, now,
                                {.max_packets = kBurstPackets,
                                 .catch_up_bytes = catch_up_bps() / 8 * kCatchUpMs / 1000,
                                 .whole_frames = busy,
                                 .rider = rider}));
    press_for_keyframe(now);
}

/// The keyframe with which the followed layer begins is made in the meantime.
void Viewer::ask_ahead(TimeNs now) {
    keyframe_wanted_ = video_->needs_keyframe();
    press_for_keyframe(now);
}

void Viewer::note_pump(TimeNs now, const TrackSender::PumpResult &result) {
    next_pump_ = result.more ? now + std::max(kBurstPause, catch_up_pause(result.caught_up)) : kNever;
    if (result.wants_keyframe && waits_in_vain(now))
        keyframe_wanted_ = true;
    if (video_->keyframe_sent() != keyframe_seen_) {
        keyframe_seen_ = video_->keyframe_sent();
        keyframe_time_ = now;
        keyframe_wanted_ = false;
        next_press_ = kNever;
    }
}

/// How fast a viewer gets what it missed.
uint64_t Viewer::catch_up_bps() const {
    const PacketRing *ring = feed_->video(layer_);
    const uint64_t rate = ring ? ring->rate_bps() : 0;
    const uint64_t bps = std::max(kMinCatchUpBps, kCatchUpSpeed * rate);
    // Without a sign of congestion the estimate is none.
    return control_.signs() == 0 ? bps : std::min(bps, std::max(control_.estimate_bps(), 2 * rate));
}

TimeNs Viewer::catch_up_pause(size_t bytes) const {
    return static_cast<TimeNs>(bytes * 8 * 1'000'000 / catch_up_bps()) * kNsPerUs;
}

void Viewer::send_probes(TimeNs now) {
    if (!control_.probing())
        return;
    uint64_t due = control_.padding_due(now);
    for (unsigned sent = 0; due > 0 && sent < kMaxProbesAtOnce; ++sent) {
        const size_t size = video_->probe(*transport_, now);
        if (size == 0)
            return;
        due -= std::min<uint64_t>(due, size);
    }
}

void Viewer::press_for_keyframe(TimeNs now) {
    if (!keyframe_wanted_ || (next_press_ != kNever && now < next_press_))
        return;
    feed_->request_keyframe(layer_, now);
    // Again until one was sent: this wish may have been merged into an older one, or gone lost.
    next_press_ = now + std::max(feed_->keyframe_interval(), kMinPressInterval);
}

TrackSender *Viewer::find_track(uint32_t ssrc) {
    if (video_ && video_->ssrc() == ssrc)
        return &*video_;
    return audio_ && audio_->ssrc() == ssrc ? &*audio_ : nullptr;
}

void Viewer::on_rtcp(TimeNs now, std::span<const uint8_t> compound) {
    now_ = now;
    rtcp_limit_.parse(now, compound, *this);
    if (!video_)
        return;
    adapt(now);
    if (control_.wants_round_trips(now))
        next_report_ = std::min(next_report_, reported_at_ + kWatchfulReportInterval);
    press_for_keyframe(now);
}

void Viewer::on_report_block(uint32_t, const ReportBlock &block) {
    // Of a paused picture the probes are all that comes, and is reported on.
    const bool repairs = video_ && setup_.video->rtx_ssrc != 0 && block.ssrc == setup_.video->rtx_ssrc;
    TrackSender *track = repairs ? &*video_ : find_track(block.ssrc);
    if (!track)
        return;
    if (audio_ && !repairs)
        audio_->on_loss(now_, block.fraction_lost);
    if (!video_ || (track == &*video_ && !repairs))
        counters_->fraction_lost.set(block.fraction_lost);
    if (!repairs)
        note_reception(*track, block);
    if (video_ && track == &*video_ && !repairs)
        control_.on_report(now_, block);
    else if (video_)
        control_.on_other_report();
    if (block.last_sr == 0)
        return;
    // RFC 3550 §6.4.1, in 1/65536 s.
    const auto elapsed =
        static_cast<int32_t>(static_cast<uint32_t>(to_ntp(now_) >> 16) - block.last_sr - block.delay_since_last_sr);
    if (elapsed < 0 || elapsed > 10 << 16)
        return;
    const TimeNs round_trip = int64_t{elapsed} * kNsPerSecond >> 16;
    track->gate().set_round_trip(round_trip);
    control_.on_round_trip(now_, round_trip);
    counters_->round_trip_us.set(static_cast<uint64_t>(round_trip / kNsPerUs));
    reception_of(*track).round_trip_us.set(static_cast<uint64_t>(round_trip / kNsPerUs));
}

ReceptionCounters &Viewer::reception_of(const TrackSender &track) {
    return video_ && &track == &*video_ ? counters_->video_reception : counters_->audio_reception;
}

void Viewer::note_reception(const TrackSender &track, const ReportBlock &block) {
    if (!track.started())
        return;
    ReceptionCounters &reception = reception_of(track);
    const SenderReport sent = track.report(now_);
    reception.packets.set(sent.packet_count);
    reception.bytes.set(sent.octet_count);
    reception.lost.raise(static_cast<uint64_t>(std::max(block.cumulative_lost, 0)));
    reception.jitter_us.set(uint64_t{block.jitter} * 1'000'000 / std::max(track.clock_rate(), 1u));
}

void Viewer::on_nack(const Nack &nack) {
    TrackSender *track = find_track(nack.media_ssrc);
    if (!track)
        return;
    nack.for_each_lost([&](uint16_t sequence) { track->resend(*transport_, sequence, now_); });
}

void Viewer::on_pli(const Pli &pli) {
    if (!video_ || pli.media_ssrc != video_->ssrc())
        return;
    counters_->keyframe_requests.add();
    const bool on_its_way =
        keyframe_seen_ != PacketRing::kNone && now_ - keyframe_time_ < kKeyframeGrace + video_->gate().round_trip();
    if (on_its_way || keyframe_wanted_)
        return;
    if (!requests_.take(now_, kRequestCost))
        return counters_->rtcp_ignored.add();
    keyframe_wanted_ = true;
}

void Viewer::on_fir(const Fir &fir) {
    if (fir.sequence == fir_sequence_)
        return;
    fir_sequence_ = fir.sequence;
    on_pli({.sender_ssrc = fir.sender_ssrc, .media_ssrc = fir.media_ssrc});
}

void Viewer::on_remb(const Remb &remb) {
    control_.on_remb(now_, remb.bitrate_bps);
}

void Viewer::on_transport_cc(const TransportCc &feedback) {
    control_.on_transport_cc(now_, feedback);
}

size_t Viewer::write_report(std::span<uint8_t> out, const TrackSender &track, TimeNs now) const {
    const size_t report = write_sender_report(out, track.report(now));
    return report + write_sdes_cname(out.subspan(report), track.ssrc(), setup_.cname);
}

void Viewer::send_reports(TimeNs now) {
    reported_at_ = now;
    constexpr size_t kMaxReports = 400; // two SR and two SDES with a CNAME of at most 64 bytes
    const bool video = video_ && video_->started(), audio = audio_ && audio_->started();
    if (!video && !audio)
        return;
    const auto room = transport_->reserve(kMaxReports);
    if (room.empty())
        return;
    size_t size = 0;
    if (video)
        size += write_report(room, *video_, now);
    if (audio)
        size += write_report(room.subspan(size), *audio_, now);
    transport_->commit_rtcp(size);
}

} // namespace peerwire
