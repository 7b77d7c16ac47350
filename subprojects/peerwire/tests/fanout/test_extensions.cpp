// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Header extensions of a viewer's packets: which, when, and their bytes.

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

constexpr uint8_t kMidId = 9, kSendTimeId = 2, kCaptureId = 5, kNumberId = 4;
const ExtensionSetup kAll{kMidId, kSendTimeId, kCaptureId, kNumberId, "v0"};
constexpr int kIntroduced = 64; // packets with all extensions

struct BytesRow {
    const char *name;
    ExtensionSetup setup;
    ExtensionChoice choice;
    Bytes extension; ///< profile, length, elements
};

const BytesRow kBytesRows[] = {
    {"nothing negotiated", {}, {true, true, true}, {}},
    {"nothing chosen", kAll, {}, {}},
    {"mid", kAll, {.mid = true}, {0xbe, 0xde, 0, 1, 0x91, 'v', '0', 0}},
    {"what differs each time: number, 64.25 s in 6.18",
     kAll,
     {.per_sending = true},
     {0xbe, 0xde, 0, 2, 0x41, 0xab, 0xcd, 0x22, 0x01, 0x00, 0x00, 0}},
    {"capture time: 63.5 s in 32.32",
     kAll,
     {.capture_time = true},
     {0xbe, 0xde, 0, 3, 0x57, 0, 0, 0, 63, 0x80, 0, 0, 0, 0, 0, 0}},
    {"all", kAll, {true, true, true}, {0xbe, 0xde, 0, 5,  0x41, 0xab, 0xcd, 0x22, 0x01, 0x00, 0x00, 0x57,
                                       0,    0,    0, 63, 0x80, 0,    0,    0,    0x91, 'v',  '0',  0}},
    {"an id that has no one-byte form", {.mid_id = 15, .mid = "v"}, {true, true, true}, {}},
    {"a mid that has none", {.mid_id = 3, .mid = std::string(17, 'm')}, {true, true, true}, {}},
    {"no mid to write", {.mid_id = 3}, {true, true, true}, {}},
};

void test_bytes() {
    for (const BytesRow &row : kBytesRows) {
        g_test_message("%s", row.name);
        const HeaderExtensions extensions(row.setup);
        Bytes out(kRtpFixedHeaderSize + row.extension.size());
        const HeaderExtensions::Times times{64 * kNsPerSecond + ms(250), 63 * kNsPerSecond + ms(500)};
        g_assert_cmpuint(extensions.size(row.choice), ==, row.extension.size());
        g_assert_cmpuint(extensions.write(out, {}, row.choice, times), ==, out.size());
        if (extensions.has_transport_number(row.choice))
            HeaderExtensions::put_transport_number(out, 0xabcd);
        g_assert_true(Bytes(out.begin() + kRtpFixedHeaderSize, out.end()) == row.extension);
        g_assert_cmpuint(extensions.size(row.choice), <=, extensions.largest_size());
    }
}

uint64_t value(const Packet &packet, uint8_t id) {
    uint64_t number = 0;
    for (const uint8_t byte : find_extension(packet.rtp, id))
        number = number << 8 | byte;
    return number;
}
bool has(const Packet &packet, uint8_t id) {
    return !find_extension(packet.rtp, id).empty();
}

/// A viewer that negotiated everything; its audio is never repaired.
struct FullSeat : Seat {
    explicit FullSeat(std::shared_ptr<Feed> feed)
        : Seat(std::move(feed), [](ViewerSetup &setup) {
              setup.video->extensions = setup.audio->extensions = kAll;
              (*setup.audio)[Codec::Opus].nack = false;
          }) {}
};

