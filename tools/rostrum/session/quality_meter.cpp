// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "quality_meter.h"

#include <algorithm>
#include <utility>

namespace rostrum::session {

namespace {

using Report = MinuteReport;

constexpr int64_t kMinuteMs = 60000;
constexpr int64_t kShortestMs = 1000;

/// Counters that start again count from zero.
int64_t grown(int64_t before, int64_t now) {
    return now >= before ? now - before : now;
}

void count(Report &report, Report::Field packets, const TrackReading &before, const TrackReading &now) {
    const auto field = [packets](size_t offset) { return static_cast<Report::Field>(packets + offset); };
    report[field(0)] += grown(before.packets, now.packets);
    report[field(1)] += std::max<int64_t>(0, now.lost - before.lost); // late packets are found again
    report[field(2)] += grown(before.bytes, now.bytes);
}

void average(Report &report, Report::Field sum, int64_t reading) {
    if (reading <= 0)
        return;
    report[sum] += reading;
    ++report[static_cast<Report::Field>(sum + 1)];
}

} // namespace

void QualityMeter::connected(const std::string &resource, int64_t now) {
    peers_.try_emplace(resource, Peer{now, {}, {}});
}

MinuteReport QualityMeter::since_last(Peer &peer, const PeerReading &reading, int64_t now) const {
    Report report;
    const int64_t elapsed = std::clamp<int64_t>(now - peer.at, 0, kMinuteMs);
    report[reading.sends ? Report::SendMs : Report::RecvMs] = elapsed;
    count(report, reading.sends ? Report::SendAudioPackets : Report::RecvAudioPackets, peer.audio, reading.audio);
    count(report, reading.sends ? Report::SendVideoPackets : Report::RecvVideoPackets, peer.video, reading.video);
    average(report, Report::AudioRttUs, reading.audio.round_trip_us);
    average(report, Report::VideoRttUs, reading.video.round_trip_us);
    average(report, Report::AudioJitterUs, reading.audio.jitter_us);
    average(report, Report::VideoJitterUs, reading.video.jitter_us);
    if (reading.paused)
        report[Report::PausedMs] = elapsed;
    else if (reading.height > 0)
        report[Report::height_field(reading.height)] = elapsed;
    peer = {now, reading.audio, reading.video};
    return report;
}

void QualityMeter::read(const std::vector<PeerReading> &readings, int64_t now) {
    std::map<int64_t, std::map<std::string, Report>> sums; // a participant may have several peers
    for (const auto &reading : readings) {
        Peer &peer = peers_.try_emplace(reading.resource, Peer{now, {}, {}}).first->second;
        if (now - peer.at < kShortestMs)
            continue;
        const int64_t minute = (peer.at + (now - peer.at) / 2) / kMinuteMs;
        const Report since = since_last(peer, reading, now);
        Report &sum = sums[minute][reading.participant];
        const int64_t send_ms = std::max(sum[Report::SendMs], since[Report::SendMs]);
        const int64_t recv_ms = std::max(sum[Report::RecvMs], since[Report::RecvMs]);
        sum.add(since);
        sum[Report::SendMs] = send_ms;
        sum[Report::RecvMs] = recv_ms;
    }
    for (const auto &[minute, participants] : sums)
        for (const auto &[participant, report] : participants)
            for (const std::string &row : {participant, std::string()}) {
                Minute &kept = minutes_[minute][row];
                kept.report.add(report);
                kept.changed = true;
            }
}

std::vector<MinuteRow> QualityMeter::take() {
    std::vector<MinuteRow> rows;
    for (auto &[minute, participants] : minutes_)
        for (auto &[participant, kept] : participants)
            if (std::exchange(kept.changed, false))
                rows.push_back({participant, minute, kept.report});
    if (!minutes_.empty())
        forget_before(minutes_.rbegin()->first - 1);
    return rows;
}

void QualityMeter::resend() {
    for (auto &[minute, participants] : minutes_)
        for (auto &[participant, kept] : participants)
            kept.changed = true;
}

void QualityMeter::forget_before(int64_t minute) {
    minutes_.erase(minutes_.begin(), minutes_.lower_bound(minute));
}

} // namespace rostrum::session
