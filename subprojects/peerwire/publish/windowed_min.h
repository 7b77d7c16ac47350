// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/time.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace peerwire {

/// The minimum of what was added during the last kBuckets seconds. Constant memory, constant work. Reentrant.
class WindowedMin {
  public:
    void add(TimeNs now, TimeNs value) {
        const int64_t second = now / kNsPerSecond;
        Bucket &bucket = buckets_[static_cast<size_t>(second) % kBuckets];
        if (bucket.second != second)
            bucket = {second, value};
        else
            bucket.min = std::min(bucket.min, value);
    }

    /// kNever when the window is empty.
    TimeNs get(TimeNs now) const {
        const int64_t oldest = now / kNsPerSecond - static_cast<int64_t>(kBuckets) + 1;
        TimeNs min = kNever;
        for (const Bucket &bucket : buckets_) {
            if (bucket.second >= oldest)
                min = std::min(min, bucket.min);
        }
        return min;
    }

    void clear() { buckets_.fill({}); }

  private:
    // Long enough to catch an undelayed packet on a busy path, short enough that clock drift (100 ppm: 1 ms) is
    // nothing.
    static constexpr size_t kBuckets = 10;
    struct Bucket {
        int64_t second = -1;
        TimeNs min = kNever;
    };
    std::array<Bucket, kBuckets> buckets_{};
};

} // namespace peerwire
