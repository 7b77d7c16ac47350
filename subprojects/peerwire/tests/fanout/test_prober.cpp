// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What decides on a probe.

#include "fanout/prober.h"

#include <glib.h>

#include <string>

using namespace peerwire;

namespace {

constexpr uint64_t kKnownBps = 60'000, kWantedBps = 85'000;
constexpr TimeNs kBegin = 100 * kNsPerSecond;

struct Row {
    const char *name;
    void (*meanwhile)(Bandwidth &bandwidth, TimeNs now);
    bool proven;
};

void reported(Bandwidth &bandwidth, TimeNs now) {
    bandwidth.on_report(now, {.highest_sequence = 100}, kWantedBps);
}

const Row kRows[] = {
    {"a report on the picture", reported, true},
    {"a report on the sound alone: the picture has paused",
     [](Bandwidth &bandwidth, TimeNs) { bandwidth.on_other_report(); }, true},
    {"silence", [](Bandwidth &, TimeNs) {}, false},
};

void test_verdict(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    Bandwidth bandwidth(kKnownBps);
    Prober prober(bandwidth);
    reported(bandwidth, kBegin);
    prober.update(kBegin, kWantedBps, 0);
    g_assert_true(prober.running());
    uint64_t sent = 0;
    for (TimeNs now = kBegin; now < kBegin + 4 * kNsPerSecond; now += 10 * kNsPerMs) {
        sent += prober.due(now, sent);
        if (now == kBegin + 500 * kNsPerMs)
            row.meanwhile(bandwidth, now);
        prober.update(now, 0, sent);
    }
    g_assert_cmpuint(prober.count(), ==, 1);
    g_assert_false(prober.running());
    g_assert_cmpint(bandwidth.bps() > kKnownBps, ==, row.proven);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows)
        g_test_add_data_func((std::string("/prober/verdict/") + row.name).c_str(), &row, test_verdict);
    return g_test_run();
}
