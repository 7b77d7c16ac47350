// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/quality_score.h"

#include <algorithm>
#include <cmath>

namespace rostrum {
namespace {

using Report = MinuteReport;

// G.107 with all defaults gives R = 93.2; what follows are its terms for delay and loss.
constexpr double kBestR = 93.2;
constexpr double kCodecDelayMs = 40;   // a frame of 20 ms, and as much to encode, decode and play it
constexpr double kJitterBuffers = 2;   // a player waits for about twice the jitter
constexpr double kLossRobustness = 20; // Bpl of Opus with its concealment
constexpr double kWorst = 1, kBest = 4.5;

// A loss of 10 % before repairs leaves 1/e of the score above the worst.
constexpr double kVideoLoss = 0.1;
// Rates at which H.264 in real time looks clean, kbit/s, by kHeights.
constexpr double kCleanKbps[] = {150, 500, 1200, 2500, 4500, 8000};
constexpr double kUnknownHeightRate = 1; // the picture's size is not known: its rate is taken for right

double mos_of(double r) {
    if (r <= 0)
        return kWorst;
    return std::clamp(1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r), kWorst, kBest);
}

double clean_kbps(double height) {
    const auto &heights = Report::kHeights;
    if (height <= heights[0])
        return kCleanKbps[0];
    for (size_t i = 1; i < heights.size(); ++i)
        if (height <= heights[i]) {
            const double along = (height - heights[i - 1]) / (heights[i] - heights[i - 1]);
            return kCleanKbps[i - 1] + along * (kCleanKbps[i] - kCleanKbps[i - 1]);
        }
    return kCleanKbps[heights.size() - 1];
}

double ratio(int64_t part, int64_t whole) {
    return whole > 0 ? std::clamp(static_cast<double>(part) / static_cast<double>(whole), 0.0, 1.0) : 0;
}

/// Of one direction. What is sent by us and by hosts is counted at different ends of the path.
struct Direction {
    Report::Field audio_packets, video_packets, ms;
    bool counted_on_arrival;
};
constexpr Direction kSend{Report::SendAudioPackets, Report::SendVideoPackets, Report::SendMs, true};
constexpr Direction kRecv{Report::RecvAudioPackets, Report::RecvVideoPackets, Report::RecvMs, false};

double loss_of(const Report &report, Report::Field packets, bool counted_on_arrival) {
    const int64_t counted = report[packets], lost = report[static_cast<Report::Field>(packets + 1)];
    return ratio(lost, counted_on_arrival ? counted + lost : counted);
}

double mean_ms(const Report &report, Report::Field sum) {
    const int64_t count = report[static_cast<Report::Field>(sum + 1)];
    return count > 0 ? static_cast<double>(report[sum]) / static_cast<double>(count) / 1000 : 0;
}

double mean_height(const Report &report) {
    double pixels = 0, total = 0;
    for (size_t i = 0; i < Report::kHeights.size(); ++i) {
        const auto ms = static_cast<double>(report.values[Report::Ms180 + i]);
        pixels += ms * Report::kHeights[i];
        total += ms;
    }
    return total > 0 ? pixels / total : 0;
}

void keep_worse(std::optional<double> &score, double other) {
    score = std::min(score.value_or(other), other);
}

} // namespace

double audio_score(const AudioConditions &conditions) {
    const double delay = conditions.round_trip_ms / 2 + conditions.jitter_ms * kJitterBuffers + kCodecDelayMs;
    const double late = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0);
    const double percent = conditions.loss * 100;
    return mos_of(kBestR - late - 95 * percent / (percent + kLossRobustness));
}

double video_score(const VideoConditions &conditions) {
    const double rate = conditions.height > 0 ? conditions.kbps / clean_kbps(conditions.height) : kUnknownHeightRate;
    const double sharp = 1 - std::exp(-3 * std::max(rate, 0.0));
    const double whole = std::exp(-conditions.loss / kVideoLoss);
    const double shown = 1 - std::clamp(conditions.paused, 0.0, 1.0);
    return std::clamp(kWorst + (kBest - kWorst) * sharp * whole * shown, kWorst, kBest);
}

MinuteScore score_of(const MinuteReport &report) {
    MinuteScore score;
    for (const Direction &way : {kSend, kRecv}) {
        const int64_t ms = report[way.ms];
        if (report[way.audio_packets] > 0)
            keep_worse(score.audio,
                       audio_score({loss_of(report, way.audio_packets, way.counted_on_arrival),
                                    mean_ms(report, Report::AudioRttUs), mean_ms(report, Report::AudioJitterUs)}));
        if (report[way.video_packets] > 0 && ms > 0) {
            const double bits = static_cast<double>(report[static_cast<Report::Field>(way.video_packets + 2)]) * 8;
            keep_worse(score.video, video_score({loss_of(report, way.video_packets, way.counted_on_arrival),
                                                 bits / static_cast<double>(ms), mean_height(report),
                                                 ratio(report[Report::PausedMs], ms)}));
        }
    }
    return score;
}

} // namespace rostrum
