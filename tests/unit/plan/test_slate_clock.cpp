// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "slate_clock.h"

#include <glib.h>

#include <string>
#include <vector>

using namespace rostrum::session;

namespace {

struct Step {
    int64_t at;
    bool hosts, watched;
    bool slate;
    int64_t next;
};

struct Row {
    const char *name;
    SlateTimes times;
    std::vector<Step> steps;
};

constexpr SlateTimes kTimes{3000, 10'000};
constexpr int64_t kNever = SlateClock::kNever;

const Row kRows[] = {
    {"nobody came yet", kTimes, {{0, false, true, false, kNever}, {60'000, false, true, false, kNever}}},
    {"the last picture, the slate, nothing",
     kTimes,
     {{0, true, true, false, kNever},
      {1000, false, true, false, 4000},
      {3999, false, true, false, 4000},
      {4000, false, true, true, 14'000},
      {13'999, false, true, true, 14'000},
      {14'000, false, true, false, kNever},
      {90'000, false, true, false, kNever}}},
    {"only while somebody watches",
     kTimes,
     {{0, true, false, false, kNever},
      {0, false, false, false, 3000},
      {3000, false, false, false, 13'000},
      {5000, false, true, true, 13'000},
      {6000, false, false, false, 13'000}}},
    {"a host comes back",
     kTimes,
     {{0, true, true, false, kNever},
      {0, false, true, false, 3000},
      {5000, false, true, true, 13'000},
      {6000, true, true, false, kNever},
      {7000, false, true, false, 10'000},
      {10'000, false, true, true, 20'000}}},
    {"at once", {0, 10'000}, {{0, true, true, false, kNever}, {500, false, true, true, 10'500}}},
    {"none wanted", {3000, 0}, {{0, true, true, false, kNever}, {5000, false, true, false, kNever}}},
};

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    SlateClock clock(row.times);
    for (const Step &step : row.steps) {
        g_test_message("at %d", static_cast<int>(step.at));
        g_assert_true(clock.update(step.hosts, step.watched, step.at) == step.slate);
        g_assert_cmpint(clock.next_ms(), ==, step.next);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/slate-clock/") + row.name).c_str(), &row, test_row);
    return g_test_run();
}
