// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Sound sent twice while the viewer reports losses (RED, RFC 2198).

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

constexpr uint8_t kRedType = 63;

struct SwitchRow {
    const char *name;
    std::vector<std::pair<int, uint8_t>> reports; ///< second, fraction lost of 256
    std::vector<bool> on;                         ///< at 1, 2, 3, … s, before the report of that second
};

const SwitchRow kSwitchRows[] = {
    {"no report", {}, {false, false}},
    {"two percent is not enough", {{1, 5}}, {false, false}},
    {"more begins; ten seconds", {{1, 6}}, {false, true, true, true, true, true, true, true, true, true, false}},
    {"one percent goes on", {{1, 20}, {10, 3}}, {false, true, true, true, true, true, true, true, true, true, true}},
    {"half a percent does not",
     {{1, 20}, {10, 1}},
     {false, true, true, true, true, true, true, true, true, true, false, false}},
    {"one percent does not begin again",
     {{1, 20}, {12, 3}},
     {false, true, true, true, true, true, true, true, true, true, false, false, false}},
};

void test_switch() {
    for (const SwitchRow &row : kSwitchRows) {
        g_test_message("%s", row.name);
        RedundancySwitch redundancy;
        for (int second = 1; second <= static_cast<int>(row.on.size()); ++second) {
            const TimeNs now = second * kNsPerSecond;
            g_assert_true(redundancy.is_on(now) == row.on[static_cast<size_t>(second - 1)]);
            for (const auto &[at, lost] : row.reports) {
                if (at == second)
                    redundancy.on_report(now, lost);
            }
        }
    }
}

/// Losses go on while the path is full; when it is no longer, the sound goes twice at once.
void test_full_path() {
    RedundancySwitch redundancy;
    redundancy.allow(false);
    redundancy.on_report(0, 30);
    g_assert_false(redundancy.is_on(ms(100)));
    redundancy.allow(true);
    g_assert_true(redundancy.is_on(ms(200)));
}

void report_loss(Seat &seat, TimeNs now, uint8_t fraction_lost, uint32_t ssrc = kAudioSsrc) {
    const ReportBlock block{.ssrc = ssrc, .fraction_lost = fraction_lost};
    std::array<uint8_t, 64> bytes;
    const size_t size = write_receiver_report(bytes, 1, {&block, 1});
    seat.viewer->on_rtcp(now, std::span(bytes).first(size));
}

/// Sound that flows to a viewer with RED.
struct Sounding {
    explicit Sounding(bool nack = false)
        : seat(stage.feed, [nack](ViewerSetup &setup) {
              setup.audio->red = kRedType;
              (*setup.audio)[Codec::Opus].nack = nack;
          }) {
        seat.viewer->on_connected(Stage::at(0));
    }
    /// Packet `number`, 20 ms each, and what was sent for it.
    Packet play(int number, Bytes payload) {
        sender.packet(std::move(payload), ms(20 * number), 960u * static_cast<uint32_t>(number), false,
                      static_cast<uint16_t>(number));
        seat.viewer->on_wake(Stage::at(ms(20 * number)));
        return seat.audio().back();
    }

    Stage stage;
    Sender sender{*stage.audio, 2, 0, 0};
    Seat seat;
};

Bytes payload_of(const Packet &packet) {
    return {packet.rtp.payload.begin(), packet.rtp.payload.end()};
}

void test_packets() {
    Sounding s;
    const Packet plain = s.play(0, {0x78, 1, 2, 3});
    g_assert_cmpuint(plain.rtp.payload_type, ==, kOpusType);
    report_loss(s.seat, Stage::at(ms(10)), 30);
    const Packet red = s.play(1, {0x78, 4, 5});
    g_assert_cmpuint(red.rtp.payload_type, ==, kRedType);
    g_assert_cmpuint(red.rtp.sequence, ==, static_cast<uint16_t>(plain.rtp.sequence + 1));
    g_assert_cmpuint(red.rtp.timestamp - plain.rtp.timestamp, ==, 960); // that of the primary block
    // F, type 111, 960 << 10 | 4; type 111; the packet before; this one
    g_assert_true(payload_of(red) == (Bytes{0xef, 0x0f, 0x00, 0x04, 0x6f, 0x78, 1, 2, 3, 0x78, 4, 5}));
    g_assert_cmpuint(s.seat.counters->redundant.get(), ==, 1);
    g_assert_true(payload_of(s.play(2, {0x78, 6})) == (Bytes{0xef, 0x0f, 0x00, 0x03, 0x6f, 0x78, 4, 5, 0x78, 6}));
    // Ten seconds without another report.
    g_assert_true(payload_of(s.play(501, {0x78, 7})) == (Bytes{0x78, 7}));
}

