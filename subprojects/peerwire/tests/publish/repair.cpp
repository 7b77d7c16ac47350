// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Loss: when NACKs go out, what a retransmission gives back, when a keyframe is the last resort.

#include "publish/rig.h"

#include <glib.h>

using namespace peerwire;
using namespace peerwire::test;

namespace {

struct Event {
    int at_ms;
    int sequence; ///< offset from the first
};

struct NackRow {
    const char *name;
    uint16_t first;              ///< sequence number of offset 0
    std::vector<Event> arrivals; ///< offset 0 comes at 0 ms
    int until_ms;
    std::vector<Event> asked; ///< every number in every NACK
    unsigned plis;
};

const NackRow kNackRows[] = {
    {"in order", 10, {{5, 1}, {10, 2}}, 200, {}, 0},
    {"one lost: after the dwell, then each round trip", 10, {{5, 2}}, 290, {{15, 1}, {140, 1}, {265, 1}}, 0},
    {"reordered within the dwell", 10, {{5, 2}, {9, 1}}, 300, {}, 0},
    {"repaired in time", 10, {{5, 2}, {40, 1}}, 300, {{15, 1}}, 0},
    {"two gaps in one NACK", 10, {{5, 2}, {6, 4}}, 20, {{15, 1}, {16, 3}}, 0},
    {"across the wrap", 65534, {{5, 3}}, 20, {{15, 1}, {15, 2}}, 0},
    {"given up after a second: a keyframe instead",
     10,
     {{5, 2}},
     1200,
     {{15, 1}, {140, 1}, {265, 1}, {390, 1}, {515, 1}, {640, 1}, {765, 1}, {890, 1}},
     1},
    {"more than the list holds: a keyframe at once", 10, {{5, 700}}, 100, {}, 1},
    {"the numbering starts anew", 10, {{5, 3000}, {6, 3001}}, 250, {}, 1},
};

void test_nack(gconstpointer data) {
    const NackRow &row = *static_cast<const NackRow *>(data);
    Rig rig;
    const TimeNs start = rig.now;
    const auto arrive = [&](int offset) {
        rig.send({.sequence = static_cast<uint16_t>(row.first + offset),
                  .payload = offset == 0 ? kVp8Keyframe : Packet{}.payload});
    };
    arrive(0);
    for (const Event &event : row.arrivals) {
        rig.run_until(start + event.at_ms * kNsPerMs);
        arrive(event.sequence);
    }
    rig.run_until(start + row.until_ms * kNsPerMs);

    std::vector<std::pair<int, uint16_t>> asked, wanted;
    for (const auto &nack : rig.sent().nacks) {
        g_assert_cmpuint(nack.ssrc, ==, kVideoSsrc);
        for (const uint16_t sequence : nack.sequences)
            asked.emplace_back(static_cast<int>((nack.at - start) / kNsPerMs), sequence);
    }
    for (const Event &event : row.asked)
        wanted.emplace_back(event.at_ms, static_cast<uint16_t>(row.first + event.sequence));
    g_assert_cmpuint(asked.size(), ==, wanted.size());
    for (size_t i = 0; i < asked.size(); ++i) {
        g_assert_cmpint(asked[i].first, ==, wanted[i].first);
        g_assert_cmpuint(asked[i].second, ==, wanted[i].second);
    }
    g_assert_cmpuint(rig.sent().plis.size(), ==, row.plis);
    g_assert_false(rig.transport.parse_failed);
}

void test_no_nack_when_not_agreed() {
    Rig rig;
    rig.send({.ssrc = kAudioSsrc, .sequence = 1, .payload_type = kAudioPt});
    rig.send({.ssrc = kAudioSsrc, .sequence = 5, .payload_type = kAudioPt});
    rig.run_for(500 * kNsPerMs);
    g_assert_true(rig.sent().nacks.empty());
}

void test_rtx_gives_the_original() {
    Rig rig;
    const Packet lost{.sequence = 2, .timestamp = 3000, .marker = true, .payload = {0x10, 0x01, 0xab, 0xcd}};
    rig.send({.sequence = 1});
    rig.send({.sequence = 3});
    rig.run_for(30 * kNsPerMs);
    rig.receive(make_rtx(700, lost));
    g_assert_cmpuint(rig.observer->media.size(), ==, 3);
    const Media &repaired = rig.observer->media.back();
    g_assert_true(repaired.repaired);
    g_assert_cmpuint(repaired.ssrc, ==, kVideoSsrc);
    const Bytes original = make_packet(lost);
    g_assert_cmpmem(repaired.bytes.data(), repaired.bytes.size(), original.data(), original.size());
    rig.receive(make_rtx(701, lost)); // a probe repeats it
    g_assert_cmpuint(rig.observer->media.size(), ==, 3);
    rig.run_for(2 * kNsPerSecond);
    g_assert_cmpuint(rig.sent().nacks.size(), ==, 1);
    g_assert_cmpint(rig.observer->stats.round_trip, ==, 20 * kNsPerMs);
    g_assert_cmpuint(rig.observer->stats.tracks[1].repaired, ==, 1);
    g_assert_cmpint(rig.observer->stats.tracks[1].lost, ==, 0);
}

void test_repair_without_rtx() {
    Rig rig;
    rig.send({.sequence = 1});
    rig.send({.sequence = 3});
    rig.run_for(30 * kNsPerMs);
    rig.send({.sequence = 2});
    g_assert_true(rig.observer->media.back().repaired);
    rig.send({.sequence = 2});
    g_assert_cmpuint(rig.observer->media.size(), ==, 3);
}

void test_rtx_of_a_layer() {
    Rig rig(simulcast_config());
    rig.send({.ssrc = 50, .sequence = 1, .mid = "1", .rid = "q"});
    rig.send({.ssrc = 51, .sequence = 1, .mid = "1", .rid = "h"});
    rig.send({.ssrc = 51, .sequence = 3});
    rig.run_for(15 * kNsPerMs);
    g_assert_cmpuint(rig.sent().nacks.at(0).ssrc, ==, 51);
    Packet lost{.sequence = 2};
    lost.mid = "1";
    lost.repaired_rid = "h";
    rig.receive(make_rtx(9, lost, 61));
    const Media &repaired = rig.observer->media.back();
    g_assert_true(repaired.repaired);
    g_assert_cmpuint(repaired.track, ==, 2);
    g_assert_cmpuint(repaired.ssrc, ==, 51);
    g_assert_cmpuint(repaired.sequence, ==, 2);
}

void test_padding_probe_is_nothing() {
    Rig rig;
    rig.send({.sequence = 1});
    rig.send({.ssrc = kRtxSsrc, .sequence = 1, .payload_type = kRtxPt, .payload = {}});
    rig.send({.ssrc = kRtxSsrc, .sequence = 2, .payload_type = kRtxPt, .payload = {0, 2}});
    g_assert_cmpuint(rig.observer->media.size(), ==, 1);
}

void test_rtx_before_media_is_nothing() {
    Rig rig;
    rig.receive(make_rtx(1, {.sequence = 5}));
    g_assert_true(rig.observer->media.empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const NackRow &row : kNackRows)
        g_test_add_data_func((std::string("/nack/") + row.name).c_str(), &row, test_nack);
    g_test_add_func("/nack/not agreed", test_no_nack_when_not_agreed);
    g_test_add_func("/rtx/original", test_rtx_gives_the_original);
    g_test_add_func("/rtx/not agreed", test_repair_without_rtx);
    g_test_add_func("/rtx/layer", test_rtx_of_a_layer);
    g_test_add_func("/rtx/padding probe", test_padding_probe_is_nothing);
    g_test_add_func("/rtx/before media", test_rtx_before_media_is_nothing);
    return g_test_run();
}
