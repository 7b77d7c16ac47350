// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "quality_meter.h"

#include <glib.h>

using rostrum::MinuteRow;
using rostrum::session::PeerReading;
using rostrum::session::QualityMeter;
using Report = rostrum::MinuteReport;

namespace {

PeerReading viewer(const char *resource, const char *participant, int64_t packets, int64_t lost) {
    PeerReading reading{resource, participant, false, {}, {}, 720, false};
    reading.video = {packets, packets * 1000, lost, 5000, 20000};
    return reading;
}

const Report *find(const std::vector<MinuteRow> &rows, const char *participant, int64_t minute) {
    for (const auto &row : rows)
        if (row.participant == participant && row.minute == minute)
            return &row.report;
    return nullptr;
}

void deltas_and_minutes() {
    QualityMeter meter;
    meter.connected("r", 5000);
    meter.read({viewer("r", "bob", 100, 10)}, 10000);
    meter.read({viewer("r", "bob", 300, 15)}, 20000);
    auto rows = meter.take();
    g_assert_cmpuint(rows.size(), ==, 2); // bob, and all
    const Report *bob = find(rows, "bob", 0);
    g_assert_cmpint((*bob)[Report::RecvMs], ==, 15000);
    g_assert_cmpint((*bob)[Report::RecvVideoPackets], ==, 300);
    g_assert_cmpint((*bob)[Report::RecvVideoLost], ==, 15);
    g_assert_cmpint((*bob)[Report::VideoRttUs], ==, 40000);
    g_assert_cmpint((*bob)[Report::VideoRtts], ==, 2);
    g_assert_cmpint((*bob)[Report::AudioRtts], ==, 0);
    g_assert_cmpint((*bob)[Report::Ms720], ==, 15000);
    g_assert_true(meter.take().empty()); // nothing new

    meter.read({viewer("r", "bob", 350, 13)}, 60003); // mostly of the minute before; two were late, not lost
    g_assert_cmpint((*find(meter.take(), "bob", 0))[Report::RecvVideoLost], ==, 15);
    meter.read({viewer("r", "bob", 355, 13)}, 60900); // too early to say anything
    g_assert_true(meter.take().empty());
    meter.read({viewer("r", "bob", 20, 1)}, 70003); // counters that began again
    rows = meter.take();
    g_assert_cmpint((*find(rows, "bob", 1))[Report::RecvVideoPackets], ==, 20);
    meter.resend();
    g_assert_cmpuint(meter.take().size(), ==, 4);
    meter.read({viewer("r", "bob", 30, 1)}, 170000);
    rows = meter.take();
    meter.resend();
    g_assert_null(find(meter.take(), "bob", 0)); // forgotten
}

void several_peers_of_one() {
    QualityMeter meter;
    for (const char *resource : {"a", "b", "c", "h"})
        meter.connected(resource, 0);
    PeerReading host{"h", "ann", true, {}, {}, 0, false};
    host.audio = {500, 40000, 5, 1000, 0};
    meter.read({viewer("a", "bob", 100, 0), viewer("b", "bob", 50, 0), viewer("c", "eve", 10, 1), host}, 10000);
    const auto rows = meter.take();
    const Report *bob = find(rows, "bob", 0), *all = find(rows, "", 0), *ann = find(rows, "ann", 0);
    g_assert_cmpint((*bob)[Report::RecvMs], ==, 10000);
    g_assert_cmpint((*bob)[Report::RecvVideoPackets], ==, 150);
    g_assert_cmpint((*ann)[Report::SendAudioLost], ==, 5);
    g_assert_cmpint((*ann)[Report::RecvMs], ==, 0);
    g_assert_cmpint((*all)[Report::RecvVideoPackets], ==, 160);
    g_assert_cmpint((*all)[Report::RecvMs], ==, 20000); // of two
    g_assert_cmpint((*all)[Report::SendMs], ==, 10000);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/quality-meter/deltas-and-minutes", deltas_and_minutes);
    g_test_add_func("/quality-meter/several-peers-of-one", several_peers_of_one);
    return g_test_run();
}
