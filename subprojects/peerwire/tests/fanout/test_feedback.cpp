// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

/// A stage where a viewer got one keyframe and nine frames.
struct Running {
    Stage stage;
    Seat seat{stage.feed};
    Sender sender{*stage.video, 1, 100, 0};

    Running() {
        seat.viewer->on_connected(Stage::at(0));
        for (uint8_t i = 0; i < 10; ++i) {
            sender.frame({vp8(i == 0, i)}, ms(33 * i));
            seat.viewer->on_wake(Stage::at(ms(33 * i)));
        }
        g_assert_cmpuint(seat.video().size(), ==, 10);
    }
    uint16_t sequence_of(size_t index) { return seat.video()[index].rtp.sequence; }
};

void test_nack_by_rtx() {
    Running r;
    r.seat.nack(Stage::at(ms(400)), {r.sequence_of(3), r.sequence_of(5)});
    const auto repairs = r.seat.rtx();
    g_assert_cmpuint(repairs.size(), ==, 2);
    const Packet &first = repairs[0];
    g_assert_cmpuint(first.rtp.payload_type, ==, kVp8RtxType);
    g_assert_cmpuint(load_be16(first.rtp.payload.data()), ==, r.sequence_of(3)); // RFC 4588 §4
    g_assert_cmpuint(first.tag(), ==, 3);
    g_assert_cmpuint(first.rtp.timestamp, ==, r.seat.video()[3].rtp.timestamp);
    g_assert_cmpuint(repairs[1].rtp.sequence, ==, static_cast<uint16_t>(first.rtp.sequence + 1));
    g_assert_cmpuint(r.seat.counters->retransmitted.get(), ==, 2);
}

/// The same bytes again, whatever extensions were negotiated.
void test_nack_without_rtx() {
    Stage stage;
    Sender sender(*stage.video, 1, 100, 0);
    TrackSetup setup;
    setup.ssrc = kVideoSsrc;
    setup.extensions.abs_send_time_id = 3;
    setup[Codec::Vp8] = {kVp8Type};
    ViewerCounters counters;
    SendLog log(false);
    TrackSender track(setup, *stage.feed, log, counters);
    RecordingTransport transport;
    sender.frame({vp8(true, 1)}, 0);
    track.follow(stage.feed->video(0));
    track.pump(transport, Stage::at(0), {.max_packets = 32});
    track.resend(transport, transport.rtp.front().rtp.sequence, Stage::at(ms(50)));
    g_assert_cmpuint(transport.rtp.size(), ==, 2);
    g_assert_true(transport.rtp[0].bytes == transport.rtp[1].bytes);
}

/// abs-send-time in media and repair, each with its own time.
void test_send_time() {
    Stage stage;
    Sender sender(*stage.video, 1, 100, 0);
    TrackSetup setup;
    setup.ssrc = kVideoSsrc;
    setup.rtx_ssrc = kRtxSsrc;
    setup.extensions.abs_send_time_id = 3;
    setup[Codec::Vp8] = {kVp8Type, kVp8RtxType};
    ViewerCounters counters;
    SendLog log(false);
    TrackSender track(setup, *stage.feed, log, counters);
    RecordingTransport transport;
    Bytes largest = vp8(false, 9);
    largest.resize(kMaxPacketSize - kRtpFixedHeaderSize, 9);
    sender.frame({vp8(true, 1), largest}, 0);
    track.follow(stage.feed->video(0));
    track.pump(transport, 64 * kNsPerSecond + kNsPerSecond / 4, {.max_packets = 32}); // the 24 bits wrap every 64 s
    track.resend(transport, transport.rtp[0].rtp.sequence, 64 * kNsPerSecond + kNsPerSecond / 2);
    track.resend(transport, transport.rtp[1].rtp.sequence, 65 * kNsPerSecond);
    g_assert_cmpuint(transport.rtp.size(), ==, 4);
    const auto time = [&](size_t index) {
        const auto bytes = find_extension(transport.rtp[index].rtp, 3);
        return bytes.size() == 3 ? load_be24(bytes.data()) : UINT32_MAX;
    };
    g_assert_cmpuint(time(0), ==, (1u << 18) / 4);
    g_assert_cmpuint(time(2), ==, (1u << 18) / 2);
    g_assert_cmpuint(time(1), ==, UINT32_MAX); // no room
    g_assert_cmpuint(transport.rtp[2].rtp.ssrc, ==, kRtxSsrc);
    g_assert_true(transport.rtp[3].bytes == transport.rtp[1].bytes); // too large for RTX as well: as it was
}

