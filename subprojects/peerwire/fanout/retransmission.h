// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Decides whether a NACK is answered: not twice within a round trip, and not beyond the viewer's budget.

#pragma once

#include "wire/time.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace peerwire {

/// Thread-bound: the viewer's shard.
class RetransmissionGate {
  public:
    /// Media that was sent earns budget for repairs.
    void sent(size_t bytes) { budget_ = std::min(budget_ + bytes / kMediaPerRepair, kMaxBudget); }
    /// The path is full: what was saved up would make it worse.
    void limit(size_t bytes) { budget_ = std::min(budget_, bytes); }
    void set_round_trip(TimeNs round_trip) { round_trip_ = round_trip; }
    TimeNs round_trip() const { return round_trip_; }

    enum class Verdict { Send, Duplicate, OverBudget };
    Verdict admit(uint16_t sequence, size_t bytes, TimeNs now) {
        Entry &entry = recent_[sequence % recent_.size()];
        if (entry.used && entry.sequence == sequence && now - entry.time < std::max(round_trip_, kMinInterval))
            return Verdict::Duplicate;
        if (bytes > budget_)
            return Verdict::OverBudget;
        budget_ -= bytes;
        entry = {now, sequence, true};
        return Verdict::Send;
    }

  private:
    struct Entry {
        TimeNs time = 0;
        uint16_t sequence = 0;
        bool used = false;
    };

    static constexpr size_t kMediaPerRepair = 3;          // a third on top is what 25 % loss needs
    static constexpr size_t kMaxBudget = 256 * 1024;      // one large keyframe
    static constexpr TimeNs kMinInterval = 10 * kNsPerMs; // Chromium repeats a NACK after max(RTT, 20 ms)

    size_t budget_ = 32 * 1024; // a viewer's first frames may need repair before they earned any
    TimeNs round_trip_ = 0;
    std::array<Entry, 64> recent_{};
};

} // namespace peerwire
