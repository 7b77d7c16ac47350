// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One RTP stream to the viewer, whatever happens at the source: numbers by one, timestamps by the difference of the
// pts.

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

/// A viewer's picture from several layers.
struct Studio {
    Stage stage;
    TrackSetup setup;
    ViewerCounters counters;
    SendLog log{false};
    RecordingTransport transport;
    std::optional<TrackSender> viewer;
    TrackWriter composed{stage.feed->open_video(1)};

    Studio() {
        setup.ssrc = kVideoSsrc;
        setup[Codec::Vp8] = {kVp8Type};
        setup[Codec::H264] = {kH264Type};
        setup.first_sequence = 65530; // both wrap early
        setup.first_timestamp = 0xfffffff0;
        viewer.emplace(setup, *stage.feed, log, counters);
        viewer->follow(stage.feed->video(0));
        composed.begin_source({Codec::H264, 90000, {}});
    }
    void pump(TimeNs pts) { viewer->pump(transport, Stage::at(pts), {.max_packets = 100}); }
};

struct SwitchRow {
    const char *name;
    void (*change)(Studio &);
    bool composed; ///< goes on in the other layer
    uint32_t ssrc;
    uint16_t sequence;
    uint32_t timestamp;
    uint8_t payload_type;
};

const SwitchRow kSwitchRows[] = {
    {"passthrough to composed", [](Studio &s) { s.viewer->follow(s.stage.feed->video(1)); }, true, 9, 3, 77, kH264Type},
    {"host comes back with another SSRC", [](Studio &) {}, false, 2, 50000, 0x80000000, kVp8Type},
    {"host comes back with new caps too",
     [](Studio &s) {
         s.stage.video->begin_source({Codec::Vp8, 90000, {}});
     },
     false, 2, 50000, 0x80000000, kVp8Type},
    {"codec restarts, same SSRC, numbers leap", [](Studio &) {}, false, 1, 40000, 12, kVp8Type},
    {"codec changes, same SSRC, numbers go on",
     [](Studio &s) {
         s.stage.video->begin_source({Codec::H264, 90000, {}});
     },
     false, 1, 102, 3000, kH264Type},
};

void test_switches() {
    for (const SwitchRow &row : kSwitchRows) {
        g_test_message("%s", row.name);
        Studio studio;
        Sender before(*studio.stage.video, 1, 100, 0);
        before.frame({vp8(true, 0)}, 0);
        studio.pump(0);
        before.frame({vp8(false, 1)}, ms(33));
        studio.pump(ms(33));
        row.change(studio);
        TrackWriter &writer = row.composed ? studio.composed : *studio.stage.video;
        Sender after(writer, row.ssrc, row.sequence, row.timestamp);
        const bool h264_now = row.payload_type == kH264Type;
        const auto picture = [&](bool key, uint8_t tag) { return h264_now ? h264(key ? 5 : 1, tag) : vp8(key, tag); };
        after.frame({picture(true, 2)}, ms(1233));
        studio.pump(ms(1233));
        after.frame({picture(false, 3)}, ms(1266));
        studio.pump(ms(1266));

        const auto &sent = studio.transport.rtp;
        g_assert_cmpuint(sent.size(), ==, 4);
        const uint32_t steps[] = {0, 33 * 90, 1200 * 90, 33 * 90};
        for (size_t i = 0; i < sent.size(); ++i) {
            g_assert_cmpuint(sent[i].tag(), ==, i);
            g_assert_cmpuint(sent[i].rtp.sequence, ==, static_cast<uint16_t>(65530 + i));
            g_assert_cmpuint(sent[i].rtp.timestamp - sent[i ? i - 1 : 0].rtp.timestamp, ==, steps[i]);
            g_assert_cmpuint(sent[i].rtp.payload_type, ==, i < 2 ? kVp8Type : row.payload_type);
        }
        // The clock of the reports goes on as well: 10 ms after the last packet.
        const SenderReport report = studio.viewer->report(Stage::at(ms(1276)));
        g_assert_cmpuint(report.rtp_timestamp - sent[3].rtp.timestamp, ==, 10 * 90);
        g_assert_cmpuint(report.ntp, ==, to_ntp(Stage::at(ms(1276))));
    }
}