void test_nack_refused() {
    Running r;
    const uint16_t known = r.sequence_of(5);
    r.seat.nack(Stage::at(ms(400)), {known});
    r.seat.nack(Stage::at(ms(401)), {known}); // within a round trip
    g_assert_cmpuint(r.seat.counters->nack_duplicate.get(), ==, 1);
    r.seat.nack(Stage::at(ms(450)), {known});
    g_assert_cmpuint(r.seat.rtx().size(), ==, 2);

    r.seat.nack(Stage::at(ms(500)), {static_cast<uint16_t>(known + 100)}); // never sent
    r.seat.nack(Stage::at(ms(500)), {static_cast<uint16_t>(known - 100)}); // before the first
    g_assert_cmpuint(r.seat.counters->nack_unknown.get(), ==, 2);
    r.seat.nack(Stage::at(ms(500)), {known}, 0xdeadbeef); // not our stream
    g_assert_cmpuint(r.seat.rtx().size(), ==, 2);
}

void test_nack_budget() {
    Stage stage;
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(0));
    Sender sender(*stage.video, 1, 100, 0);
    for (uint8_t i = 0; i < 60; ++i) {
        Bytes payload = vp8(i == 0, i);
        payload.resize(1200, i);
        sender.frame({payload}, ms(10 * i));
        seat.viewer->on_wake(Stage::at(ms(10 * i)));
    }
    std::vector<uint16_t> all;
    for (const Packet &packet : seat.video())
        all.push_back(packet.rtp.sequence);
    for (int round = 0; round < 10; ++round)
        seat.nack(Stage::at(ms(1000 + 100 * round)), all);
    const uint64_t sent = seat.counters->retransmitted.get();
    g_assert_cmpuint(sent, >=, 25);
    g_assert_cmpuint(sent, <=, 60); // a third of 72 KB and the first 32 KiB
    g_assert_cmpuint(sent + seat.counters->nack_over_budget.get(), ==, 600);
}

/// NACK for a packet of the segment before a jump.
void test_nack_over_a_switch() {
    Running r;
    const uint16_t old = r.sequence_of(9);
    r.stage.video->begin_source({Codec::H264, 90000, {}});
    Sender second(*r.stage.video, 9, 1, 0);
    second.frame({h264(5, 77)}, ms(500));
    r.seat.viewer->on_wake(Stage::at(ms(500)));
    r.seat.nack(Stage::at(ms(510)), {old, static_cast<uint16_t>(old + 1)});
    const auto repairs = r.seat.rtx();
    g_assert_cmpuint(repairs.size(), ==, 2);
    g_assert_cmpuint(repairs[0].rtp.payload_type, ==, kVp8RtxType);
    g_assert_cmpuint(repairs[1].rtp.payload_type, ==, kH264RtxType);
    g_assert_cmpuint(repairs[1].tag(), ==, 77);
}

/// All viewers' wishes, merged: at most one goes upstream per interval, and one that was not granted is repeated.
void test_keyframe_requests() {
    Running r;
    Seat other(r.stage.feed);
    other.viewer->on_connected(Stage::at(ms(330))); // starts from the ring: nobody is asked
    other.pli(Stage::at(ms(340)));                  // as Chromium does at its start
    g_assert_cmpuint(r.stage.requests.size(), ==, 0);

    r.seat.pli(Stage::at(ms(1000)));
    g_assert_cmpuint(r.stage.requests.size(), ==, 1);
    for (int i = 0; i < 100; ++i)
        other.pli(Stage::at(ms(1001 + i)));
    g_assert_cmpuint(r.stage.requests.size(), ==, 1);
    r.seat.run_until(Stage::at(ms(1400)));
    g_assert_cmpuint(r.stage.requests.size(), ==, 1);
    r.seat.run_until(Stage::at(ms(1600))); // no keyframe came
    g_assert_cmpuint(r.stage.requests.size(), ==, 2);

    r.sender.frame({vp8(true, 50)}, ms(1650));
    r.seat.viewer->on_wake(Stage::at(ms(1650)));
    other.viewer->on_wake(Stage::at(ms(1650)));
    r.seat.run_until(Stage::at(ms(5000)));
    other.run_until(Stage::at(ms(5000)));
    g_assert_cmpuint(r.stage.requests.size(), ==, 2);
}

