// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/twcc.h"
#include "wire/rtcp.h"

#include <glib.h>

#include <array>
#include <map>
#include <vector>

using namespace peerwire;

namespace {

struct Reader final : RtcpVisitor {
    std::map<uint16_t, TimeNs> arrivals;
    std::vector<uint16_t> lost;
    int packets = 0;

    void on_transport_cc(const TransportCc &cc) override {
        ++packets;
        g_assert_true(cc.for_each([this](uint16_t sequence, bool received, TimeNs at) {
            if (received)
                arrivals[sequence] = at;
            else
                lost.push_back(sequence);
        }));
    }
};

/// Everything that is pending, in packets of at most `room` bytes.
Reader drain(TwccBuilder &builder, size_t room = 1200) {
    Reader reader;
    std::vector<uint8_t> out(room);
    while (builder.pending()) {
        const size_t size = builder.write(out, 1, 2);
        g_assert_cmpuint(size, >, 0);
        g_assert_cmpuint(size % 4, ==, 0);
        g_assert_true(parse_rtcp(std::span(out).first(size), reader));
    }
    return reader;
}

constexpr TimeNs kStart = 1'000 * kNsPerSecond;

void assert_close(TimeNs a, TimeNs b) {
    g_assert_cmpint(std::abs(a - b), <, 250 * kNsPerUs);
}

void test_round_trip() {
    TwccBuilder builder;
    g_assert_false(builder.pending());
    std::map<uint16_t, TimeNs> sent;
    for (int i = 0; i < 500; ++i) {
        const auto sequence = static_cast<uint16_t>(65500 + i);
        if (i % 7 == 3 || (i > 100 && i < 130))
            continue;
        const TimeNs at = kStart + i * 700 * kNsPerUs + (i > 300 ? 2 * kNsPerSecond : 0);
        builder.on_packet(sequence, at);
        sent[sequence] = at;
    }
    const Reader reader = drain(builder);
    g_assert_cmpuint(reader.arrivals.size(), ==, sent.size());
    g_assert_cmpuint(reader.lost.size(), ==, 500 - sent.size());
    for (const auto &[sequence, at] : sent)
        assert_close(reader.arrivals.at(sequence), at);
}

void test_small_room() {
    TwccBuilder builder;
    for (int i = 0; i < 200; ++i)
        builder.on_packet(static_cast<uint16_t>(i), kStart + i * kNsPerMs);
    const Reader reader = drain(builder, 60);
    g_assert_cmpint(reader.packets, >, 3);
    g_assert_cmpuint(reader.arrivals.size(), ==, 200);
    std::array<uint8_t, 16> too_small{};
    builder.on_packet(200, kStart);
    g_assert_cmpuint(builder.write(too_small, 1, 2), ==, 0);
    g_assert_true(builder.pending());
}

void test_reordered_and_late() {
    TwccBuilder builder;
    builder.on_packet(10, kStart + 2 * kNsPerMs);
    builder.on_packet(9, kStart + 3 * kNsPerMs); // older than the first, arrived after it
    Reader reader = drain(builder);
    assert_close(reader.arrivals.at(9), kStart + 3 * kNsPerMs);
    assert_close(reader.arrivals.at(10), kStart + 2 * kNsPerMs);

    builder.on_packet(12, kStart + 4 * kNsPerMs);
    reader = drain(builder);
    g_assert_cmpuint(reader.lost.size(), ==, 1);
    builder.on_packet(11, kStart + 5 * kNsPerMs); // told about although 12 was reported already
    reader = drain(builder);
    assert_close(reader.arrivals.at(11), kStart + 5 * kNsPerMs);

    builder.on_packet(11, kStart + 6 * kNsPerMs); // a duplicate changes nothing
    g_assert_false(builder.pending());
}

void test_far_jumps() {
    TwccBuilder builder;
    builder.on_packet(0, kStart);
    builder.on_packet(30000, kStart + kNsPerSecond); // more than the window
    builder.on_packet(1, kStart + kNsPerSecond);     // too old by now
    Reader reader = drain(builder);
    g_assert_cmpuint(reader.arrivals.size(), ==, 1);
    g_assert_cmpuint(reader.arrivals.count(30000), ==, 1);

    builder.on_packet(30001, kStart + 60 * kNsPerSecond); // a delta that 16 bits do not hold
    builder.on_packet(30002, kStart + 120 * kNsPerSecond);
    reader = drain(builder);
    g_assert_cmpint(reader.packets, ==, 2);
    assert_close(reader.arrivals.at(30002), kStart + 120 * kNsPerSecond);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/twcc/round-trip", test_round_trip);
    g_test_add_func("/twcc/small-room", test_small_room);
    g_test_add_func("/twcc/reordered-and-late", test_reordered_and_late);
    g_test_add_func("/twcc/far-jumps", test_far_jumps);
    return g_test_run();
}
