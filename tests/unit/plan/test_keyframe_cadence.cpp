// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "keyframe_cadence.h"

#include <glib.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace rostrum::session;

namespace {

constexpr int64_t kNsPerMs = 1'000'000;

struct Row {
    const char *name;
    int64_t first_ms, end_ms, step_ms; // of the pictures
    std::vector<int64_t> requests_ms;  // before the picture of that time
    std::vector<int64_t> keyframes_ms;
};

std::vector<int64_t> storm() {
    std::vector<int64_t> times;
    for (int64_t at = 1200; at < 3100; at += 20)
        times.push_back(at);
    return times;
}

const Row kRows[] = {
    {"nobody asks", 0, 6100, 100, {}, {0, 2000, 4000, 6000}},
    {"a late start does not move the others", 700, 4100, 100, {}, {700, 2000, 4000}},
    {"a request is granted at once", 0, 2100, 100, {1300}, {0, 1300, 2000}},
    {"soon after a keyframe it waits", 0, 2100, 100, {100}, {0, 500, 2000}},
    {"many are one", 0, 2100, 100, {600, 700, 800, 900}, {0, 600, 1100, 2000}},
    {"one that came before a keyframe is fulfilled by it", 0, 4100, 100, {1800, 1900}, {0, 1800, 2000, 4000}},
    {"a storm", 0, 4100, 20, storm(), {0, 1200, 1700, 2000, 2500, 3000, 3500, 4000}},
    {"pictures are missing", 0, 5300, 1300, {}, {0, 2600, 5200}},
};

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    KeyframeCadence cadence;
    std::vector<int64_t> keyframes;
    for (int64_t at = row.first_ms; at < row.end_ms; at += row.step_ms) {
        for (auto n = std::count(row.requests_ms.begin(), row.requests_ms.end(), at); n > 0; --n)
            cadence.request();
        if (cadence.next(at * kNsPerMs))
            keyframes.push_back(at);
    }
    for (const int64_t at : keyframes)
        g_test_message("a keyframe at %d ms", static_cast<int>(at));
    g_assert_true(keyframes == row.keyframes_ms);
}

void test_another_stream() {
    KeyframeCadence cadence;
    g_assert_true(cadence.next(9'000'000'000));
    g_assert_false(cadence.next(9'100'000'000));
    g_assert_true(cadence.next(0));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/keyframe-cadence/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/keyframe-cadence/another-stream", test_another_stream);
    return g_test_run();
}
