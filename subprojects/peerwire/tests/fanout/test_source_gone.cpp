// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A source that goes away for a while, and another one in its place.

#include "bench.h"

using namespace peerwire;
using namespace peerwire::test;

namespace {

constexpr TimeNs kLast = ms(1000), kReturn = ms(11'000);

struct Reports : RtcpVisitor {
    std::vector<SenderReport> reports;
    void on_sender_report(const SenderReport &report) override { reports.push_back(report); }
};

/// A viewer that has seen a second of picture and sound when both end.
struct Gone {
    Gone() {
        Sender picture(*stage.video, 1, 100, 777);
        seat.viewer->on_connected(Stage::at(0));
        for (TimeNs pts = 0; pts <= kLast; pts += ms(20)) {
            picture.frame({vp8(pts == 0, 1)}, pts);
            sound(2, 40'000, 5, pts);
            wake(pts);
        }
    }

    /// One packet of a sound whose own numbers and timestamps begin somewhere.
    void sound(uint32_t ssrc, uint32_t first_timestamp, uint16_t first_sequence, TimeNs pts) {
        Bytes bytes(kRtpFixedHeaderSize);
        RtpHeader header;
        header.payload_type = 100;
        header.ssrc = ssrc;
        header.sequence = static_cast<uint16_t>(first_sequence + pts / ms(20));
        header.timestamp = first_timestamp + static_cast<uint32_t>(pts / kNsPerMs * 48);
        write_rtp_header(bytes, header);
        bytes.insert(bytes.end(), {0x78, 1});
        stage.audio->write(bytes, pts);
    }
    void wake(TimeNs pts) {
        seat.run_until(Stage::at(pts));
        seat.viewer->on_wake(Stage::at(pts));
    }
    std::vector<SenderReport> newest_reports() const {
        Reports seen;
        g_assert_true(parse_rtcp(seat.transport.rtcp.back(), seen));
        return seen.reports;
    }

    Stage stage;
    Seat seat{stage.feed};
};

/// Nothing is sent but reports, whose clocks go on.
void test_reports_go_on() {
    Gone gone;
    const size_t packets = gone.seat.transport.rtp.size(), reports = gone.seat.transport.rtcp.size();
    const uint32_t picture = gone.seat.video().back().rtp.timestamp, sound = gone.seat.audio().back().rtp.timestamp;
    gone.seat.run_until(Stage::at(kReturn));
    g_assert_cmpuint(gone.seat.transport.rtp.size(), ==, packets);
    g_assert_cmpuint(gone.seat.transport.rtcp.size(), ==, reports + 10);
    const auto seen = gone.newest_reports();
    g_assert_cmpuint(seen.size(), ==, 2);
    g_assert_cmpuint(seen[0].ntp, ==, to_ntp(Stage::at(kReturn)));
    g_assert_cmpuint(seen[0].rtp_timestamp - picture, ==, 10'000 * 90);
    g_assert_cmpuint(seen[1].rtp_timestamp - sound, ==, 10'000 * 48);
    g_assert_true(gone.stage.requests.empty());
}

/// Whoever is missing a picture asks, but nobody is there to be asked.
void test_nothing_asked_in_vain() {
    Gone gone;
    gone.stage.feed->set_silent(0, true);
    for (TimeNs pts = kLast + ms(500); pts < kReturn; pts += ms(100)) {
        gone.seat.pli(Stage::at(pts));
        gone.seat.run_until(Stage::at(pts));
    }
    g_assert_true(gone.stage.requests.empty());
    g_assert_cmpuint(gone.stage.feed->keyframe_requests(), ==, 0);
    gone.stage.feed->set_silent(0, false); // somebody is back: the wish stands
    gone.seat.run_until(Stage::at(kReturn + ms(500)));
    g_assert_cmpuint(gone.stage.requests.size(), >, 0);
}

/// Another SSRC, another codec, other numbers and timestamps: the viewer's streams go on, by one and by the time that
/// passed, and sound and picture stay in step.
void test_another_source() {
    Gone gone;
    const RtpView last_picture = gone.seat.video().back().rtp, last_sound = gone.seat.audio().back().rtp;
    gone.stage.video->begin_source({Codec::H264, 90000, {}});
    Sender picture(*gone.stage.video, 7, 60'000, 123'456'789);
    picture.frame({h264(1, 50)}, kReturn - ms(20)); // waits for its keyframe
    gone.wake(kReturn - ms(20));
    g_assert_cmpuint(gone.seat.video().back().rtp.sequence, ==, last_picture.sequence);
    picture.frame({h264(7, 51), h264(5, 52)}, kReturn);
    gone.sound(8, 3'000'000'000, 1, kReturn);
    gone.wake(kReturn);

    const auto video = gone.seat.video();
    const RtpView first = video[video.size() - 2].rtp, sound = gone.seat.audio().back().rtp;
    g_assert_cmpuint(first.payload_type, ==, kH264Type);
    g_assert_cmpuint(first.sequence, ==, static_cast<uint16_t>(last_picture.sequence + 1));
    g_assert_cmpuint(first.timestamp - last_picture.timestamp, ==, 10'000 * 90);
    g_assert_cmpuint(sound.sequence, ==, static_cast<uint16_t>(last_sound.sequence + 1));
    g_assert_cmpuint(sound.timestamp - last_sound.timestamp, ==, 10'000 * 48);

    gone.seat.run_until(Stage::at(kReturn + ms(1000)));
    const auto seen = gone.newest_reports();
    const TimeNs since = static_cast<TimeNs>(seen[0].ntp - to_ntp(Stage::at(kReturn))) * kNsPerSecond >> 32;
    g_assert_cmpuint(seen[0].rtp_timestamp - first.timestamp, ==, since * 90 / kNsPerMs);
    g_assert_cmpuint(seen[1].rtp_timestamp - sound.timestamp, ==, since * 48 / kNsPerMs);
}

/// Who comes while nobody sends sees the last picture.
void test_a_viewer_comes_meanwhile() {
    Gone gone;
    gone.stage.feed->set_silent(0, true);
    Seat late(gone.stage.feed);
    late.viewer->on_connected(Stage::at(ms(6000)));
    late.run_until(Stage::at(ms(6100)));
    g_assert_cmpuint(late.video().size(), ==, 51);
    g_assert_true(gone.stage.requests.empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/source-gone/reports-go-on", test_reports_go_on);
    g_test_add_func("/source-gone/nothing-asked-in-vain", test_nothing_asked_in_vain);
    g_test_add_func("/source-gone/another-source", test_another_source);
    g_test_add_func("/source-gone/a-viewer-comes-meanwhile", test_a_viewer_comes_meanwhile);
    return g_test_run();
}
