// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "timeline.h"

#include <glib.h>

#include <string>

using rostrum::session::Timeline;

namespace {

void same(const std::string &got, const std::string &wanted) {
    g_assert_cmpstr(got.c_str(), ==, wanted.c_str());
}

/// What happens, one letter and a time each: b(egin), p(ause), c(ut); then a frame of sound of 20 that begins at
/// `sound`.
struct Row {
    const char *name, *leader;
    int64_t sound;
    const char *wanted; // "part:time", "drops", "waits"
};

const Row kRows[] = {
    {"nothing has begun", "", 100, "waits"},
    {"before the beginning", "b100", 99, "drops"},
    {"at the beginning", "b100", 100, "0:0"},
    {"later", "b100", 350, "0:250"},
    {"before a pause", "b100 p300", 299, "0:199"},
    {"a pause that goes on", "b100 p300", 300, "waits"},
    {"within a pause", "b100 p300 b1000", 999, "drops"},
    {"after a pause, without a gap", "b100 p300 b1000", 1000, "0:200"},
    {"after two pauses", "b100 p300 b1000 p1100 b5000", 5010, "0:310"},
    {"before a cut", "b100 c300", 299, "0:199"},
    {"at a cut", "b100 c300", 300, "1:0"},
    {"after a pause and a cut", "b100 p200 b400 c500", 510, "1:10"},
    {"a pause, and a cut where it ends", "b100 p200 c500", 510, "1:10"},
    {"within that pause", "b100 p200 c500", 450, "drops"},
    {"the second cut", "b0 c100 c200", 250, "2:50"},
    {"begin twice", "b100 b200", 300, "0:200"},
    {"pause twice", "b100 p200 p300 b400", 400, "0:100"},
    {"pause before anything", "p50 b100", 100, "0:0"},
};

std::string told(const Timeline::Verdict &verdict) {
    if (verdict.fate == Timeline::Fate::Goes)
        return std::to_string(verdict.place.part) + ":" + std::to_string(verdict.place.time);
    return verdict.fate == Timeline::Fate::Drops ? "drops" : "waits";
}

void play(Timeline &timeline, const std::string &leader) {
    for (size_t at = 0; at < leader.size();) {
        const int64_t time = std::stoll(leader.substr(at + 1));
        switch (leader[at]) {
        case 'b':
            timeline.begin(time);
            break;
        case 'p':
            timeline.pause(time);
            break;
        default:
            timeline.cut(time);
        }
        at = leader.find(' ', at);
        at = at == std::string::npos ? leader.size() : at + 1;
    }
}

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    Timeline timeline;
    play(timeline, row.leader);
    same(told(timeline.follow(row.sound, 20)), row.wanted);
}

/// Every frame of sound goes into exactly one part, in order, over any number of cuts and pauses.
void test_nothing_twice() {
    Timeline timeline;
    timeline.begin(0);
    unsigned part = 0, kept = 0;
    int64_t next = 0;
    for (int64_t time = 0; time < 100'000; time += 20) {
        if (time % 7000 == 3500)
            timeline.cut(time + 7);
        const auto verdict = timeline.follow(time, 20);
        g_assert_true(verdict.fate == Timeline::Fate::Goes);
        g_assert_true(verdict.place.part == part || (verdict.place.part == part + 1 && verdict.place.time < 20));
        if (verdict.place.part == part && kept > 0)
            g_assert_cmpint(verdict.place.time, ==, next);
        part = verdict.place.part;
        next = verdict.place.time + 20;
        ++kept;
    }
    g_assert_cmpuint(kept, ==, 5000);
    g_assert_cmpuint(part, ==, 14);
}

/// Sound that was ahead of the picture when that paused is not written over.
void test_ahead_at_a_pause() {
    Timeline timeline;
    timeline.begin(0);
    same(told(timeline.follow(280, 20)), "0:280");
    timeline.pause(200);
    timeline.begin(1000);
    same(told(timeline.follow(1000, 20)), "drops"); // would be 200
    same(told(timeline.follow(1100, 20)), "0:300");
}

void test_lead() {
    Timeline timeline;
    timeline.begin(100);
    g_assert_cmpint(timeline.lead(150).time, ==, 50);
    timeline.pause(200);
    g_assert_false(timeline.recording());
    timeline.begin(700);
    g_assert_cmpint(timeline.lead(700).time, ==, 100);
    timeline.cut(800);
    g_assert_cmpint(timeline.lead(810).time, ==, 10);
    g_assert_cmpuint(timeline.lead(810).part, ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kRows)
        g_test_add_data_func((std::string("/timeline/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/timeline/nothing-twice", test_nothing_twice);
    g_test_add_func("/timeline/ahead-at-a-pause", test_ahead_at_a_pause);
    g_test_add_func("/timeline/lead", test_lead);
    return g_test_run();
}
