// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "publish/rig.h"

#include <glib.h>

using namespace peerwire;
using namespace peerwire::test;

namespace {

struct Row {
    const char *name;
    bool simulcast;
    Packet packet;
    int track; ///< -1: none
    bool retransmission;
};

const Row kRows[] = {
    {"mid", false, {.ssrc = 7, .payload_type = kVideoPt, .mid = "1"}, 1, false},
    {"mid of audio", false, {.ssrc = 7, .payload_type = kAudioPt, .mid = "0"}, 0, false},
    {"mid that is not ours", false, {.ssrc = 7, .payload_type = kVideoPt, .mid = "9"}, -1, false},
    {"mid with a payload type of another section", false, {.ssrc = 7, .payload_type = kAudioPt, .mid = "1"}, -1, false},
    {"payload type only", false, {.ssrc = 7, .payload_type = kVideoPt}, 1, false},
    {"unknown payload type", false, {.ssrc = 7, .payload_type = 50}, -1, false},
    {"rtx by payload type", false, {.ssrc = 7, .payload_type = kRtxPt}, 1, true},
    {"mid and rid", true, {.ssrc = 7, .payload_type = kVideoPt, .mid = "1", .rid = "h"}, 2, false},
    {"rid only", true, {.ssrc = 7, .payload_type = kVideoPt, .rid = "f"}, 3, false},
    {"unknown rid", true, {.ssrc = 7, .payload_type = kVideoPt, .mid = "1", .rid = "x"}, -1, false},
    {"mid without rid is ambiguous", true, {.ssrc = 7, .payload_type = kVideoPt, .mid = "1"}, -1, false},
    {"payload type is ambiguous", true, {.ssrc = 7, .payload_type = kVideoPt}, -1, false},
    {"repaired rid", true, {.ssrc = 7, .payload_type = kRtxPt, .mid = "1", .repaired_rid = "q"}, 1, true},
    {"rid on a retransmission is not its repaired rid",
     true,
     {.ssrc = 7, .payload_type = kRtxPt, .rid = "q"},
     -1,
     true},
};

void test_route(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    const PublisherConfig config = row.simulcast ? simulcast_config() : av_config();
    const Demuxer demuxer(config);
    const Bytes bytes = make_packet(row.packet);
    const auto route = demuxer.route(*parse_rtp(bytes));
    g_assert_cmpint(route ? static_cast<int>(route->track) : -1, ==, row.track);
    if (route) {
        g_assert_cmpint(route->retransmission, ==, row.retransmission);
        g_assert_cmpint(route->codec->payload_type, ==, row.track == 0 ? kAudioPt : kVideoPt);
    }
}

void test_signalled_ssrc() {
    PublisherConfig config = simulcast_config();
    config.tracks[3].ssrc = 77;
    config.tracks[3].rtx_ssrc = 78;
    const Demuxer demuxer(config);
    const Bytes media = make_packet({.ssrc = 77}), repair = make_packet({.ssrc = 78, .payload_type = kRtxPt});
    g_assert_cmpint(static_cast<int>(demuxer.route(*parse_rtp(media))->track), ==, 3);
    g_assert_true(demuxer.route(*parse_rtp(repair))->retransmission);
}

void test_latched_after_extensions_stop() {
    const PublisherConfig config = simulcast_config();
    Demuxer demuxer(config);
    const Bytes first = make_packet({.ssrc = 5, .mid = "1", .rid = "h"}), later = make_packet({.ssrc = 5});
    demuxer.latch(*demuxer.route(*parse_rtp(first)), 5);
    g_assert_cmpint(static_cast<int>(demuxer.route(*parse_rtp(later))->track), ==, 2);
    g_assert_cmpint(static_cast<int>(demuxer.track_of(5).value()), ==, 2);
    demuxer.forget(5);
    g_assert_false(demuxer.route(*parse_rtp(later)).has_value());
}

// Two streams of one payload type must not take turns on one track; a successor after silence is welcome.
void test_ssrc_change() {
    Rig rig;
    rig.send({.ssrc = 1, .sequence = 1});
    rig.send({.ssrc = 2, .sequence = 900});
    g_assert_cmpint(static_cast<int>(rig.observer->media.size()), ==, 1);
    rig.run_for(300 * kNsPerMs);
    rig.send({.ssrc = 2, .sequence = 901});
    g_assert_cmpint(static_cast<int>(rig.observer->media.size()), ==, 2);
    g_assert_true(rig.observer->media.back().new_stream);
    g_assert_cmpuint(rig.observer->media.back().ssrc, ==, 2);
}

void test_bye_frees_the_track() {
    Rig rig;
    rig.send({.ssrc = 1, .sequence = 1});
    Bytes bye(64);
    bye.resize(write_bye(bye, 1));
    rig.receive_rtcp(bye);
    g_assert_cmpint(static_cast<int>(rig.observer->stalls.size()), ==, 1);
    rig.send({.ssrc = 2, .sequence = 5});
    g_assert_cmpuint(rig.observer->media.back().ssrc, ==, 2);
    g_assert_false(rig.observer->stalls.back().second);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/demuxer/") + row.name).c_str(), &row, test_route);
    g_test_add_func("/demuxer/signalled ssrc", test_signalled_ssrc);
    g_test_add_func("/demuxer/latched after extensions stop", test_latched_after_extensions_stop);
    g_test_add_func("/demuxer/ssrc change", test_ssrc_change);
    g_test_add_func("/demuxer/bye frees the track", test_bye_frees_the_track);
    return g_test_run();
}
