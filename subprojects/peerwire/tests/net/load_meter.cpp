// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/load_meter.h"

#include <glib.h>

using namespace peerwire;

namespace {

/// `busy` of every 10 ms, for `seconds`.
void work(LoadMeter &meter, TimeNs &now, TimeNs busy, int seconds, size_t peers = 1) {
    for (int i = 0; i < seconds * 100; ++i, now += 10 * kNsPerMs) {
        meter.woke(now);
        meter.done(now + busy, peers);
    }
}

void test_load() {
    LoadMeter meter;
    TimeNs now = kNsPerSecond;
    work(meter, now, 3 * kNsPerMs, 5);
    g_assert_cmpfloat_with_epsilon(meter.load(), 0.3, 0.01);
    g_assert_false(meter.holding());
    work(meter, now, 10 * kNsPerMs, 5);
    g_assert_cmpfloat_with_epsilon(meter.load(), 1.0, 0.01);
}

void test_holds_until_calm() {
    LoadMeter meter;
    TimeNs now = kNsPerSecond;
    work(meter, now, 6 * kNsPerMs, 5);
    g_assert_true(meter.holding());
    work(meter, now, 3 * kNsPerMs, 5); // what holding saves
    g_assert_true(meter.holding());
    work(meter, now, 1 * kNsPerMs, 5);
    g_assert_false(meter.holding());
}

void test_long_round() {
    LoadMeter meter;
    meter.woke(10 * kNsPerSecond);
    meter.done(15 * kNsPerSecond, 1);
    g_assert_cmpfloat(meter.load(), <=, 1.0);
    g_assert_cmpfloat(meter.load(), >, 0.3);
}

/// What may wait is no load.
void test_set_aside() {
    LoadMeter meter;
    TimeNs now = kNsPerSecond;
    for (int i = 0; i < 500; ++i, now += 10 * kNsPerMs) {
        meter.woke(now);
        meter.set_aside(7 * kNsPerMs);
        meter.done(now + 9 * kNsPerMs, 1);
    }
    g_assert_cmpfloat_with_epsilon(meter.load(), 0.2, 0.01);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/load-meter/load", test_load);
    g_test_add_func("/load-meter/holds-until-calm", test_holds_until_calm);
    g_test_add_func("/load-meter/long-round", test_long_round);
    g_test_add_func("/load-meter/set-aside", test_set_aside);
    return g_test_run();
}
