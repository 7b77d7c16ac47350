// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/retry_rule.h"

#include <charconv>
#include <libsoup/soup.h>
#include <string>

namespace rostrum {

Verdict judge(unsigned status) {
    if (status >= 200 && status < 300)
        return Verdict::Delivered;
    return status == 410 ? Verdict::Stop : Verdict::Retry;
}

std::optional<int64_t> parse_retry_after_ms(std::string_view value, int64_t now_s) {
    int64_t seconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    if (error != std::errc() || end != value.data() + value.size()) {
        g_autoptr(GDateTime) date = soup_date_time_new_from_http_string(std::string(value).c_str());
        if (!date)
            return std::nullopt;
        seconds = g_date_time_to_unix(date) - now_s;
    }
    return std::clamp<int64_t>(seconds, 0, kMaxRetryAfterMs / 1000) * 1000;
}

int64_t retry_wait_ms(const BackoffPolicy &policy, unsigned attempts, std::optional<int64_t> retry_after_ms,
                      double random) {
    return retry_after_ms ? std::max(*retry_after_ms, backoff_ms(policy, 1, random))
                          : backoff_ms(policy, attempts, random);
}

} // namespace rostrum
