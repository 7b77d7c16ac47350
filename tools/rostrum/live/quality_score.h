// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How good it was, as a mean opinion score from 1 (bad) to 4.5 (the best that is given). Docs: docs/statistics.md.

#pragma once

#include "tools/rostrum/session/minute_report.h"

#include <optional>

namespace rostrum {

struct AudioConditions {
    double loss = 0; ///< share of packets, 0 to 1
    double round_trip_ms = 0, jitter_ms = 0;
};

/// The E-model (ITU-T G.107) reduced to delay and loss; equipment impairment as of Opus with concealment.
double audio_score(const AudioConditions &conditions);

struct VideoConditions {
    double loss = 0; ///< share of packets before repairs, 0 to 1
    double kbps = 0;
    double height = 0; ///< shorter side; 0 = not known
    double paused = 0; ///< share of the time
};

double video_score(const VideoConditions &conditions);

/// Of a minute: the worse one of what was sent and what was got; nothing where there was no such media.
struct MinuteScore {
    std::optional<double> audio, video;
};
MinuteScore score_of(const MinuteReport &report);

} // namespace rostrum
