// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How long to wait before the next attempt: exponential, capped, with jitter.

#pragma once

#include <algorithm>
#include <cstdint>

namespace rostrum {

struct BackoffPolicy {
    int64_t base_ms = 500;
    int64_t cap_ms = 30'000;
};

/// Before attempt n (n = 1 is the first retry) the wait is base * 2^(n-1), at most the cap, and between half and all of
/// that by `random` (0 … 1), so that many peers that lost one server do not come back in step. Reentrant.
inline int64_t backoff_ms(const BackoffPolicy &policy, unsigned n, double random) {
    int64_t wait = std::max<int64_t>(policy.base_ms, 1);
    for (unsigned i = 1; i < n && wait < policy.cap_ms; i++)
        wait *= 2;
    wait = std::clamp<int64_t>(wait, 1, std::max<int64_t>(policy.cap_ms, 1));
    return wait / 2 + static_cast<int64_t>(static_cast<double>(wait - wait / 2) * random);
}

} // namespace rostrum
