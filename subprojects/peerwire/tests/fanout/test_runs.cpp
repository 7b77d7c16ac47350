// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What leaves together: whole frames of equal packets while the shard is busy, with sound behind them.

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

Bytes slice(bool first_of_key, size_t size, uint8_t tag) {
    Bytes payload(size, 0xaa);
    payload[0] = first_of_key ? 0x10 : 0x00;
    payload[1] = first_of_key ? 0x00 : 0x01;
    payload[size - 1] = tag;
    return payload;
}

/// A viewer of a busy shard that has had its keyframe.
struct BusySeat {
    BusySeat() {
        seat = std::make_unique<Seat>(stage.feed);
        sender.frame({slice(true, 100, 0)}, 0);
        seat->viewer->on_connected(Stage::at(0));
        seat->transport.is_busy = true;
        seat->transport.rtp.clear();
    }
    void wake(TimeNs pts) { seat->viewer->on_wake(Stage::at(pts)); }
    void video(size_t size, TimeNs pts, bool marker, uint8_t tag = 1) {
        sender.packet(slice(false, size, tag), pts, sender.timestamp_at(pts), marker, next++);
        wake(pts);
    }
    /// The sound has begun, and a packet of it waits.
    void hold_voice() {
        seat->transport.is_busy = false;
        audio.packet({0x78, 8}, ms(10), 480, false, 0);
        wake(ms(10));
        seat->transport.is_busy = true;
        seat->transport.rtp.clear();
        audio.packet({0x78, 9}, ms(30), 1440, false, 1);
    }

    Stage stage;
    Sender sender{*stage.video, 1, 100, 0}, audio{*stage.audio, 2, 0, 0};
    uint16_t next = 101;
    std::unique_ptr<Seat> seat;
};

std::vector<size_t> sizes(const std::vector<Packet> &packets) {
    std::vector<size_t> result;
    for (const Packet &packet : packets)
        result.push_back(packet.bytes.size());
    return result;
}

void test_whole_frames() {
    BusySeat b;
    b.video(500, ms(33), false);
    b.video(500, ms(33), false);
    g_assert_cmpuint(b.seat->video().size(), ==, 0);
    b.video(500, ms(33), true);
    g_assert_cmpuint(b.seat->video().size(), ==, 3);
    b.video(500, ms(66), false); // its last packet is lost
    g_assert_cmpuint(b.seat->video().size(), ==, 3);
    b.video(500, ms(100), false);
    g_assert_cmpuint(b.seat->video().size(), ==, 4);
    b.seat->transport.is_busy = false;
    b.wake(ms(101));
    g_assert_cmpuint(b.seat->video().size(), ==, 5);
}

void test_large_frame_goes_on_its_way() {
    BusySeat b;
    for (int i = 0; i < 15; ++i)
        b.video(900, ms(33), false);
    g_assert_cmpuint(b.seat->video().size(), ==, 0);
    b.video(900, ms(33), false);
    g_assert_cmpuint(b.seat->video().size(), ==, 16);
}

struct PaddingRow {
    const char *name;
    std::vector<size_t> payloads;
    bool rider;
    std::vector<size_t> sent; ///< sizes of the RTP packets, header 12
};

const PaddingRow kPaddingRows[] = {
    {"a byte is missing in front", {999, 1000, 1000}, false, {1012, 1012, 1012}},
    {"a byte is missing in the middle", {1000, 999, 1000}, false, {1012, 1012, 1012}},
    {"the last may be shorter", {1000, 1000, 999}, false, {1012, 1012, 1011}},
    {"unless somebody rides behind it", {1000, 1000, 999}, true, {1012, 1012, 1012}},
    {"as far as padding goes", {1000, 745}, true, {1012, 1012}},
    {"and no farther", {1000, 744}, true, {1012, 756}},
    {"a small packet before a large one", {30, 1000}, false, {42, 1012}},
    {"one alone", {400}, true, {412}},
};

void test_padding() {
    for (const PaddingRow &row : kPaddingRows) {
        g_test_message("%s", row.name);
        BusySeat b;
        if (row.rider)
            b.hold_voice();
        for (size_t i = 0; i < row.payloads.size(); ++i)
            b.sender.packet(slice(false, row.payloads[i], uint8_t(i)), ms(33), b.sender.timestamp_at(ms(33)),
                            i + 1 == row.payloads.size(), b.next++);
        b.wake(ms(33));
        const auto video = b.seat->video();
        g_assert_true(sizes(video) == row.sent);
        for (size_t i = 0; i < video.size(); ++i) { // nothing of it is in the payload
            g_assert_cmpuint(video[i].rtp.payload.size(), ==, row.payloads[i]);
            g_assert_cmpuint(video[i].tag(), ==, i);
        }
        g_assert_cmpuint(b.seat->transport.rtp.size(), ==, video.size() + (row.rider ? 1 : 0));
        if (row.rider)
            g_assert_cmpuint(b.seat->transport.rtp.back().rtp.ssrc, ==, kAudioSsrc); // behind the picture
    }
}

/// What is repaired under its own number must be the same bytes the second time, and the frame around it is gone then.
void test_no_padding_without_rtx() {
    Stage stage;
    ViewerSetup setup;
    setup.video.emplace();
    setup.video->ssrc = kVideoSsrc;
    (*setup.video)[Codec::Vp8].media = kVp8Type;
    auto counters = std::make_shared<ViewerCounters>();
    RecordingTransport transport;
    Viewer viewer(stage.feed, std::move(setup), counters);
    viewer.attach(transport);
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({slice(true, 999, 0), slice(false, 1000, 1)}, 0);
    viewer.on_connected(Stage::at(0));
    g_assert_cmpuint(transport.rtp.size(), ==, 2);
    g_assert_cmpuint(transport.rtp[0].bytes.size(), ==, 1011);
}

void test_repair_of_padded() {
    BusySeat b;
    b.sender.packet(slice(false, 900, 7), ms(33), b.sender.timestamp_at(ms(33)), false, b.next++);
    b.video(1000, ms(33), true);
    const auto sent = b.seat->video();
    g_assert_cmpuint(sent[0].rtp.padding, ==, 100);
    b.seat->nack(Stage::at(ms(50)), {sent[0].rtp.sequence});
    const auto repair = b.seat->rtx();
    g_assert_cmpuint(repair.size(), ==, 1);
    g_assert_cmpuint(repair[0].rtp.payload.size(), ==, 2 + 900);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/runs/whole-frames", test_whole_frames);
    g_test_add_func("/runs/large-frame-goes-on-its-way", test_large_frame_goes_on_its_way);
    g_test_add_func("/runs/padding", test_padding);
    g_test_add_func("/runs/no-padding-without-rtx", test_no_padding_without_rtx);
    g_test_add_func("/runs/repair-of-padded", test_repair_of_padded);
    return g_test_run();
}
