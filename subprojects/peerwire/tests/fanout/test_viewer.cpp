// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

void assert_continuous(const std::vector<Packet> &packets) {
    for (size_t i = 1; i < packets.size(); ++i)
        g_assert_cmpuint(packets[i].rtp.sequence, ==, static_cast<uint16_t>(packets[i - 1].rtp.sequence + 1));
}

void test_waits_for_media() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    g_assert_true(seat.connected);
    seat.viewer->on_wake(Stage::at(0));
    g_assert_true(seat.transport.rtp.empty());
    g_assert_true(stage.requests.empty()); // nobody to ask

    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 1)}, ms(10));
    seat.viewer->on_wake(Stage::at(ms(10)));
    g_assert_cmpuint(seat.video().size(), ==, 1);
    const Packet packet = seat.video().front();
    g_assert_cmpuint(packet.rtp.payload_type, ==, kVp8Type);
    g_assert_cmpuint(packet.rtp.sequence, ==, 65533);
    g_assert_cmpuint(packet.rtp.timestamp, ==, 0xffffff00);
    g_assert_true(packet.rtp.marker);
    g_assert_true(Bytes(packet.rtp.payload.begin(), packet.rtp.payload.end()) == vp8(true, 1));
}

/// The picture of the past comes at once, its timestamps squeezed; then both advance by the source's.
void test_instant_start() {
    Stage stage;
    Sender sender(*stage.video, 1, 65500, 0xfffff000);
    sender.frame({vp8(true, 0)}, 0);
    sender.frame({vp8(false, 1)}, ms(33));
    sender.frame({vp8(true, 2), vp8_more(2)}, ms(1000)); // the newest keyframe
    for (uint8_t i = 3; i < 33; ++i)
        sender.frame({vp8(false, i)}, ms(1000 + 33 * (i - 2)));
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(ms(2000)));
    g_assert_cmpuint(seat.video().size(), ==, 32); // a burst of packets, then a pause
    g_assert_cmpint(seat.viewer->next_timeout() - Stage::at(ms(2000)), <=, ms(2));
    seat.run_until(Stage::at(ms(2010)));
    const auto burst = seat.video();
    g_assert_cmpuint(burst.size(), ==, 32);
    g_assert_cmpuint(burst.front().tag(), ==, 2);
    assert_continuous(burst);
    g_assert_cmpuint(burst[0].rtp.timestamp, ==, burst[1].rtp.timestamp);
    for (size_t i = 2; i < burst.size(); ++i) {
        const uint32_t step = burst[i].rtp.timestamp - burst[i - 1].rtp.timestamp;
        g_assert_cmpuint(step, >, 0);
        g_assert_cmpuint(step, <, 200);
    }
    g_assert_cmpuint(burst.back().rtp.timestamp, ==, 0xffffff00);

    sender.frame({vp8(false, 99)}, ms(2023));
    seat.viewer->on_wake(Stage::at(ms(2023)));
    const auto live = seat.video().back();
    g_assert_cmpuint(live.rtp.timestamp - burst.back().rtp.timestamp, ==, 33 * 90); // 1990 ms → 2023 ms
    g_assert_true(stage.requests.empty());
}

void test_audio_starts_live() {
    Stage stage;
    Sender sender(*stage.audio, 5, 10, 0);
    for (uint8_t i = 0; i < 50; ++i)
        sender.packet({0x78, i}, ms(20 * i), 960u * i, false, static_cast<uint16_t>(10 + i));
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(ms(1000)));
    g_assert_cmpuint(seat.audio().size(), ==, 1);
    g_assert_cmpuint(seat.audio().front().tag(), ==, 49);
    g_assert_cmpuint(seat.audio().front().rtp.payload_type, ==, kOpusType);
    sender.packet({0x78, 50}, ms(1000), 960 * 50, false, 60);
    seat.viewer->on_wake(Stage::at(ms(1000)));
    g_assert_cmpuint(seat.audio().back().rtp.timestamp - seat.audio().front().rtp.timestamp, ==, 960);
}

struct SwitchRow {
    const char *name;
    void (*change)(Stage &stage); // how the element learns of the new source
    uint32_t ssrc;
    uint16_t sequence;
    uint32_t timestamp;
    bool h264;
};