/// There and back: a layer goes on from where the viewer is, not from where it left it.
void test_there_and_back() {
    Studio studio;
    Sender passed(*studio.stage.video, 1, 100, 0), composed(studio.composed, 9, 3, 77);
    passed.frame({vp8(true, 0)}, 0);
    studio.pump(0);
    studio.viewer->follow(studio.stage.feed->video(1));
    for (uint8_t i = 1; i < 5; ++i) {
        passed.frame({vp8(false, 90)}, ms(33 * i));
        composed.frame({h264(i == 1 ? 5 : 1, i)}, ms(33 * i));
        studio.pump(ms(33 * i));
    }
    studio.viewer->follow(studio.stage.feed->video(0));
    composed.frame({h264(1, 5)}, ms(165)); // goes on until the other layer has a keyframe
    studio.pump(ms(165));
    passed.frame({vp8(true, 6)}, ms(198));
    studio.pump(ms(198));
    const auto &sent = studio.transport.rtp;
    g_assert_cmpuint(sent.size(), ==, 7);
    for (size_t i = 0; i < sent.size(); ++i) {
        g_assert_cmpuint(sent[i].tag(), ==, i);
        g_assert_cmpuint(sent[i].rtp.sequence, ==, static_cast<uint16_t>(65530 + i));
        g_assert_cmpuint(sent[i].rtp.timestamp - sent[0].rtp.timestamp, ==, 33 * 90 * i);
    }
}

/// Hours of packets: three times around the sequence numbers, the timestamps once, and repairs across the wrap.
void test_wraps() {
    Studio studio;
    constexpr uint32_t kPackets = 200'000;
    Sender sender(*studio.stage.video, 1, 65000, 0xffff0000);
    SequenceUnwrapper sequences;
    TimestampUnwrapper timestamps;
    int64_t sequence = 0, timestamp = 0;
    for (uint32_t i = 0; i < kPackets; ++i) {
        const TimeNs pts = ms(40) * i;
        sender.frame({vp8(i == 0, static_cast<uint8_t>(i))}, pts);
        studio.pump(pts);
        g_assert_cmpuint(studio.transport.rtp.size(), ==, 1);
        const Packet sent = studio.transport.rtp.front();
        const int64_t next_sequence = sequences.unwrap(sent.rtp.sequence);
        const int64_t next_timestamp = timestamps.unwrap(sent.rtp.timestamp);
        if (i > 0) {
            g_assert_cmpint(next_sequence, ==, sequence + 1);
            g_assert_cmpint(next_timestamp, ==, timestamp + 40 * 90);
        }
        if (sent.rtp.sequence == 2) { // from before the wrap
            for (const uint16_t asked : {uint16_t{65533}, uint16_t{0}}) {
                studio.viewer->resend(studio.transport, asked, Stage::at(pts));
                g_assert_cmpuint(studio.transport.rtp.back().rtp.sequence, ==, asked);
                g_assert_cmpuint(studio.transport.rtp.back().tag(), ==,
                                 static_cast<uint8_t>(i + static_cast<uint32_t>(int16_t(asked)) - 2));
            }
        }
        sequence = next_sequence;
        timestamp = next_timestamp;
        studio.transport.rtp.clear();
    }
    g_assert_cmpuint(studio.counters.nack_unknown.get(), ==, 0);
    g_assert_cmpuint(studio.counters.retransmitted.get(), ==, 2 * 4); // 65530 + 200,000 wraps four times
}

/// Opus: DTX leaves gaps in time but not in numbers, and the payload with its FEC is passed as it is.
void test_opus_dtx_and_fec() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    Sender sender(*stage.audio, 2, 9, 0xffffff00);
    struct {
        int pts_ms;
        bool marker;
        Bytes payload;
    } const packets[] = {{0, true, {0x78, 1, 2, 3}},
                         {20, false, {0x78, 0x9f, 4, 5}}, // in-band FEC is inside of a packet
                         {40, false, {0x78}},             // comfort noise begins
                         {440, false, {0x78}},            // one in 400 ms
                         {840, true, {0x78, 6}}};
    uint16_t sequence = 9;
    for (const auto &packet : packets) {
        sender.packet(packet.payload, ms(packet.pts_ms), 0xffffff00 + 48u * static_cast<uint32_t>(packet.pts_ms),
                      packet.marker, sequence++);
        seat.viewer->on_wake(Stage::at(ms(packet.pts_ms)));
        seat.run_until(Stage::at(ms(packet.pts_ms)));
        const Packet sent = seat.audio().back(), first = seat.audio().front();
        g_assert_cmpuint(sent.rtp.timestamp - first.rtp.timestamp, ==, 48u * static_cast<uint32_t>(packet.pts_ms));
        g_assert_cmpuint(sent.rtp.sequence - first.rtp.sequence, ==, sequence - 10);
        g_assert_true(sent.rtp.marker == packet.marker);
        g_assert_true(Bytes(sent.rtp.payload.begin(), sent.rtp.payload.end()) == packet.payload);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/continuity/switches", test_switches);
    g_test_add_func("/continuity/there-and-back", test_there_and_back);
    g_test_add_func("/continuity/wraps", test_wraps);
    g_test_add_func("/continuity/opus-dtx-and-fec", test_opus_dtx_and_fec);
    return g_test_run();
}
