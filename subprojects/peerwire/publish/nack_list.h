// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace peerwire {

/// The packets of one SSRC that are missing, and when to ask for each (generic NACK, RFC 4585 §6.2.1). Bounded; no
/// allocation after construction. Reentrant.
class NackList {
  public:
    NackList() { missing_.reserve(kMaxMissing); }

    /// first..end−1 were skipped. False when that is more than the list holds: everything is forgotten, and only a
    /// keyframe helps.
    bool add(TimeNs now, int64_t first, int64_t end);

    struct Found {
        bool asked = false;               ///< it was requested, so this is most likely a repair
        std::optional<TimeNs> round_trip; ///< from request to repair, when there was exactly one request
    };
    /// The packet came, after all or as usual.
    Found remove(TimeNs now, int64_t sequence);

    /// Fills `out` with sequence numbers to ask for now, oldest first, and returns how many. Packets that were asked
    /// for often enough or are too old are given up.
    size_t collect(TimeNs now, TimeNs round_trip, std::span<uint16_t> out);

    /// When collect() has something to do; kNever when nothing is missing.
    TimeNs next_due(TimeNs round_trip) const;

    void clear() { missing_.clear(); }
    size_t size() const { return missing_.size(); }
    /// How many were given up since the start.
    uint64_t given_up() const { return given_up_; }

    static constexpr size_t kMaxMissing = 512;         // half a second of 10 Mbps
    static constexpr TimeNs kDwell = 10 * kNsPerMs;    // absorbs small UDP reordering
    static constexpr TimeNs kMinRetry = 20 * kNsPerMs; // a repair is paced by the sender, give it time
    static constexpr unsigned kMaxTries = 10;
    static constexpr TimeNs kMaxAge = 1 * kNsPerSecond; // senders keep about this much, decoders wait less

  private:
    struct Missing {
        int64_t sequence;
        TimeNs since;
        TimeNs asked_at;
        unsigned tries;
    };
    static TimeNs due(const Missing &missing, TimeNs round_trip);

    std::vector<Missing> missing_; ///< ascending
    uint64_t given_up_ = 0;
};

} // namespace peerwire
