// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "bench.h"

#include <thread>

using namespace peerwire;
using namespace peerwire::test;

namespace {

PacketInfo packet(int64_t sequence, TimeNs pts) {
    PacketInfo info;
    info.sequence = sequence;
    info.timestamp = sequence * 10;
    info.pts = pts;
    info.codec = Codec::Vp8;
    info.marker = true;
    return info;
}

void test_reads_back() {
    PacketRing ring({.packets = 16, .bytes = 4096, .history = kNsPerSecond});
    for (size_t size : {0, 1, 7, 8, 9, 1200}) {
        Bytes payload(size);
        for (size_t i = 0; i < size; ++i)
            payload[i] = static_cast<uint8_t>(i * 7);
        const uint64_t position = ring.push(packet(static_cast<int64_t>(1000 + size), 5), payload);
        PacketInfo info;
        g_assert_true(ring.read_info(position, info));
        g_assert_cmpuint(info.size, ==, size);
        g_assert_true(info.sequence == static_cast<int64_t>(1000 + size) && info.pts == 5 && info.marker &&
                      info.codec == Codec::Vp8);
        Bytes copy(size);
        g_assert_true(ring.read_payload(position, info, copy.data()));
        g_assert_true(copy == payload);
        g_assert_true(ring.find(info.sequence) == position);
    }
    PacketInfo info;
    g_assert_false(ring.read_info(ring.head(), info));
    g_assert_false(ring.find(5).has_value());
}

struct BoundRow {
    const char *name;
    RingConfig config;
    TimeNs step;
    uint64_t kept; // of 1000 packets of 100 bytes
};

void test_bounds() {
    const BoundRow rows[] = {
        {"packets", {.packets = 64, .bytes = 1 << 20, .history = kNever / 2}, ms(1), 64},
        {"bytes", {.packets = 1024, .bytes = 104 * 50, .history = kNever / 2}, ms(1), 50},
        {"time", {.packets = 1024, .bytes = 1 << 20, .history = ms(300)}, ms(10), 31},
    };
    for (const BoundRow &row : rows) {
        g_test_message("%s", row.name);
        PacketRing ring(row.config);
        for (int64_t i = 0; i < 1000; ++i)
            ring.push(packet(i, i * row.step), Bytes(100));
        g_assert_cmpuint(ring.head(), ==, 1000);
        g_assert_cmpuint(ring.head() - ring.floor(), ==, row.kept);
        PacketInfo info;
        g_assert_false(ring.read_info(ring.floor() - 1, info));
        g_assert_true(ring.read_info(ring.floor(), info));
        g_assert_false(ring.find(static_cast<int64_t>(ring.floor()) - 1).has_value());
    }
}

void test_too_large() {
    PacketRing ring({.packets = 16, .bytes = 1024, .history = kNsPerSecond});
    g_assert_true(ring.push(packet(1, 0), Bytes(600)) == PacketRing::kNone);
    g_assert_true(ring.push(packet(1, 0), Bytes(70000)) == PacketRing::kNone);
    g_assert_cmpuint(ring.head(), ==, 0);
}

void test_keyframe_leaves_with_its_packets() {
    PacketRing ring({.packets = 16, .bytes = 4096, .history = kNsPerSecond});
    g_assert_true(ring.newest_keyframe() == PacketRing::kNone);
    ring.mark_keyframe(ring.push(packet(1, 0), Bytes(10)));
    g_assert_cmpuint(ring.newest_keyframe(), ==, 0);
    for (int64_t i = 2; i < 20; ++i)
        ring.push(packet(i, i), Bytes(10));
    g_assert_true(ring.newest_keyframe() == PacketRing::kNone);
    ring.clear();
    g_assert_cmpuint(ring.floor(), ==, ring.head());
}

/// A reader never takes a packet for another, however the writer laps it.
void test_concurrent_readers() {
    constexpr int64_t kPackets = 200'000;
    PacketRing ring({.packets = 64, .bytes = 16384, .history = kNever / 2});
    std::atomic<bool> done{false};
    std::atomic<uint64_t> good{0};
    const auto reader = [&] {
        std::array<uint8_t, 512> copy;
        for (uint64_t cursor = 0; !done || cursor < ring.head();) {
            PacketInfo info;
            cursor = std::max(cursor, ring.floor());
            if (!ring.read_info(cursor, info))
                continue;
            if (!ring.read_payload(cursor, info, copy.data())) {
                ++cursor;
                continue;
            }
            g_assert_cmpint(info.sequence, ==, static_cast<int64_t>(cursor));
            g_assert_cmpuint(info.size, ==, 16 + cursor % 300);
            for (size_t i = 0; i < info.size; ++i)
                g_assert_cmpuint(copy[i], ==, static_cast<uint8_t>(cursor));
            ++good;
            ++cursor;
        }
    };
    std::thread first(reader), second(reader);
    for (int64_t i = 0; i < kPackets; ++i)
        ring.push(packet(i, i), Bytes(static_cast<size_t>(16 + i % 300), static_cast<uint8_t>(i)));
    done = true;
    first.join();
    second.join();
    g_assert_cmpuint(good, >, 0);
}

struct PayloadRow {
    const char *name;
    Codec codec;
    Bytes payload;
    bool keyframe, parameter_sets, idr;
};

void test_payloads() {
    const PayloadRow rows[] = {
        {"SPS", Codec::H264, {0x67, 1}, true, true, false},
        {"IDR", Codec::H264, {0x65, 1}, true, false, true},
        {"slice", Codec::H264, {0x41, 1}, false, false, false},
        {"STAP-A of SPS, PPS, IDR", Codec::H264, {0x78, 0, 2, 0x67, 1, 0, 1, 0x68, 0, 2, 0x65, 1}, true, true, true},
        {"STAP-A with a lying length", Codec::H264, {0x78, 0xff, 0xff, 0x67}, false, false, false},
        {"FU-A, start of an IDR", Codec::H264, {0x7c, 0x85, 1}, true, false, true},
        {"FU-A, middle of an IDR", Codec::H264, {0x7c, 0x05, 1}, false, false, false},
        {"FU-A, cut", Codec::H264, {0x7c}, false, false, false},
        {"VP8 keyframe", Codec::Vp8, vp8(true, 0), true, false, false},
        {"VP8 frame", Codec::Vp8, vp8(false, 0), false, false, false},
        {"Opus", Codec::Opus, {0x78}, true, false, false},
        {"nothing", Codec::H264, {}, false, false, false},
    };
    for (const PayloadRow &row : rows) {
        g_test_message("%s", row.name);
        const PayloadInfo info = inspect_payload(row.codec, row.payload);
        g_assert_true(info.keyframe == row.keyframe);
        g_assert_true(info.parameter_sets == row.parameter_sets);
        g_assert_true(info.idr_slice == row.idr);
    }
    g_assert_true(codec_from_name("h264") == Codec::H264 && codec_from_name("OPUS") == Codec::Opus);
    g_assert_true(codec_from_name("H265") == Codec::Unknown);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/ring/reads-back", test_reads_back);
    g_test_add_func("/ring/bounds", test_bounds);
    g_test_add_func("/ring/too-large", test_too_large);
    g_test_add_func("/ring/keyframe-leaves-with-its-packets", test_keyframe_leaves_with_its_packets);
    g_test_add_func("/ring/concurrent-readers", test_concurrent_readers);
    g_test_add_func("/codec/payloads", test_payloads);
    return g_test_run();
}
