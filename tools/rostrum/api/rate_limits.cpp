// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/rate_limits.h"

#include <algorithm>
#include <cmath>

namespace rostrum {

int64_t TokenBuckets::take(const std::string &name, int64_t now_ms) {
    if (budget_.per_second == 0)
        return 0;
    const double each_ms = 1000.0 / budget_.per_second, now = static_cast<double>(now_ms);
    while (!entries_.empty() && entries_.back().full_at_ms <= now) { // full: as good as never seen
        by_name_.erase(entries_.back().name);
        entries_.pop_back();
    }
    auto found = by_name_.find(name);
    if (found == by_name_.end()) {
        if (entries_.size() >= most_) {
            by_name_.erase(entries_.back().name);
            entries_.pop_back();
        }
        entries_.push_front({name, now});
        found = by_name_.emplace(name, entries_.begin()).first;
    } else {
        entries_.splice(entries_.begin(), entries_, found->second);
    }
    double &full_at = found->second->full_at_ms;
    const double most = each_ms * std::max(1u, budget_.burst);
    full_at = std::min(full_at, now + most); // the clock may have gone back
    const double then = std::max(full_at, now) + each_ms;
    if (then - now > most + each_ms / 1000)
        return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(then - now - most)));
    full_at = then;
    return 0;
}

std::optional<Refusal> RateLimits::take(TokenBuckets &buckets, const std::string &name, int64_t now_ms,
                                        const char *what) {
    const int64_t wait_ms = buckets.take(name, now_ms);
    if (wait_ms == 0)
        return std::nullopt;
    ++refused_;
    return Refusal{429, 429, what, static_cast<unsigned>((wait_ms + 999) / 1000)};
}

std::optional<Refusal> RateLimits::request(const IpAddress &client, int64_t now_ms) {
    if (unlimited_.contain(client))
        return std::nullopt;
    return take(address_, client.household(), now_ms,
                "too many requests come from this address; wait as Retry-After says");
}

std::optional<Refusal> RateLimits::failure(const IpAddress &client, int64_t now_ms) {
    if (unlimited_.contain(client))
        return std::nullopt;
    return take(failures_, client.household(), now_ms,
                "too many tokens that do not hold come from this address; wait as Retry-After says");
}

std::optional<Refusal> RateLimits::call(const std::string &api_key, int64_t now_ms) {
    return take(key_, api_key, now_ms, "too many requests are made with this API key; wait as Retry-After says");
}

} // namespace rostrum
