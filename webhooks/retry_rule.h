// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the outcome of one attempt means for a delivery.

#pragma once

#include "common/backoff.h"

#include <optional>
#include <string_view>

namespace rostrum {

constexpr int64_t kMaxRetryAfterMs = 24 * 3'600'000LL; // a receiver cannot park its queue for longer

enum class Verdict {
    Delivered,
    Retry,
    Stop, // the endpoint wants nothing any more
};

/// `status`: the HTTP status, 0 when there was no answer. Redirects are not followed, so they are failures. Reentrant.
Verdict judge(unsigned status);

/// Retry-After (RFC 9110 §10.2.3) as seconds or a date, in ms from `now_s` (seconds since 1970). Never throws.
std::optional<int64_t> parse_retry_after_ms(std::string_view value, int64_t now_s);

/// How long to wait before the next attempt, after `attempts` of them failed. A receiver that says "at once" gets the
/// first wait all the same.
int64_t retry_wait_ms(const BackoffPolicy &policy, unsigned attempts, std::optional<int64_t> retry_after_ms,
                      double random);

} // namespace rostrum
