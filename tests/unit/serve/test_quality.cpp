// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/quality_log.h"
#include "tools/rostrum/live/quality_score.h"
#include "tools/rostrum/store/store.h"

#include <glib.h>

#include <cmath>

using rostrum::MinuteReport;
using Report = rostrum::MinuteReport;

namespace {

void expect_near(double value, double expected, double tolerance) {
    g_assert_cmpfloat(std::abs(value - expected), <=, tolerance);
}

void audio() {
    struct Row {
        const char *name;
        rostrum::AudioConditions conditions;
        double score;
    };
    // By hand from G.107: R = 93.2 - Id - Ie_eff.
    constexpr Row kRows[] = {
        {"nothing wrong", {0, 0, 0}, 4.39},       {"250 ms round trip", {0, 250, 0}, 4.34},
        {"600 ms round trip", {0, 600, 0}, 3.46}, {"2 % lost", {0.02, 50, 5}, 4.15},
        {"10 % lost", {0.1, 50, 5}, 3.10},        {"all lost", {1, 0, 0}, 1.08},
        {"three seconds late", {0, 6000, 0}, 1},
    };
    for (const Row &row : kRows) {
        g_test_message("%s", row.name);
        expect_near(rostrum::audio_score(row.conditions), row.score, 0.06);
    }
}

void video() {
    const double best = rostrum::video_score({0, 1200, 720, 0});
    expect_near(best, 4.33, 0.02);
    g_assert_cmpfloat(rostrum::video_score({0, 300, 720, 0}), <, 3.0);
    g_assert_cmpfloat(rostrum::video_score({0.1, 1200, 720, 0}), <, best - 1.5);
    g_assert_cmpfloat(rostrum::video_score({0, 1200, 720, 0.5}), <, best - 1.5);
    g_assert_cmpfloat(rostrum::video_score({0, 100000, 2160, 0}), <=, 4.5);
    g_assert_cmpfloat(rostrum::video_score({5, -1, 0, 2}), ==, 1);
    expect_near(rostrum::video_score({0, 100, 0, 0}), 4.33, 0.02); // of no known size
}

Report minute_of_viewer(int64_t video_lost) {
    Report report;
    report[Report::RecvMs] = 60000;
    report[Report::RecvAudioPackets] = 3000;
    report[Report::RecvAudioBytes] = 240'000;
    report[Report::RecvVideoPackets] = 10000;
    report[Report::RecvVideoLost] = video_lost;
    report[Report::RecvVideoBytes] = 9'000'000; // 1200 kbit/s
    report[Report::Ms720] = 60000;
    return report;
}

void scores() {
    const auto good = rostrum::score_of(minute_of_viewer(0)), bad = rostrum::score_of(minute_of_viewer(2000));
    expect_near(*good.audio, 4.39, 0.02);
    expect_near(*good.video, 4.33, 0.02);
    g_assert_cmpfloat(*bad.video, <, 2);
    Report both = minute_of_viewer(0);
    both[Report::SendMs] = 60000;
    both[Report::SendVideoPackets] = 900;
    both[Report::SendVideoLost] = 100;
    both[Report::SendVideoBytes] = 9'000'000;
    g_assert_cmpfloat(*rostrum::score_of(both).video, <, *good.video);
    const auto nothing = rostrum::score_of({});
    g_assert_false(nothing.audio || nothing.video);
}

void heights() {
    for (const auto &[pixels, field] : {std::pair(90u, Report::Ms180),
                                        {180u, Report::Ms180},
                                        {359u, Report::Ms180},
                                        {480u, Report::Ms360},
                                        {1080u, Report::Ms1080},
                                        {4000u, Report::Ms2160}})
        g_assert_cmpint(Report::height_field(pixels), ==, field);
}

void log_of_minutes() {
    rostrum::Store store(":memory:");
    store.sessions.begin("s", store.rooms.create("r", rostrum::Json::object(), 1).room_id, 1);
    store.attendance.enter("s", "ann", "");
    store.attendance.enter("s", rostrum::kWholeSession, "");
    {
        rostrum::QualityLog log(store.minutes);
        const auto note = [&](int64_t minute, int64_t lost) {
            const rostrum::MinuteRow rows[] = {{"ann", minute, minute_of_viewer(lost)},
                                               {rostrum::kWholeSession, minute, minute_of_viewer(lost)}};
            log.note("s", rows, minute);
        };
        note(10, 1);
        note(10, 2);
        g_assert_true(store.minutes.list("s", "ann").empty());
        g_assert_cmpint(log.minutes("s", "ann").at(0).report[Report::RecvVideoLost], ==, 2);
        note(11, 3);
        note(12, 4); // the tenth is over for good
        g_assert_cmpuint(log.minutes("s", "ann").size(), ==, 3);
        g_assert_cmpuint(log.minutes("s", rostrum::kWholeSession).size(), ==, 3);
        for (int i = 0; i < 100 && store.minutes.list("s", "ann").empty(); ++i)
            g_main_context_iteration(nullptr, TRUE);
        const auto written = store.minutes.list("s", "ann");
        g_assert_cmpuint(written.size(), ==, 1);
        g_assert_cmpint(written[0].numbers[Report::RecvVideoLost], ==, 2);
        g_assert_cmpint(written[0].numbers[Report::Ms720], ==, 60000);
        g_assert_cmpint(written[0].numbers[Report::SendMs], ==, 0);
        log.session_over("s");
    }
    const auto all = store.minutes.list("s", "ann");
    g_assert_cmpuint(all.size(), ==, 3);
    g_assert_cmpint(all[2].numbers[Report::RecvVideoLost], ==, 4);
    g_assert_true(store.minutes.list("s", "eve").empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/quality/audio", audio);
    g_test_add_func("/quality/video", video);
    g_test_add_func("/quality/scores", scores);
    g_test_add_func("/quality/heights", heights);
    g_test_add_func("/quality/log", log_of_minutes);
    return g_test_run();
}
