// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "minute_report.h"

#include <map>

namespace rostrum::session {

/// Counts since the peer connected; 0 = not known.
struct TrackReading {
    int64_t packets = 0, bytes = 0, lost = 0;
    int64_t jitter_us = 0, round_trip_us = 0; ///< newest
};

struct PeerReading {
    std::string resource, participant;
    bool sends = false; ///< a host, else a viewer
    TrackReading audio, video;
    unsigned height = 0; ///< shorter side of the picture, 0 = none
    bool paused = false;
};

/// Makes minutes of readings. Keeps the running minute and the one before. No clock inside; times are milliseconds
/// since 1970. Thread-bound: main.
class QualityMeter {
  public:
    void connected(const std::string &resource, int64_t now);
    void disconnected(const std::string &resource) { peers_.erase(resource); }
    /// Readings of all connected peers; what happened since the last ones counts for the minute in which most of that
    /// time was. Less than a second says nothing of rates and is left for the next reading.
    void read(const std::vector<PeerReading> &readings, int64_t now);

    /// What has changed since the last call, as it is so far.
    std::vector<MinuteRow> take();
    /// take() gives everything that is kept once more.
    void resend();

  private:
    struct Peer {
        int64_t at = 0;
        TrackReading audio, video;
    };
    struct Minute {
        MinuteReport report;
        bool changed = false;
    };
    MinuteReport since_last(Peer &peer, const PeerReading &reading, int64_t now) const;
    void forget_before(int64_t minute);

    std::map<std::string, Peer> peers_;                                     // by resource
    std::map<int64_t, std::map<std::string, Minute, std::less<>>> minutes_; // by participant
};

} // namespace rostrum::session
