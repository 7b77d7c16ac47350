// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/rate_limits.h"

#include <glib.h>

using rostrum::IpAddress;
using rostrum::RateLimits;
using rostrum::TokenBuckets;

namespace {

void bucket() {
    TokenBuckets buckets({10, 3}, 100);
    for (int i = 0; i < 3; ++i)
        g_assert_cmpint(buckets.take("a", 1000), ==, 0);
    g_assert_cmpint(buckets.take("a", 1000), ==, 100); // milliseconds until the next one is there
    g_assert_cmpint(buckets.take("b", 1000), ==, 0);   // others have their own
    g_assert_cmpint(buckets.take("a", 1099), ==, 1);
    g_assert_cmpint(buckets.take("a", 1100), ==, 0);
    g_assert_cmpint(buckets.take("a", 1100), ==, 100); // being refused costs nothing
    for (int i = 0; i < 3; ++i)
        g_assert_cmpint(buckets.take("a", 60000), ==, 0); // no more than full
    g_assert_cmpint(buckets.take("a", 60000), >, 0);
}

void long_run() {
    TokenBuckets buckets({7, 20}, 100);
    int taken = 0;
    for (int64_t now = 0; now < 60'000; now += 10)
        taken += buckets.take("a", now) == 0;
    g_assert_cmpint(taken, >=, 7 * 60 + 18);
    g_assert_cmpint(taken, <=, 7 * 60 + 20);
}

void no_limit() {
    TokenBuckets buckets({0, 1}, 100);
    for (int i = 0; i < 1000; ++i)
        g_assert_cmpint(buckets.take("a", 0), ==, 0);
    g_assert_cmpuint(buckets.size(), ==, 0);
}

void clock_goes_back() {
    TokenBuckets buckets({1, 2}, 100);
    g_assert_cmpint(buckets.take("a", 1'000'000'000), ==, 0);
    g_assert_cmpint(buckets.take("a", 1'000'000'000), ==, 0);
    g_assert_cmpint(buckets.take("a", 0), <=, 1000); // not for days
    g_assert_cmpint(buckets.take("a", 1000), ==, 0);
}

void bounded() {
    TokenBuckets buckets({1, 5}, 1000);
    for (int i = 0; i < 100'000; ++i) {
        buckets.take("name " + std::to_string(i), i / 1000);
        g_assert_cmpuint(buckets.size(), <=, 1000);
    }
    // The one that keeps coming is the one that is remembered.
    for (int i = 0; i < 5; ++i)
        buckets.take("busy", 200);
    for (int i = 0; i < 5000; ++i) {
        buckets.take("other " + std::to_string(i), 200);
        g_assert_cmpint(buckets.take("busy", 200), >, 0);
    }
    buckets.take("last", 100'000); // all others are full again and forgotten
    g_assert_cmpuint(buckets.size(), ==, 1);
}

void limits() {
    RateLimits limits({{1, 2}, {1, 1}, {1, 3}, *rostrum::Networks::parse("127.0.0.0/8")});
    const IpAddress one = *IpAddress::parse("2001:db8::1"), neighbour = *IpAddress::parse("2001:db8::2"),
                    other = *IpAddress::parse("2001:db8:0:1::1"), own = *IpAddress::parse("127.0.0.1");
    g_assert_false(limits.request(one, 0).has_value());
    g_assert_false(limits.request(neighbour, 0).has_value());
    const auto refusal = limits.request(one, 0); // one /64, one budget
    g_assert_true(refusal.has_value());
    g_assert_cmpint(refusal->status, ==, 429);
    g_assert_cmpuint(refusal->retry_after_s, ==, 1);
    g_assert_false(limits.request(other, 0).has_value());
    g_assert_false(limits.failure(one, 0).has_value()); // a budget of its own
    g_assert_true(limits.failure(one, 0).has_value());
    for (int i = 0; i < 3; ++i)
        g_assert_false(limits.call("key", 0).has_value());
    g_assert_true(limits.call("key", 0).has_value());
    g_assert_false(limits.call("another", 0).has_value());
    for (int i = 0; i < 100; ++i) {
        g_assert_false(limits.request(own, 0).has_value());
        g_assert_false(limits.failure(own, 0).has_value());
    }
    g_assert_cmpuint(limits.refused(), ==, 3);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/rate-limits/bucket", bucket);
    g_test_add_func("/rate-limits/long-run", long_run);
    g_test_add_func("/rate-limits/no-limit", no_limit);
    g_test_add_func("/rate-limits/clock-goes-back", clock_goes_back);
    g_test_add_func("/rate-limits/bounded", bounded);
    g_test_add_func("/rate-limits/limits", limits);
    return g_test_run();
}