/// A source that answers at once, a viewer that never has enough: the others' picture keeps its bits.
void test_keyframe_storm() {
    Running r;
    constexpr int kSeconds = 30;
    std::array<uint8_t, 64> bytes;
    size_t answered = 0;
    for (int64_t t = 1000; t < 1000 + kSeconds * 1000; ++t) {
        const TimeNs now = Stage::at(ms(t));
        r.seat.pli(now);
        const size_t size = write_fir(bytes, {.sender_ssrc = 1, .media_ssrc = kVideoSsrc, .sequence = uint8_t(t)});
        r.seat.viewer->on_rtcp(now, std::span(bytes).first(size));
        if (r.stage.requests.size() > answered) {
            answered = r.stage.requests.size();
            r.sender.frame({vp8(true, 0)}, ms(t));
        }
        r.seat.viewer->on_wake(now);
    }
    g_assert_cmpuint(answered, >=, kSeconds / 2); // it is served
    g_assert_cmpuint(answered, <=, 5 + kSeconds / 2 + 1);
}

/// No keyframe in the ring: a viewer that waits asks, and asks again.
void test_keyframe_for_a_start() {
    Stage stage(ms(500));
    Sender sender(*stage.video, 1, 100, 0);
    sender.frame({vp8(true, 0)}, 0);
    for (int i = 1; i < 40; ++i)
        sender.frame({vp8(false, static_cast<uint8_t>(i))}, ms(33 * i));
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(ms(1300)));
    g_assert_true(seat.video().empty());
    g_assert_cmpuint(stage.requests.size(), ==, 1);
    seat.run_until(Stage::at(ms(2400)));
    g_assert_cmpuint(stage.requests.size(), ==, 3);
    sender.frame({vp8(true, 99)}, ms(2400));
    seat.viewer->on_wake(Stage::at(ms(2400)));
    g_assert_cmpuint(seat.video().size(), ==, 1);
    g_assert_cmpuint(seat.video()[0].tag(), ==, 99);
}

struct Reports : RtcpVisitor {
    std::vector<SenderReport> reports;
    unsigned cnames = 0;
    void on_sender_report(const SenderReport &report) override { reports.push_back(report); }
    void on_cname(uint32_t, std::string_view cname) override { cnames += cname == "cname"; }
};

/// What an SR says of the sound and the picture of one instant is one NTP time, although both began at random numbers.
void test_sender_reports() {
    Stage stage;
    Sender video(*stage.video, 1, 100, 777), audio(*stage.audio, 2, 9, 0);
    video.frame({vp8(true, 0)}, 0);
    Seat seat(stage.feed);
    seat.viewer->on_connected(Stage::at(ms(5)));
    for (int i = 1; i <= 60; ++i) {
        const TimeNs pts = ms(20 * i);
        video.frame({vp8(false, 1)}, pts);
        audio.packet({0x78, 1}, pts, 960u * static_cast<uint32_t>(i), false, static_cast<uint16_t>(9 + i));
        seat.run_until(Stage::at(pts + ms(5)));
        seat.viewer->on_wake(Stage::at(pts + ms(5)));
    }
    Reports seen;
    g_assert_cmpuint(seat.transport.rtcp.size(), ==, 2); // at the start and after a second
    g_assert_true(parse_rtcp(seat.transport.rtcp.back(), seen));
    g_assert_cmpuint(seen.reports.size(), ==, 2);
    g_assert_cmpuint(seen.cnames, ==, 2);
    const SenderReport &v = seen.reports[0], &a = seen.reports[1];
    g_assert_cmpuint(v.ssrc, ==, kVideoSsrc);
    g_assert_cmpuint(a.ssrc, ==, kAudioSsrc);
    g_assert_cmpuint(v.ntp, ==, a.ntp);
    g_assert_cmpuint(v.ntp, ==, to_ntp(Stage::at(ms(1005))));
    g_assert_cmpuint(v.packet_count, ==, 50); // that with pts 1000 ms left just after the report
    g_assert_cmpuint(v.octet_count, ==, 50 * 5);
    // The packets with pts 1000 ms: 5 ms before the report's instant on either clock.
    const auto find = [](const std::vector<Packet> &packets, size_t index) { return packets[index].rtp.timestamp; };
    g_assert_cmpuint(v.rtp_timestamp - find(seat.video(), 50), ==, 5 * 90);
    g_assert_cmpuint(a.rtp_timestamp - find(seat.audio(), 49), ==, 5 * 48);
}

