// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How busy a shard's thread is.

#pragma once

#include "net/admission.h"
#include "wire/time.h"

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace peerwire {

/// The share of wall time that rounds of the loop take; time that the system gave to somebody else in the middle of a
/// round counts, because it is missing all the same. woke(), set_aside() and done() are thread-bound to the shard's
/// thread, the rest is thread-safe.
class LoadMeter {
  public:
    /// A round of work begins.
    void woke(TimeNs now) { woke_ = now; }

    /// So much of this round was work that waits for its turn by itself and is no reason to refuse anybody.
    void set_aside(TimeNs spent) { busy_ -= spent; }

    /// It ended. `peers` are connected.
    void done(TimeNs now, size_t peers) {
        busy_ += now - woke_;
        const TimeNs span = now - window_began_;
        if (span < kWindow)
            return;
        const auto share = static_cast<double>(busy_) / static_cast<double>(span);
        smooth_ += (share - smooth_) * weight(span, kMemory);
        smooth_peers_ += (static_cast<double>(peers) - smooth_peers_) * weight(span, kMemory);
        peak_ = std::max(smooth_, peak_ + (smooth_ - peak_) * weight(span, kPeakMemory));
        busy_ = 0;
        window_began_ = now;
        holding_.store(smooth_ > (holding() ? kCalm : kBusy), std::memory_order_relaxed);
        load_.store(smooth_, std::memory_order_relaxed);
        peak_load_.store(peak_, std::memory_order_relaxed);
        peers_.store(smooth_peers_, std::memory_order_relaxed);
    }

    /// 0 to 1, over about the last second.
    double load() const { return load_.load(std::memory_order_relaxed); }
    /// So busy that packets should wait for company.
    bool holding() const { return holding_.load(std::memory_order_relaxed); }
    /// For has_room().
    MeasuredLoad measured() const {
        return {peak_load_.load(std::memory_order_relaxed), peers_.load(std::memory_order_relaxed), holding()};
    }

  private:
    static double weight(TimeNs span, TimeNs memory) {
        return span > memory ? 1.0 : static_cast<double>(span) / static_cast<double>(memory);
    }

    static constexpr TimeNs kWindow = 100 * kNsPerMs;
    static constexpr TimeNs kMemory = kNsPerSecond;
    static constexpr TimeNs kPeakMemory = 5 * kNsPerSecond; // longer than most encoders' distance of keyframes
    static constexpr double kBusy = 0.5;
    static constexpr double kCalm = 0.2; // holding packets saves up to half of the time: no swinging

    TimeNs woke_ = 0, busy_ = 0, window_began_ = 0;
    double smooth_ = 0, smooth_peers_ = 0, peak_ = 0;
    std::atomic<double> load_{0}, peak_load_{0}, peers_{0};
    std::atomic<bool> holding_{false};
};

} // namespace peerwire