void test_source_switch() {
    const SwitchRow rows[] = {
        {"new SSRC, nothing said", [](Stage &) {}, 2, 5000, 12345, false},
        {"new caps, same SSRC and numbers",
         [](Stage &s) {
             s.video->begin_source({Codec::Vp8, 90000, {}});
         },
         1, 102, 0, false},
        {"leap in the sequence numbers", [](Stage &) {}, 1, 40000, 99, false},
        {"another codec",
         [](Stage &s) {
             s.video->begin_source({Codec::H264, 90000, {}});
         },
         3, 65535, 0xffffffff, true},
    };
    for (const SwitchRow &row : rows) {
        g_test_message("%s", row.name);
        Stage stage;
        Seat seat(stage.feed);
        Sender first(*stage.video, 1, 100, 0);
        seat.viewer->on_connected(Stage::at(0));
        first.frame({vp8(true, 1)}, 0);
        seat.viewer->on_wake(Stage::at(0));
        first.frame({vp8(false, 2)}, ms(40));
        row.change(stage);
        Sender second(*stage.video, row.ssrc, row.sequence, row.timestamp);
        second.frame({row.h264 ? h264(1, 3) : vp8(false, 3)}, ms(80)); // not a keyframe: waits
        second.frame({row.h264 ? h264(7, 4) : vp8(true, 4), row.h264 ? h264(5, 4) : vp8_more(4)}, ms(140));
        second.frame({row.h264 ? h264(1, 5) : vp8(false, 5)}, ms(180));
        seat.viewer->on_wake(Stage::at(ms(180)));
        const auto packets = seat.video();
        g_assert_cmpuint(packets.size(), ==, 5);
        assert_continuous(packets);
        g_assert_cmpuint(packets[2].tag(), ==, 4);
        g_assert_cmpuint(packets[2].rtp.timestamp - packets[1].rtp.timestamp, ==, 100 * 90); // pts 40 → 140
        g_assert_cmpuint(packets[4].rtp.timestamp - packets[3].rtp.timestamp, ==, 40 * 90);
        g_assert_cmpuint(packets[4].rtp.payload_type, ==, row.h264 ? kH264Type : kVp8Type);
        g_assert_cmpuint(packets[1].rtp.payload_type, ==, kVp8Type);
        g_assert_cmpuint(stage.video->counters().dropped_waiting.get(), ==, 1);
        g_assert_cmpuint(stage.video->counters().sources.get(), ==, 2);
    }
}

void test_codec_that_the_viewer_lacks() {
    Stage stage;
    Seat seat(stage.feed, [](ViewerSetup &setup) { (*setup.video)[Codec::H264] = {}; });
    seat.viewer->on_connected(Stage::at(0));
    Sender first(*stage.video, 1, 100, 0);
    first.frame({vp8(true, 1)}, 0);
    seat.viewer->on_wake(Stage::at(0));
    stage.video->begin_source({Codec::H264, 90000, {}});
    Sender second(*stage.video, 2, 1, 0);
    second.frame({h264(5, 2)}, ms(40));
    second.frame({h264(1, 3)}, ms(80));
    seat.viewer->on_wake(Stage::at(ms(80)));
    seat.run_until(Stage::at(ms(100)));
    g_assert_cmpuint(seat.video().size(), ==, 1);
    g_assert_cmpuint(seat.counters->unsupported_codec.get(), ==, 2);
    g_assert_true(stage.requests.empty()); // a keyframe would not help

    stage.video->begin_source({Codec::Vp8, 90000, {}});
    Sender third(*stage.video, 3, 1, 0);
    third.frame({vp8(true, 4)}, ms(1000));
    seat.viewer->on_wake(Stage::at(ms(1000)));
    const auto packets = seat.video();
    g_assert_cmpuint(packets.size(), ==, 2);
    assert_continuous(packets);
    g_assert_cmpuint(packets[1].rtp.timestamp - packets[0].rtp.timestamp, ==, 1000 * 90);
}

/// A hole in the source stays one, so that a late packet fits into it.
void test_gap_and_late_packet() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 0)}, 0);
    const uint16_t lost = sender.next_sequence();
    sender.skip(1);
    sender.frame({vp8(false, 2)}, ms(66));
    seat.viewer->on_wake(Stage::at(ms(66)));
    sender.packet(vp8(false, 1), ms(33), sender.timestamp_at(ms(33)), true, lost);
    seat.viewer->on_wake(Stage::at(ms(90)));
    const auto packets = seat.video();
    g_assert_cmpuint(packets.size(), ==, 3);
    g_assert_cmpuint(packets[1].rtp.sequence, ==, static_cast<uint16_t>(packets[0].rtp.sequence + 2));
    g_assert_cmpuint(packets[2].rtp.sequence, ==, static_cast<uint16_t>(packets[0].rtp.sequence + 1));
    g_assert_cmpuint(packets[2].tag(), ==, 1);
}