void test_loss_of_the_picture_counts() {
    Sounding s;
    s.play(0, {0x78, 1});
    report_loss(s.seat, Stage::at(ms(10)), 30, kVideoSsrc);
    g_assert_cmpuint(s.play(1, {0x78, 2}).rtp.payload_type, ==, kRedType);
}

struct PlainRow {
    const char *name;
    bool nack;
    int before, number; ///< packets, 20 ms each
    size_t before_size, size;
    uint8_t payload_type;
};

const PlainRow kPlainRows[] = {
    {"as far as a distance goes", false, 5, 6, 100, 100, kRedType},
    {"DTX: the one before is not the number before", false, 5, 30, 100, 100, kOpusType},
    {"as large as a block", false, 5, 6, 1023, 100, kRedType},
    {"too large for a block", false, 5, 6, 1024, 100, kOpusType},
    {"as large as a datagram", false, 5, 6, 700, kMaxPacketSize - 12 - 5 - 700, kRedType},
    {"too large for a datagram", false, 5, 6, 700, kMaxPacketSize - 12 - 5 - 699, kOpusType},
    {"sent again as it was", true, 5, 6, 100, 100, kOpusType},
};

void test_plain() {
    for (const PlainRow &row : kPlainRows) {
        g_test_message("%s", row.name);
        Sounding s(row.nack);
        s.play(row.before - 1, {0x78, 1});
        s.play(row.before, Bytes(row.before_size, 0x78));
        report_loss(s.seat, Stage::at(ms(20 * row.before)), 30);
        const Packet packet = s.play(row.number, Bytes(row.size, 0x79));
        g_assert_cmpuint(packet.rtp.payload_type, ==, row.payload_type);
        g_assert_cmpuint(packet.bytes.size(), <=, kMaxPacketSize);
        s.seat.nack(Stage::at(ms(1000)), {packet.rtp.sequence}, kAudioSsrc);
        g_assert_true(s.seat.audio().back().bytes == packet.bytes);
        g_assert_cmpuint(s.seat.audio().size(), ==, row.nack ? 4 : 3);
    }
}

/// DTX keeps its sequence numbers and leaves a gap in time: 14 bits of it are 341 ms.
void test_dtx() {
    Sounding s;
    s.play(0, {0x78, 1});
    report_loss(s.seat, Stage::at(0), 30);
    const auto after_gap = [&s](uint16_t sequence, uint32_t timestamp) {
        s.sender.packet({0x78, 2}, int64_t{timestamp} * kNsPerMs / 48, timestamp, true, sequence);
        s.seat.viewer->on_wake(Stage::at(int64_t{timestamp} * kNsPerMs / 48));
        return s.seat.audio().back();
    };
    const uint32_t first = s.seat.audio().front().rtp.timestamp;
    const Packet near = after_gap(1, 0x3fff);
    g_assert_cmpuint(near.rtp.payload_type, ==, kRedType);
    g_assert_cmpuint(near.rtp.timestamp - first, ==, 0x3fff);
    const Packet far = after_gap(2, 0x3fff + 0x4000);
    g_assert_cmpuint(far.rtp.payload_type, ==, kOpusType);
    g_assert_cmpuint(far.rtp.timestamp - first, ==, 0x3fff + 0x4000);
    g_assert_cmpuint(far.rtp.sequence - near.rtp.sequence, ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/redundancy/switch", test_switch);
    g_test_add_func("/redundancy/full-path", test_full_path);
    g_test_add_func("/redundancy/packets", test_packets);
    g_test_add_func("/redundancy/loss-of-the-picture-counts", test_loss_of_the_picture_counts);
    g_test_add_func("/redundancy/plain", test_plain);
    g_test_add_func("/redundancy/dtx", test_dtx);
    return g_test_run();
}
