// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rostrum {

/// What one participant sent and got within one minute: sums only, so that several of them add up. The order of the
/// fields is that of the signal Statistics and of the database: new ones go to the end.
struct MinuteReport {
    enum Field : size_t {
        SendMs, ///< of the minute, while it was sending; likewise RecvMs
        RecvMs,
        SendAudioPackets, ///< that arrived
        SendAudioLost,    ///< on the way, before repairs
        SendAudioBytes,
        SendVideoPackets,
        SendVideoLost,
        SendVideoBytes,
        RecvAudioPackets, ///< that were sent to it
        RecvAudioLost,
        RecvAudioBytes,
        RecvVideoPackets,
        RecvVideoLost,
        RecvVideoBytes,
        AudioRttUs, ///< sum over as many readings as the next field says; likewise below
        AudioRtts,
        VideoRttUs,
        VideoRtts,
        AudioJitterUs,
        AudioJitters,
        VideoJitterUs,
        VideoJitters,
        PausedMs, ///< of the picture, for want of bandwidth
        Ms180,    ///< with a picture of about that height, see kHeights
        Ms360,
        Ms720,
        Ms1080,
        Ms1440,
        Ms2160,
        kFields
    };
    static constexpr std::array<unsigned, 6> kHeights{180, 360, 720, 1080, 1440, 2160};

    /// The field of a picture by its shorter side: the largest of kHeights that is not more.
    static constexpr Field height_field(unsigned pixels) {
        size_t index = 0;
        while (index + 1 < kHeights.size() && kHeights[index + 1] <= pixels)
            ++index;
        return static_cast<Field>(Ms180 + index);
    }

    int64_t &operator[](Field field) { return values[field]; }
    int64_t operator[](Field field) const { return values[field]; }
    void add(const MinuteReport &other) {
        for (size_t i = 0; i < kFields; ++i)
            values[i] += other.values[i];
    }

    std::array<int64_t, kFields> values{};
};

struct MinuteRow {
    std::string participant; ///< "": all of the session
    int64_t minute = 0;      ///< since 1970
    MinuteReport report;
};

} // namespace rostrum
