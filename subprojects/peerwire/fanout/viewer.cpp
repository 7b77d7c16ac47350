// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/viewer.h"

#include "fanout/layer_choice.h"

#include <algorithm>
#include <array>

namespace peerwire {

namespace {

// RFC 3550 asks for 5 s on average; browsers synchronise lips from the second report on.
constexpr TimeNs kReportInterval = kNsPerSecond;

// A burst (a start in the past, a large keyframe) leaves as 32 packets per 2 ms, about 150 Mbit/s, so that it neither
// fills the receive buffer of the viewer nor holds up the other viewers of the shard.
constexpr unsigned kBurstPackets = 32;
constexpr TimeNs kBurstPause = 2 * kNsPerMs;

// Between two wishes of one viewer, even where requests are not limited.
constexpr TimeNs kMinPressInterval = 100 * kNsPerMs;

// Chromium asks for a keyframe when it starts, even while one is on its way.
constexpr TimeNs kKeyframeGrace = 300 * kNsPerMs;

} // namespace

Viewer::Viewer(std::shared_ptr<Feed> feed, ViewerSetup setup, std::shared_ptr<ViewerCounters> counters)
    : feed_(std::move(feed)), setup_(std::move(setup)), counters_(std::move(counters)), rtcp_limit_(*counters_) {
    if (setup_.video)
        video_.emplace(*setup_.video, *feed_, numbers_, *counters_);
    if (setup_.audio) {
        audio_.emplace(*setup_.audio, *feed_, numbers_, *counters_);
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

void Viewer::on_closed(TimeNs, CloseReason reason) {
    if (setup_.on_closed)
        setup_.on_closed(reason);
}

TimeNs Viewer::next_timeout() const {
    return std::min({next_report_, next_pump_, next_press_});
}

void Viewer::on_timeout(TimeNs now) {
    if (now >= next_report_) {
        choose_layer(now);
        send_reports(now);
        next_report_ = now + kReportInterval;
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
}

void Viewer::pump_video(TimeNs now) {
    if (!video_->started())
        choose_layer(now);
    if (next_pump_ != kNever && now < next_pump_)
        return; // pacing; what waits leaves with the timeout
    const bool busy = transport_->busy();
    const bool rider = busy && audio_ && audio_->has_waiting();
    const auto result = video_->pump(*transport_, now, {kBurstPackets, busy, rider});
    next_pump_ = result.more ? now + kBurstPause : kNever;
    if (result.wants_keyframe)
        keyframe_wanted_ = true;
    if (video_->keyframe_sent() != keyframe_seen_) {
        keyframe_seen_ = video_->keyframe_sent();
        keyframe_time_ = now;
        keyframe_wanted_ = false;
        next_press_ = kNever;
    }
    press_for_keyframe(now);
}

void Viewer::choose_layer(TimeNs now) {
    if (!video_)
        return;
    layer_ = peerwire::choose_layer(*feed_, setup_.layer, layer_, feed_->feed_time(now));
    video_->follow(feed_->video(layer_));
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
    if (video_)
        press_for_keyframe(now);
}

void Viewer::on_report_block(uint32_t, const ReportBlock &block) {
    TrackSender *track = find_track(block.ssrc);
    if (!track)
        return;
    if (audio_)
        audio_->on_loss(now_, block.fraction_lost);
    if (&*video_ == track || !video_)
        counters_->fraction_lost.set(block.fraction_lost);
    if (block.last_sr == 0)
        return;
    // RFC 3550 §6.4.1, in 1/65536 s.
    const auto elapsed =
        static_cast<int32_t>(static_cast<uint32_t>(to_ntp(now_) >> 16) - block.last_sr - block.delay_since_last_sr);
    if (elapsed < 0 || elapsed > 10 << 16)
        return;
    const TimeNs round_trip = int64_t{elapsed} * kNsPerSecond >> 16;
    track->gate().set_round_trip(round_trip);
    counters_->round_trip_us.set(static_cast<uint64_t>(round_trip / kNsPerUs));
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
    if (!on_its_way)
        keyframe_wanted_ = true;
}

void Viewer::on_fir(const Fir &fir) {
    if (fir.sequence == fir_sequence_)
        return;
    fir_sequence_ = fir.sequence;
    on_pli({.sender_ssrc = fir.sender_ssrc, .media_ssrc = fir.media_ssrc});
}

void Viewer::on_remb(const Remb &remb) {
    counters_->remb_bps.set(remb.bitrate_bps);
}

size_t Viewer::write_report(std::span<uint8_t> out, const TrackSender &track, TimeNs now) const {
    const size_t report = write_sender_report(out, track.report(now));
    return report + write_sdes_cname(out.subspan(report), track.ssrc(), setup_.cname);
}

void Viewer::send_reports(TimeNs now) {
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
