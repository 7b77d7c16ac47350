// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a publisher is told: transport-cc, receiver reports, PLI, REMB. And what it cannot break.

#include "publish/rig.h"

#include <glib.h>

#include <cstdlib>
#include <new>
#include <random>

using namespace peerwire;
using namespace peerwire::test;

static size_t allocations = 0;

void *operator new(size_t size) {
    ++allocations;
    if (void *memory = std::malloc(size))
        return memory;
    std::abort();
}
void operator delete(void *memory) noexcept {
    std::free(memory);
}
void operator delete(void *memory, size_t) noexcept {
    std::free(memory);
}

namespace {

void test_transport_cc() {
    Rig rig;
    const TimeNs start = rig.now;
    std::vector<std::pair<uint16_t, TimeNs>> arrivals;
    for (int i = 0; i < 10; ++i) {
        rig.run_until(start + i * 4 * kNsPerMs);
        if (i == 3 || i == 4)
            continue; // lost
        arrivals.emplace_back(static_cast<uint16_t>(65533 + i), rig.now);
        rig.send({.sequence = static_cast<uint16_t>(i), .transport_sequence = (65533 + i) & 0xffff});
    }
    rig.run_until(start + 60 * kNsPerMs);
    g_assert_cmpuint(rig.sent().feedback.size(), ==, 1);
    const auto &feedback = rig.sent().feedback[0];
    g_assert_cmpint(feedback.at - start, ==, 50 * kNsPerMs);
    g_assert_cmpuint(feedback.base, ==, 65533);
    g_assert_cmpuint(feedback.count, ==, 10);
    g_assert_cmpuint(feedback.missing.size(), ==, 2);
    g_assert_cmpuint(feedback.missing[0], ==, 0);
    g_assert_cmpuint(feedback.missing[1], ==, 1);
    g_assert_cmpuint(feedback.received.size(), ==, arrivals.size());
    const TimeNs origin = feedback.received[0].second - arrivals[0].second;
    for (size_t i = 0; i < arrivals.size(); ++i) {
        g_assert_cmpuint(feedback.received[i].first, ==, arrivals[i].first);
        const TimeNs error = feedback.received[i].second - arrivals[i].second - origin;
        g_assert_cmpint(std::abs(error), <=, 250 * kNsPerUs); // the unit of a delta
    }
    rig.run_for(500 * kNsPerMs);
    g_assert_cmpuint(rig.sent().feedback.size(), ==, 1); // nothing new, nothing said
}

void test_transport_cc_under_load() {
    Rig rig;
    for (int i = 0; i < 1000; ++i) { // 20 packets per ms
        rig.send({.sequence = static_cast<uint16_t>(i), .transport_sequence = i});
        if (i % 20 == 19)
            rig.run_for(kNsPerMs);
    }
    rig.run_for(100 * kNsPerMs);
    size_t reported = 0;
    for (const auto &feedback : rig.sent().feedback)
        reported += feedback.received.size();
    g_assert_cmpuint(reported, ==, 1000);
    g_assert_cmpuint(rig.sent().feedback.size(), <=, 8);
}

void test_receiver_report() {
    Rig rig;
    const TimeNs start = rig.now;
    for (int i = 0; i < 10; ++i) {
        if (i != 4)
            rig.send({.ssrc = kAudioSsrc,
                      .sequence = static_cast<uint16_t>(65530 + i),
                      .timestamp = static_cast<uint32_t>(960 * i),
                      .payload_type = kAudioPt});
        rig.run_until(start + (i + 1) * 20 * kNsPerMs);
    }
    const TimeNs remote = 3'900'000'000 * kNsPerSecond;
    rig.receive_rtcp(sender_report(kAudioSsrc, remote, 0));
    rig.run_until(start + kNsPerSecond);
    g_assert_cmpuint(rig.sent().reports, ==, 1);
    g_assert_cmpuint(rig.sent().blocks.size(), ==, 1);
    const ReportBlock &block = rig.sent().blocks[0];
    g_assert_cmpuint(block.ssrc, ==, kAudioSsrc);
    g_assert_cmpuint(block.fraction_lost, ==, 256 / 10);
    g_assert_cmpint(block.cumulative_lost, ==, 1);
    g_assert_cmpuint(block.highest_sequence, ==, 65536 + 3);
    g_assert_cmpuint(block.jitter, ==, 0);
    g_assert_cmpuint(block.last_sr, ==, static_cast<uint32_t>(to_ntp(remote) >> 16));
    g_assert_cmpuint(block.delay_since_last_sr, ==, 65536 * 8 / 10);
    rig.run_for(kNsPerSecond);
    g_assert_cmpuint(rig.sent().blocks.back().fraction_lost, ==, 0); // nothing was lost since
}

/// RFC 3611 §4.5: 80 ms there and back, 120 ms at the other side.
void test_round_trip() {
    Rig rig;
    rig.send({.ssrc = kAudioSsrc, .payload_type = kAudioPt});
    rig.run_for(kNsPerSecond);
    const uint64_t reference = rig.sent().reference_time;
    g_assert_cmpuint(reference, !=, 0);
    const auto answer = [&](uint32_t last_rr, uint32_t delay) {
        Bytes bytes;
        for (const uint32_t word : {0x80cf0005u, kAudioSsrc, 0x05000003u, rig.sent().reporter, last_rr, delay})
            for (const int shift : {24, 16, 8, 0})
                bytes.push_back(static_cast<uint8_t>(word >> shift));
        rig.receive_rtcp(bytes);
    };
    const auto stats_after = [&] {
        rig.run_for(kNsPerSecond);
        return rig.observer->stats.round_trip;
    };
    g_assert_cmpint(rig.observer->stats.round_trip, ==, 0);
    rig.run_for(200 * kNsPerMs);
    answer(static_cast<uint32_t>(reference >> 16), 65536 * 12 / 100);
    g_assert_cmpint(std::abs(stats_after() - 80 * kNsPerMs), <, kNsPerMs);
    answer(0, 0);                                                 // none came
    answer(static_cast<uint32_t>(reference >> 16), 0x7fffffff);   // longer than it was away
    answer(static_cast<uint32_t>(reference >> 16) ^ 1u << 31, 0); // never sent
    g_assert_cmpint(std::abs(stats_after() - 80 * kNsPerMs), <, kNsPerMs);
}

void test_keyframe_requests_are_merged_and_repeated() {
    Rig rig;
    const TimeNs start = rig.now;
    rig.send({.sequence = 1, .payload = kVp8Keyframe});
    for (int i = 0; i < 5; ++i) {
        rig.control->request_keyframe(1);
        rig.wake();
    }
    g_assert_cmpuint(rig.sent().plis.size(), ==, 1);
    rig.run_until(start + 1000 * kNsPerMs);
    g_assert_cmpuint(rig.sent().plis.size(), ==, 3); // 0, 300, 900 ms
    g_assert_cmpint(rig.sent().plis[1].first - start, ==, 300 * kNsPerMs);
    g_assert_cmpuint(rig.sent().plis[1].second, ==, kVideoSsrc);
    rig.send({.sequence = 2, .payload = kVp8Keyframe});
    rig.run_for(5 * kNsPerSecond);
    g_assert_cmpuint(rig.sent().plis.size(), ==, 3);
    rig.control->request_keyframe(1);
    rig.wake();
    g_assert_cmpuint(rig.sent().plis.size(), ==, 4); // at once again
}

void test_a_stream_without_its_beginning_asks() {
    Rig rig;
    rig.send({.sequence = 1});
    rig.run_for(kNsPerMs);
    g_assert_cmpuint(rig.sent().plis.size(), ==, 1);
}

void test_remb_instead_of_transport_cc() {
    PublisherConfig config = av_config();
    config.remb = true;
    Rig with_transport_cc(config);
    config.transport_cc = false;
    Rig without(config);
    for (Rig *rig : {&with_transport_cc, &without}) {
        rig->send({.sequence = 1, .transport_sequence = 1});
        rig->run_for(3 * kNsPerSecond + kNsPerMs);
    }
    g_assert_true(with_transport_cc.sent().rembs.empty());
    g_assert_false(with_transport_cc.sent().feedback.empty());
    g_assert_cmpuint(without.sent().rembs.size(), ==, 3);
    g_assert_cmpuint(without.sent().rembs[0], >=, 2'000'000);
    g_assert_true(without.sent().feedback.empty());
}

void test_reduced_size_only_when_agreed() {
    for (const bool reduced : {true, false}) {
        PublisherConfig config = av_config();
        config.reduced_size = reduced;
        Rig rig(config);
        rig.send({.sequence = 1});
        rig.run_for(kNsPerMs); // a PLI
        g_assert_cmpuint(rig.sent().compounds, ==, 1);
        g_assert_cmpuint(rig.sent().reports, ==, reduced ? 0 : 1); // RFC 3550 §6.1: a report leads
    }
}

void test_stall() {
    Rig rig;
    rig.send({.sequence = 1});
    rig.run_for(1900 * kNsPerMs);
    g_assert_true(rig.observer->stalls.empty());
    rig.run_for(200 * kNsPerMs);
    g_assert_cmpuint(rig.observer->stalls.size(), ==, 1);
    g_assert_cmpuint(rig.observer->stalls[0].first, ==, 1);
    g_assert_true(rig.observer->stalls[0].second);
    rig.send({.sequence = 2});
    g_assert_cmpuint(rig.observer->stalls.size(), ==, 2);
    g_assert_false(rig.observer->stalls[1].second);
}

void test_blocked_transport_does_not_spin() {
    Rig rig;
    rig.transport.blocked = true;
    rig.send({.sequence = 1, .transport_sequence = 1});
    unsigned timeouts = 0;
    const TimeNs end = rig.now + 2 * kNsPerSecond;
    while (rig.publisher.next_timeout() <= end) {
        rig.now = rig.publisher.next_timeout();
        rig.publisher.on_timeout(rig.now);
        ++timeouts;
    }
    g_assert_cmpuint(timeouts, <=, 2000 / 10 + 10);
}

void test_steady_state_does_not_allocate() {
    Rig rig;
    rig.observer->recording = rig.transport.recording = false;
    Bytes packets[2] = {make_packet({.transport_sequence = 0}),
                        make_packet({.ssrc = kAudioSsrc, .payload_type = kAudioPt, .transport_sequence = 0})};
    const auto second_of_media = [&](uint16_t &sequence) {
        for (int i = 0; i < 300; ++i, ++sequence) {
            if (i % 50 == 7)
                continue; // lost: asked for and given up
            for (Bytes &packet : packets) {
                store_be16(&packet[2], sequence);
                store_be32(&packet[4], uint32_t{sequence} * 300);
                rig.receive(packet);
            }
            rig.run_for(3 * kNsPerMs + 333 * kNsPerUs);
        }
    };
    uint16_t sequence = 65000;
    second_of_media(sequence);
    second_of_media(sequence); // with the first report
    const size_t before = allocations;
    for (int i = 0; i < 5; ++i)
        second_of_media(sequence);
    g_assert_cmpuint(allocations, ==, before);
    g_assert_cmpuint(rig.observer->media_count, >, 3000);
}

void test_hostile_input() {
    std::mt19937 random(1);
    Rig rig;
    rig.observer->recording = false;
    Bytes packet = make_packet({.mid = "1", .rid = "q", .transport_sequence = 3});
    for (int i = 0; i < 200'000; ++i) {
        Bytes bytes = packet;
        for (unsigned n = random() % 4; n > 0; --n)
            bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
        store_be16(&bytes[2], static_cast<uint16_t>(random()));
        store_be32(&bytes[4], static_cast<uint32_t>(random()));
        bytes.resize(random() % (bytes.size() + 1));
        if (i % 5 == 0)
            rig.receive_rtcp(sender_report(kVideoSsrc, static_cast<TimeNs>(random()) * random() % (1LL << 61),
                                           static_cast<uint32_t>(random())));
        else
            rig.receive(bytes);
        if (i % 16 == 0)
            rig.run_for(static_cast<TimeNs>(random() % 20) * kNsPerMs);
    }
    g_assert_false(rig.transport.parse_failed);
    g_assert_cmpuint(rig.observer->stats.malformed_packets, >, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/feedback/transport-cc", test_transport_cc);
    g_test_add_func("/feedback/transport-cc under load", test_transport_cc_under_load);
    g_test_add_func("/feedback/receiver report", test_receiver_report);
    g_test_add_func("/feedback/round trip", test_round_trip);
    g_test_add_func("/feedback/keyframe requests", test_keyframe_requests_are_merged_and_repeated);
    g_test_add_func("/feedback/beginning missing", test_a_stream_without_its_beginning_asks);
    g_test_add_func("/feedback/remb", test_remb_instead_of_transport_cc);
    g_test_add_func("/feedback/reduced size", test_reduced_size_only_when_agreed);
    g_test_add_func("/feedback/stall", test_stall);
    g_test_add_func("/feedback/blocked transport", test_blocked_transport_does_not_spin);
    g_test_add_func("/feedback/no allocation", test_steady_state_does_not_allocate);
    g_test_add_func("/feedback/hostile input", test_hostile_input);
    return g_test_run();
}
