// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Whether a shard takes another peer: not when those whom it has would suffer.

#pragma once

#include <algorithm>
#include <cstddef>

namespace peerwire {

/// What a shard's work was lately. See LoadMeter.
struct MeasuredLoad {
    double load = 0;      ///< 0 to 1; soon up, slowly down
    double peers = 0;     ///< connected, in the time that the load is of
    bool holding = false; ///< packets wait for company, which saves time
};

/// `members`: all peers of the shard with the new one, also those that are still connecting. Up to a load of about 0.9
/// a frame has left for everybody when the next one comes; beyond, frames wait for each other. `max_load` >= 1 takes
/// everybody.
inline bool has_room(const MeasuredLoad &measured, size_t members, double max_load) {
    constexpr double kAlone = 0.02;         // what a shard's own wake-ups cost, whoever is there
    constexpr double kHoldingSaves = 0.4;   // of the load, measured between 1,000 and 3,000 viewers
    constexpr size_t kMaxUnmeasured = 1500; // joins whose cost nobody knows yet: a storm of 1,000, and some
    constexpr size_t kTooFewToTell = 16;    // a moment's hiccup looks like what each of them costs
    const auto all = static_cast<double>(members);
    if (max_load >= 1)
        return true;
    if (members <= kTooFewToTell)
        return measured.load < max_load;
    if (all - measured.peers > double{kMaxUnmeasured})
        return false;
    const double growth = all / std::max(measured.peers, 1.0);
    const double of_peers = std::max(0.0, measured.load - kAlone) * (measured.holding ? 1 : 1 - kHoldingSaves);
    return kAlone + of_peers * growth <= max_load;
}

} // namespace peerwire
