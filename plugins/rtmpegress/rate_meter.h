// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Bits per second out of a growing count of bytes.

#pragma once

#include <cstdint>

namespace rostrum {

/// Averages over about two seconds. Reentrant.
class RateMeter {
  public:
    void reset() { *this = RateMeter(); }

    void update(int64_t now_us, uint64_t bytes) {
        if (last_us_ == 0 || bytes < last_bytes_) {
            last_us_ = now_us;
            last_bytes_ = bytes;
            return;
        }
        const int64_t elapsed_us = now_us - last_us_;
        if (elapsed_us < kWindowUs)
            return;
        const auto bps = static_cast<double>(bytes - last_bytes_) * 8e6 / static_cast<double>(elapsed_us);
        bps_ = bps_ == 0 ? bps : (bps_ + bps) / 2;
        last_us_ = now_us;
        last_bytes_ = bytes;
    }

    uint32_t bps() const { return static_cast<uint32_t>(bps_); }

  private:
    static constexpr int64_t kWindowUs = 1'000'000;
    int64_t last_us_ = 0;
    uint64_t last_bytes_ = 0;
    double bps_ = 0;
};

} // namespace rostrum