void test_h264_parameter_sets() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    stage.video->begin_source({Codec::H264, 90000, {{0x67, 1, 2}, {0x68, 3}}});
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({h264(6, 0), h264(5, 1)}, 0); // SEI of no source yet; the IDR comes without SPS
    seat.viewer->on_wake(Stage::at(0));
    sender.frame({h264(1, 2)}, ms(33));
    sender.frame({h264(7, 3), h264(5, 4)}, ms(66)); // has its own
    seat.viewer->on_wake(Stage::at(ms(66)));
    const auto packets = seat.video();
    g_assert_cmpuint(packets.size(), ==, 5);
    assert_continuous(packets);
    const Bytes stap{0x78, 0, 3, 0x67, 1, 2, 0, 2, 0x68, 3};
    g_assert_true(Bytes(packets[0].rtp.payload.begin(), packets[0].rtp.payload.end()) == stap);
    g_assert_false(packets[0].rtp.marker);
    g_assert_cmpuint(packets[1].tag(), ==, 1);
    g_assert_cmpuint(packets[0].rtp.timestamp, ==, packets[1].rtp.timestamp);
}

/// Another packet under a number that was used would be encrypted under a nonce that was used.
void test_number_used_twice() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 0)}, 0);
    const uint16_t lost = sender.next_sequence();
    sender.skip(1);
    sender.frame({vp8(false, 2)}, ms(33));
    for (uint8_t tag : {10, 11}) // the repair, and another one
        sender.packet(vp8(false, tag), ms(33), sender.timestamp_at(ms(16)), true, lost);
    sender.packet(vp8(true, 12), 0, sender.timestamp_at(0), true, 100);
    seat.viewer->on_wake(Stage::at(ms(50)));
    const auto packets = seat.video();
    g_assert_cmpuint(packets.size(), ==, 3);
    g_assert_cmpuint(packets[2].tag(), ==, 10);
    g_assert_cmpuint(stage.video->counters().dropped_duplicate.get(), ==, 2);
}

/// A padding-only packet (a bandwidth probe) must not leave a hole.
void test_probe() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 1)}, 0);
    sender.packet({}, ms(5), sender.timestamp_at(0), false, 101);
    sender.skip(1);
    sender.frame({vp8(false, 2)}, ms(33));
    seat.viewer->on_wake(Stage::at(ms(33)));
    const auto packets = seat.video();
    g_assert_cmpuint(packets.size(), ==, 3);
    assert_continuous(packets);
    g_assert_cmpuint(packets[1].rtp.padding, ==, 1);
    g_assert_true(packets[1].rtp.payload.empty());
}

/// The writer overtook the reader: on from the newest keyframe, as if nothing had been missing.
void test_overrun() {
    Stage stage(ms(500));
    Seat seat(stage.feed);
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 1)}, 0);
    seat.viewer->on_connected(Stage::at(0));
    for (int i = 1; i <= 100; ++i)
        sender.frame({vp8(i % 10 == 0, static_cast<uint8_t>(i))}, ms(33 * i));
    seat.viewer->on_wake(Stage::at(ms(3300)));
    const auto packets = seat.video();
    g_assert_cmpuint(seat.counters->jumps.get(), ==, 1);
    g_assert_cmpuint(packets.size(), ==, 2);
    assert_continuous(packets);
    g_assert_cmpuint(packets[1].tag(), ==, 100);
    g_assert_cmpuint(packets[1].rtp.timestamp - packets[0].rtp.timestamp, ==, 3300 * 90);
}

void test_peer_that_cannot_send() {
    Stage stage;
    Seat seat(stage.feed);
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 1)}, 0);
    seat.transport.writable = false;
    seat.viewer->on_connected(Stage::at(0));
    g_assert_true(seat.transport.rtp.empty() && seat.transport.rtcp.empty());
    seat.transport.writable = true;
    seat.viewer->on_wake(Stage::at(ms(1)));
    g_assert_cmpuint(seat.video().size(), ==, 1);
    seat.viewer->on_closed(Stage::at(ms(2)), CloseReason::RemoteClose);
    g_assert_true(seat.closed == CloseReason::RemoteClose);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewer/waits-for-media", test_waits_for_media);
    g_test_add_func("/viewer/instant-start", test_instant_start);
    g_test_add_func("/viewer/audio-starts-live", test_audio_starts_live);
    g_test_add_func("/viewer/source-switch", test_source_switch);
    g_test_add_func("/viewer/codec-that-the-viewer-lacks", test_codec_that_the_viewer_lacks);
    g_test_add_func("/viewer/gap-and-late-packet", test_gap_and_late_packet);
    g_test_add_func("/viewer/h264-parameter-sets", test_h264_parameter_sets);
    g_test_add_func("/viewer/number-used-twice", test_number_used_twice);
    g_test_add_func("/viewer/probe", test_probe);
    g_test_add_func("/viewer/overrun", test_overrun);
    g_test_add_func("/viewer/peer-that-cannot-send", test_peer_that_cannot_send);
    return g_test_run();
}
