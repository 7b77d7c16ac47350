// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How hard an endpoint may be tried, from how its last attempts ended.

#pragma once

#include "common/backoff.h"

#include <optional>

namespace rostrum {

/// Closed: lanes are tried in parallel, one more with each success in a row. Open: nobody is. Half-open: one attempt
/// probes. Time (`now_us`, monotonic) and chance are arguments. Thread-bound to its owner.
class CircuitBreaker {
  public:
    enum class State { Closed, Open, HalfOpen };

    /// Opens after `failures` in a row. `probes`: the waits between probes.
    CircuitBreaker(unsigned failures, BackoffPolicy probes) : limit_(failures), probes_(probes) {}

    State state(int64_t now_us) const;
    /// How many attempts may be under way at once; 0 until resumes_us().
    unsigned allowed(int64_t now_us, unsigned parallel) const;
    int64_t resumes_us() const { return resumes_us_; }

    void on_success();
    /// `retry_after_ms`: what the receiver asked for; it is meant for all lanes.
    void on_failure(int64_t now_us, std::optional<int64_t> retry_after_ms, double random);

    unsigned failures() const { return failures_; }   // in a row
    unsigned successes() const { return successes_; } // in a row

  private:
    const unsigned limit_;
    const BackoffPolicy probes_;
    unsigned failures_ = 0, successes_ = 0;
    unsigned opened_ = 0; // how often in a row; 0: closed
    int64_t resumes_us_ = 0;
};

const char *to_string(CircuitBreaker::State state); // "closed", "open", "half-open"

} // namespace rostrum