void test_receiver_report() {
    Running r;
    const ReportBlock block{.ssrc = kVideoSsrc,
                            .fraction_lost = 64,
                            .cumulative_lost = 7,
                            .jitter = 900, // 10 ms
                            .last_sr = static_cast<uint32_t>(to_ntp(Stage::at(ms(100))) >> 16),
                            .delay_since_last_sr = 65536 / 10}; // 100 ms
    std::array<uint8_t, 64> bytes;
    const size_t size = write_receiver_report(bytes, 1, {&block, 1});
    r.seat.viewer->on_rtcp(Stage::at(ms(250)), std::span(bytes).first(size));
    g_assert_cmpuint(r.seat.counters->fraction_lost.get(), ==, 64);
    g_assert_cmpint(std::abs(static_cast<int>(r.seat.counters->round_trip_us.get()) - 50000), <, 100);
    const ReceptionCounters &video = r.seat.counters->video_reception, &audio = r.seat.counters->audio_reception;
    g_assert_cmpuint(video.packets.get(), ==, 10);
    g_assert_cmpuint(video.lost.get(), ==, 7);
    g_assert_cmpuint(video.jitter_us.get(), ==, 10000);
    g_assert_cmpuint(video.round_trip_us.get(), ==, r.seat.counters->round_trip_us.get());
    g_assert_cmpuint(audio.packets.get() + audio.lost.get() + audio.round_trip_us.get(), ==, 0);
    // 50 ms of round trip: the same packet is not sent again within that.
    r.seat.nack(Stage::at(ms(300)), {r.sequence_of(2)});
    r.seat.nack(Stage::at(ms(340)), {r.sequence_of(2)});
    g_assert_cmpuint(r.seat.rtx().size(), ==, 1);
}

void test_hostile_feedback() {
    Running r;
    std::array<uint8_t, 64> bytes;
    const std::array<uint32_t, 1> ssrcs{kVideoSsrc};
    for (const uint64_t bps : {uint64_t{0}, uint64_t{1} << 62, UINT64_MAX}) {
        const size_t size = write_remb(bytes, 1, bps, ssrcs);
        r.seat.viewer->on_rtcp(Stage::at(ms(400)), std::span(bytes).first(size));
    }
    const Fir fir{.sender_ssrc = 1, .media_ssrc = kVideoSsrc, .sequence = 3};
    const size_t size = write_fir(bytes, fir);
    for (int i = 0; i < 1000; ++i)
        r.seat.viewer->on_rtcp(Stage::at(ms(1000)), std::span(bytes).first(size));
    g_assert_cmpuint(r.seat.counters->keyframe_requests.get(), ==, 1); // a repeated number is the same request
    for (size_t cut = 0; cut < size; ++cut)
        r.seat.viewer->on_rtcp(Stage::at(ms(1000)), std::span(bytes).first(cut));
    g_assert_cmpuint(r.stage.requests.size(), ==, 1);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/viewer/nack/by-rtx", test_nack_by_rtx);
    g_test_add_func("/viewer/nack/without-rtx", test_nack_without_rtx);
    g_test_add_func("/viewer/nack/refused", test_nack_refused);
    g_test_add_func("/viewer/send-time", test_send_time);
    g_test_add_func("/viewer/nack/budget", test_nack_budget);
    g_test_add_func("/viewer/nack/over-a-switch", test_nack_over_a_switch);
    g_test_add_func("/viewer/keyframe/requests", test_keyframe_requests);
    g_test_add_func("/viewer/keyframe/storm", test_keyframe_storm);
    g_test_add_func("/viewer/keyframe/for-a-start", test_keyframe_for_a_start);
    g_test_add_func("/viewer/sender-reports", test_sender_reports);
    g_test_add_func("/viewer/receiver-report", test_receiver_report);
    g_test_add_func("/viewer/hostile-feedback", test_hostile_feedback);
    return g_test_run();
}
