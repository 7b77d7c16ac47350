// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/circuit_breaker.h"

namespace rostrum {

CircuitBreaker::State CircuitBreaker::state(int64_t now_us) const {
    if (opened_ == 0)
        return State::Closed;
    return now_us < resumes_us_ ? State::Open : State::HalfOpen;
}

unsigned CircuitBreaker::allowed(int64_t now_us, unsigned parallel) const {
    if (now_us < resumes_us_)
        return 0;
    return opened_ > 0 ? 1 : std::min(parallel, 1 + successes_);
}

void CircuitBreaker::on_success() {
    failures_ = opened_ = 0;
    successes_++;
}

void CircuitBreaker::on_failure(int64_t now_us, std::optional<int64_t> retry_after_ms, double random) {
    successes_ = 0;
    failures_++;
    // What was under way when it opened tells nothing new.
    if (failures_ >= limit_ && (opened_ == 0 || now_us >= resumes_us_))
        resumes_us_ = std::max(resumes_us_, now_us + backoff_ms(probes_, ++opened_, random) * 1000);
    if (retry_after_ms)
        resumes_us_ = std::max(resumes_us_, now_us + *retry_after_ms * 1000);
}

const char *to_string(CircuitBreaker::State state) {
    switch (state) {
    case CircuitBreaker::State::Closed:
        return "closed";
    case CircuitBreaker::State::Open:
        return "open";
    case CircuitBreaker::State::HalfOpen:
        break;
    }
    return "half-open";
}

} // namespace rostrum
