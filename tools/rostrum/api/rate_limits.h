// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/budget.h"
#include "tools/rostrum/base/networks.h"

#include <list>
#include <optional>
#include <unordered_map>

namespace rostrum {

/// A token bucket for each of many names. Those that were not seen for longest are forgotten when there are too many,
/// so that the memory has a bound whatever names come. No clock is read here. Reentrant.
class TokenBuckets {
  public:
    TokenBuckets(Budget budget, size_t most) : budget_(budget), most_(most) {}

    /// 0 when there was one to take, else milliseconds until there is.
    int64_t take(const std::string &name, int64_t now_ms);
    size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        std::string name;
        double full_at_ms; ///< when the bucket would be full again if nobody took anything
    };
    Budget budget_;
    size_t most_;
    std::list<Entry> entries_; // the one seen last is first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
};

struct RateBudgets {
    Budget address, failures, key;
    Networks unlimited; ///< addresses that have no budgets
};

/// What one address and one API key may ask for. Thread-bound: main thread.
class RateLimits {
  public:
    explicit RateLimits(RateBudgets budgets)
        : unlimited_(std::move(budgets.unlimited)), address_(budgets.address, kRemembered),
          failures_(budgets.failures, kRemembered), key_(budgets.key, kRemembered) {}

    std::optional<Refusal> request(const IpAddress &client, int64_t now_ms);
    /// A token that does not hold. One that holds is taken whatever others at this address have sent.
    std::optional<Refusal> failure(const IpAddress &client, int64_t now_ms);
    std::optional<Refusal> call(const std::string &api_key, int64_t now_ms);
    uint64_t refused() const { return refused_; }

  private:
    static constexpr size_t kRemembered = 50'000; // names, some 10 MB
    std::optional<Refusal> take(TokenBuckets &buckets, const std::string &name, int64_t now_ms, const char *what);

    const Networks unlimited_;
    TokenBuckets address_, failures_, key_;
    uint64_t refused_ = 0;
};

} // namespace rostrum