void test_presence() {
    Stage stage;
    FullSeat seat(stage.feed);
    Sender video(*stage.video, 1, 100, 0), audio(*stage.audio, 2, 0, 0);
    seat.viewer->on_connected(Stage::at(0));
    constexpr int kFrames = 200; // two packets every 20 ms
    for (int i = 0; i < kFrames; ++i) {
        const TimeNs pts = ms(20 * i);
        video.frame({vp8(i == 0, 1), vp8(false, 2)}, pts);
        audio.packet({0x78, 1, 2}, pts, 960u * static_cast<uint32_t>(i), false, static_cast<uint16_t>(i));
        seat.viewer->on_wake(Stage::at(pts));
        if (i % 10 == 9)
            seat.nack(Stage::at(pts), {seat.video()[static_cast<size_t>(2 * i)].rtp.sequence});
    }
    // One number space over everything, none left out.
    g_assert_cmpuint(seat.transport.rtp.size(), ==, 3 * kFrames + kFrames / 10);
    for (size_t i = 0; i < seat.transport.rtp.size(); ++i) {
        g_assert_true(has(seat.transport.rtp[i], kSendTimeId));
        g_assert_cmpuint(value(seat.transport.rtp[i], kNumberId), ==, i + 1);
    }
    for (const auto &packets : {seat.video(), seat.audio(), seat.rtx()}) {
        const int per_frame = packets.size() == 2 * kFrames ? 2 : 1;
        int with_capture_time = 0;
        for (int i = 0; i < static_cast<int>(packets.size()); ++i) {
            const Packet &packet = packets[static_cast<size_t>(i)];
            g_assert_true(has(packet, kMidId) == (i < kIntroduced));
            g_assert_true(i >= kIntroduced || has(packet, kCaptureId));
            with_capture_time += i >= kIntroduced && has(packet, kCaptureId) ? per_frame - (i % per_frame) : 0;
        }
        if (packets.size() > kIntroduced) // at 1, 2 and 3 s; in both packets of a picture
            g_assert_cmpint(with_capture_time, ==, per_frame == 2 ? 9 : 2);
    }
}

/// The capture time of a packet is what the sender reports say about its RTP timestamp.
void test_capture_clock() {
    struct Reports : RtcpVisitor {
        std::vector<SenderReport> all;
        void on_sender_report(const SenderReport &report) override { all.push_back(report); }
    } reports;
    Stage stage;
    FullSeat seat(stage.feed);
    Sender video(*stage.video, 1, 100, 0), audio(*stage.audio, 2, 0, 0);
    seat.viewer->on_connected(Stage::at(0));
    for (int i = 0; i <= 60; ++i) {
        video.frame({vp8(i == 0, 1)}, ms(20 * i));
        audio.packet({0x78, 1}, ms(20 * i + 7), 960u * static_cast<uint32_t>(i), false, static_cast<uint16_t>(i));
        seat.viewer->on_wake(Stage::at(ms(20 * i + 9)));
        seat.run_until(Stage::at(ms(20 * i + 9)));
    }
    g_assert_true(parse_rtcp(seat.transport.rtcp.back(), reports));
    g_assert_cmpuint(reports.all.size(), ==, 2);
    for (const SenderReport &report : reports.all) {
        const auto packets = seat.transport.of_ssrc(report.ssrc);
        const int64_t clock_rate = report.ssrc == kVideoSsrc ? 90000 : 48000;
        for (size_t i = 0; i < kIntroduced - 4; ++i) {
            const auto ticks = static_cast<int32_t>(packets[i].rtp.timestamp - report.rtp_timestamp);
            const TimeNs reported = from_ntp(report.ntp) + ticks * kNsPerSecond / clock_rate;
            g_assert_cmpint(std::abs(reported - from_ntp(value(packets[i], kCaptureId))), <, ms(1) / 10);
        }
    }
}

/// Behind the squeezed past, receivers extrapolate from a frame that is not squeezed.
void test_capture_time_goes_live() {
    Stage stage;
    Sender video(*stage.video, 1, 100, 0);
    std::vector<Bytes> large(30, vp8_more(1));
    for (int i = 0; i < 10; ++i) {
        large.front() = vp8(i == 0, 1);
        video.frame(large, ms(33 * i));
    }
    FullSeat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(ms(330)));
    seat.run_until(Stage::at(ms(400)));
    const auto packets = seat.video();
    g_assert_cmpuint(packets.size(), ==, 300);
    for (size_t i = 0; i < packets.size(); ++i)
        g_assert_true(has(packets[i], kCaptureId) == (i < kIntroduced || i >= 270));
    g_assert_cmpuint(value(packets[299], kCaptureId), ==, to_ntp(Stage::at(ms(297))));
}

