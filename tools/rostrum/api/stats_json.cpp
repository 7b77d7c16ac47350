// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/stats_json.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/quality_score.h"

#include <cmath>

namespace rostrum {
namespace {

using Report = MinuteReport;

constexpr int64_t kMinuteMs = 60000;

double rounded(double value, double to) {
    return std::round(value * to) / to;
}

/// Sum and number of readings, in that order.
Json mean_ms(const Report &report, Report::Field sum) {
    const int64_t count = report[static_cast<Report::Field>(sum + 1)];
    if (count == 0)
        return nullptr;
    return rounded(static_cast<double>(report[sum]) / static_cast<double>(count) / 1000, 10);
}

Json mean_kbps(const Report &report, Report::Field bytes, Report::Field ms) {
    if (report[ms] == 0)
        return 0;
    return rounded(static_cast<double>(report[bytes]) * 8 / static_cast<double>(report[ms]), 10);
}

Json score(const std::optional<double> &value) {
    return value ? Json(rounded(*value, 100)) : Json();
}

} // namespace

Json stats_entry(const MinuteRow &row) {
    const Report &report = row.report;
    const MinuteScore scores = score_of(report);
    return Json::object(
        {{"time", iso_time(row.minute * kMinuteMs)},
         {"recvAudioPacketLost", report[Report::RecvAudioLost]},
         {"recvVideoPacketLost", report[Report::RecvVideoLost]},
         {"sendAudioPacketLost", report[Report::SendAudioLost]},
         {"sendVideoPacketLost", report[Report::SendVideoLost]},
         {"averageAudioRtt", mean_ms(report, Report::AudioRttUs)},
         {"averageVideoRtt", mean_ms(report, Report::VideoRttUs)},
         {"averageAudioJitter", mean_ms(report, Report::AudioJitterUs)},
         {"averageVideoJitter", mean_ms(report, Report::VideoJitterUs)},
         {"averageSendAudioBitrate", mean_kbps(report, Report::SendAudioBytes, Report::SendMs)},
         {"averageSendVideoBitrate", mean_kbps(report, Report::SendVideoBytes, Report::SendMs)},
         {"averageRecvAudioBitrate", mean_kbps(report, Report::RecvAudioBytes, Report::RecvMs)},
         {"averageRecvVideoBitrate", mean_kbps(report, Report::RecvVideoBytes, Report::RecvMs)},
         {"qualityScore", Json::object({{"audio", score(scores.audio)}, {"video", score(scores.video)}})}});
}

Json resolution_entry(const MinuteRow &row) {
    Json entry = Json::object({{"time", iso_time(row.minute * kMinuteMs)}});
    for (size_t i = 0; i < Report::kHeights.size(); ++i)
        entry.set(std::to_string(Report::kHeights[i]), (row.report.values[Report::Ms180 + i] + 500) / 1000);
    return entry;
}

} // namespace rostrum
