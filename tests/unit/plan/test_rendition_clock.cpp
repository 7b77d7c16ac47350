// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rendition_clock.h"

#include <glib.h>

#include <string>
#include <vector>

using namespace rostrum::session;

namespace {

struct Step {
    int64_t at;
    unsigned starving, limited;
    bool wanted;
    int64_t next;
};

struct Row {
    const char *name;
    std::vector<Step> steps;
};

constexpr int64_t kNever = RenditionClock::kNever, kIdle = RenditionClock::kIdleMs;

const Row kRows[] = {
    {"everybody has the best", {{0, 0, 0, false, kNever}, {90'000, 0, 0, false, kNever}}},
    {"somebody has less of what there is", {{0, 0, 1, false, kNever}}},
    {"as long as somebody needs them",
     {{0, 1, 1, true, kNever}, {1000, 0, 1, true, kNever}, {900'000, 0, 1, true, kNever}}},
    {"and a while longer",
     {{0, 1, 0, true, kNever},
      {1000, 0, 0, true, 1000 + kIdle},
      {2000, 0, 0, true, 1000 + kIdle},
      {1000 + kIdle, 0, 0, false, kNever}}},
    {"a bad moment now and then",
     {{0, 1, 0, true, kNever},
      {1000, 0, 0, true, 1000 + kIdle},
      {9000, 0, 2, true, kNever},
      {10'000, 0, 0, true, 10'000 + kIdle},
      {20'000, 1, 0, true, kNever},
      {21'000, 0, 0, true, 21'000 + kIdle},
      {21'000 + kIdle, 0, 0, false, kNever}}},
    {"again",
     {{0, 1, 0, true, kNever},
      {1, 0, 0, true, 1 + kIdle},
      {99'000, 0, 0, false, kNever},
      {99'001, 1, 0, true, kNever}}},
};

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    RenditionClock clock;
    for (const Step &step : row.steps) {
        g_test_message("at %d", static_cast<int>(step.at));
        g_assert_true(clock.update(step.starving, step.limited, step.at) == step.wanted);
        g_assert_cmpint(clock.next_ms(), ==, step.next);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/rendition-clock/") + row.name).c_str(), &row, test_row);
    return g_test_run();
}