/// Packets of a frame are equal in size, whatever they carry.
void test_equal_sizes() {
    Stage stage;
    FullSeat seat(stage.feed);
    Sender video(*stage.video, 1, 100, 0);
    seat.viewer->on_connected(Stage::at(0));
    for (int i = 0; i < 60; ++i) {
        std::vector<Bytes> payloads(5, Bytes(1000, 1));
        payloads[0] = vp8(i == 0, 1);
        payloads[0].resize(1000, 1);
        video.frame(payloads, ms(33 * i));
        seat.viewer->on_wake(Stage::at(ms(33 * i)));
        const auto packets = seat.video();
        const auto first = packets.end() - 5;
        for (auto packet = first; packet < packets.end() - 1; ++packet)
            g_assert_cmpuint(packet->bytes.size(), ==, first->bytes.size());
    }
}

struct AsItIsRow {
    const char *name;
    bool rtx;
    size_t payload;
    bool mid; ///< at the beginning
};

const AsItIsRow kAsItIsRows[] = {
    {"no RTX", false, 1000, true},
    {"as large as has room for a mid only", true, kMaxPacketSize - 12 - 8, true},
    {"as large as has room for nothing", true, kMaxPacketSize - 12, false},
};

/// What is sent again under its number is the same bytes, at the beginning and later.
void test_as_it_is() {
    for (const AsItIsRow &row : kAsItIsRows) {
        g_test_message("%s", row.name);
        Stage stage;
        Seat seat(stage.feed, [&](ViewerSetup &setup) {
            setup.video->extensions = kAll;
            if (!row.rtx)
                (*setup.video)[Codec::Vp8] = {kVp8Type};
        });
        Sender video(*stage.video, 1, 100, 0);
        seat.viewer->on_connected(Stage::at(0));
        for (int i = 0; i < kIntroduced + 20; ++i) {
            Bytes payload = vp8(i == 0, 1);
            payload.resize(row.payload, 1);
            video.frame({payload}, ms(33 * i));
            seat.viewer->on_wake(Stage::at(ms(33 * i)));
        }
        const auto sent = seat.video();
        for (const int i : {0, 40, kIntroduced + 10}) {
            const Packet &packet = sent[static_cast<size_t>(i)];
            g_assert_true(has(packet, kMidId) == (row.mid && i < kIntroduced));
            for (const uint8_t id : {kSendTimeId, kCaptureId, kNumberId})
                g_assert_false(has(packet, id));
            const size_t before = seat.transport.rtp.size();
            seat.nack(Stage::at(ms(3000 + i)), {packet.rtp.sequence});
            g_assert_cmpuint(seat.transport.rtp.size(), ==, before + 1);
            g_assert_true(seat.transport.rtp.back().bytes == packet.bytes);
        }
    }
}

/// Sound that varies and has no RTX is not sent again, whoever asks.
void test_never_repaired() {
    Stage stage;
    FullSeat seat(stage.feed);
    Sender audio(*stage.audio, 2, 0, 0);
    seat.viewer->on_connected(Stage::at(0));
    audio.packet({0x78, 1}, 0, 0, false, 0);
    seat.viewer->on_wake(Stage::at(0));
    g_assert_cmpuint(seat.audio().size(), ==, 1);
    seat.nack(Stage::at(ms(50)), {seat.audio().front().rtp.sequence}, kAudioSsrc);
    g_assert_cmpuint(seat.transport.rtp.size(), ==, 1);
    g_assert_cmpuint(seat.counters->nack_unknown.get(), ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/extensions/bytes", test_bytes);
    g_test_add_func("/extensions/presence", test_presence);
    g_test_add_func("/extensions/capture-clock", test_capture_clock);
    g_test_add_func("/extensions/capture-time-goes-live", test_capture_time_goes_live);
    g_test_add_func("/extensions/equal-sizes", test_equal_sizes);
    g_test_add_func("/extensions/as-it-is", test_as_it_is);
    g_test_add_func("/extensions/never-repaired", test_never_repaired);
    return g_test_run();
}
