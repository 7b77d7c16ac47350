// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Capture times: one clock for sound and picture, whatever the network does.

#include "publish/capture_clock.h"

#include <glib.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

using namespace peerwire;

namespace {

constexpr TimeNs kStart = 1000 * kNsPerSecond;
constexpr TimeNs kRemoteStart = 3'900'000'000 * kNsPerSecond; // NTP of our days

struct Row {
    const char *name;
    int seconds;
    double drift_ppm;   ///< of the publisher's clock
    int jitter_ms;      ///< of the network, on top of the shortest delay
    int video_delay_ms; ///< encoding: picture arrives that much after sound
    int report_noise_ms;
    uint32_t first_timestamp;
    // expected, after the settling time
    int max_av_skew_ms;        ///< sound against picture captured at the same time
    double max_interval_error; ///< of the time between two frames, relative
};

const Row kRows[] = {
    {"quiet network", 30, 0, 0, 0, 0, 1000, 1, 0.001},
    {"encoder slower than sound", 30, 0, 0, 40, 0, 1000, 2, 0.02},
    {"jitter", 30, 0, 40, 30, 0, 1000, 3, 0.02},
    {"noisy reports", 60, 0, 20, 30, 3, 1000, 4, 0.02},
    {"drifting clock", 300, 200, 20, 30, 1, 1000, 4, 0.02},
    {"timestamps wrap", 60, 50, 20, 30, 1, 0xffffffffu - 500'000, 4, 0.02},
};

/// One stream of a publisher: frames at a constant interval.
struct Stream {
    uint32_t rate;
    double interval_s;
    TimeNs extra_delay;
    TimeNs report_every, first_report;
    uint32_t first_timestamp;
    StreamClock clock{rate};
    std::vector<TimeNs> true_times, captures;
    TimeNs next_report = first_report;
};

struct Frame {
    Stream *stream;
    TimeNs true_time, arrival;
    uint32_t timestamp;
};

void test_row(gconstpointer data) {
    const Row &row = *static_cast<const Row *>(data);
    std::mt19937 random(7);
    const auto noise = [&](int ms) {
        return ms ? static_cast<TimeNs>(random() % static_cast<unsigned>(ms * 1000)) * kNsPerUs : 0;
    };
    PublisherClock publisher;
    // Chromium: reports of pictures each second from 0.5 s on, of sound each 5 s from 2.5 s on.
    Stream audio{48000, 0.02, 0, 5 * kNsPerSecond, 2500 * kNsPerMs, row.first_timestamp};
    Stream video{90000, 1 / 30.0, row.video_delay_ms * kNsPerMs, kNsPerSecond, 500 * kNsPerMs, row.first_timestamp / 2};
    std::vector<Frame> frames;
    for (Stream *stream : {&audio, &video}) {
        TimeNs last_arrival = 0;
        for (int i = 0; i * stream->interval_s < row.seconds; ++i) {
            const auto media = static_cast<TimeNs>(i * stream->interval_s * 1e9);
            const auto ticks = static_cast<uint32_t>(std::llround(i * stream->interval_s * stream->rate));
            const auto true_time =
                kStart + static_cast<TimeNs>(static_cast<double>(media) * (1 - row.drift_ppm * 1e-6));
            last_arrival =
                std::max(last_arrival + 1, true_time + 5 * kNsPerMs + stream->extra_delay + noise(row.jitter_ms));
            frames.push_back({stream, true_time, last_arrival, stream->first_timestamp + ticks});
        }
    }
    std::sort(frames.begin(), frames.end(), [](const Frame &a, const Frame &b) { return a.arrival < b.arrival; });
    for (const Frame &frame : frames) {
        Stream &stream = *frame.stream;
        if (frame.true_time - kStart >= stream.next_report) {
            const auto media =
                static_cast<TimeNs>(static_cast<double>(frame.timestamp - stream.first_timestamp) / stream.rate * 1e9);
            stream.clock.on_sender_report(kRemoteStart + media + noise(row.report_noise_ms), frame.timestamp,
                                          publisher);
            stream.next_report += stream.report_every;
        }
        const TimeNs capture = stream.clock.capture_time(frame.arrival, frame.timestamp, publisher);
        g_assert_cmpint(capture, ==, stream.clock.capture_time(frame.arrival, frame.timestamp, publisher));
        if (!stream.captures.empty())
            g_assert_cmpint(capture, >, stream.captures.back());
        stream.true_times.push_back(frame.true_time);
        stream.captures.push_back(capture);
    }
    const TimeNs settled = kStart + 15 * kNsPerSecond;
    TimeNs worst_skew = 0;
    double worst_interval = 0;
    size_t a = 0;
    for (size_t v = 1; v < video.captures.size(); ++v) {
        if (video.true_times[v] < settled)
            continue;
        const double interval = static_cast<double>(video.captures[v] - video.captures[v - 1]) / 1e9;
        worst_interval = std::max(worst_interval, std::abs(interval / video.interval_s - 1));
        while (a + 1 < audio.true_times.size() && audio.true_times[a + 1] <= video.true_times[v])
            ++a;
        const TimeNs video_error = video.captures[v] - video.true_times[v];
        const TimeNs audio_error = audio.captures[a] - audio.true_times[a];
        worst_skew = std::max(worst_skew, static_cast<TimeNs>(std::abs(video_error - audio_error)));
    }
    g_test_message("skew %.2f ms, interval error %.4f", static_cast<double>(worst_skew) / 1e6, worst_interval);
    g_assert_cmpint(worst_skew, <=, row.max_av_skew_ms * kNsPerMs);
    g_assert_cmpfloat(worst_interval, <=, row.max_interval_error);
}

void test_before_reports_arrival_counts() {
    PublisherClock publisher;
    StreamClock clock(90000);
    const TimeNs first = clock.capture_time(kStart, 5000, publisher);
    g_assert_cmpint(first, ==, kStart);
    g_assert_cmpint(clock.capture_time(kStart + 70 * kNsPerMs, 5000 + 3000, publisher) / kNsPerMs, ==,
                    (kStart + 33 * kNsPerMs) / kNsPerMs); // 33 ms of media later, whatever the network did
}

// What a publisher kept until its connection was there comes at once; the time of what follows must not be late for it.
void test_a_burst_at_the_start() {
    PublisherClock publisher;
    StreamClock clock(90000);
    TimeNs last = 0;
    const auto take = [&](TimeNs arrival, uint32_t frame) {
        const TimeNs capture = clock.capture_time(arrival, 3000 * frame, publisher);
        g_assert_cmpint(capture, >, last);
        last = capture;
        return capture - arrival;
    };
    constexpr uint32_t kKept = 27; // 0.9 s
    for (uint32_t i = 0; i < kKept; ++i)
        take(kStart, i);
    clock.on_sender_report(kRemoteStart + kKept * kNsPerSecond / 30, 3000 * kKept, publisher);
    for (uint32_t i = kKept; i < kKept + 60; ++i) {
        const TimeNs ahead = take(kStart + (i - kKept + 1) * kNsPerSecond / 30, i);
        if (i > kKept + 10)
            g_assert_cmpint(ahead, <=, 5 * kNsPerMs);
    }
}

void test_a_frame_that_comes_late_stays_in_order() {
    PublisherClock publisher;
    StreamClock clock(48000);
    for (uint32_t i = 0; i <= 10; ++i) // a burst
        clock.capture_time(kStart, 960 * i, publisher);
    const TimeNs former = clock.capture_time(kStart, 960 * 10, publisher);
    const TimeNs next = clock.capture_time(kStart + 20 * kNsPerMs, 960 * 15, publisher);
    for (uint32_t i = 11; i < 15; ++i) {
        const TimeNs late = clock.capture_time(kStart + 40 * kNsPerMs, 960 * i, publisher);
        g_assert_cmpint(late, >=, former);
        g_assert_cmpint(late, <=, next);
    }
}

void test_late_packets_get_the_time_of_their_frame() {
    PublisherClock publisher;
    StreamClock clock(90000);
    std::vector<TimeNs> times;
    for (uint32_t i = 0; i < 20; ++i)
        times.push_back(clock.capture_time(kStart + i * 33 * kNsPerMs, 3000 * i, publisher));
    for (uint32_t i = 0; i < 20; ++i)
        g_assert_cmpint(clock.capture_time(kStart + 900 * kNsPerMs, 3000 * i, publisher), ==, times[i]);
}

void test_jumps_start_anew() {
    PublisherClock publisher;
    StreamClock clock(90000);
    clock.capture_time(kStart, 1000, publisher);
    const TimeNs jumped = clock.capture_time(kStart + kNsPerSecond, 1000 + 90000 * 60, publisher); // a minute ahead
    g_assert_cmpint(jumped, ==, kStart + kNsPerSecond);
    const TimeNs back = clock.capture_time(kStart + 2 * kNsPerSecond, 500, publisher);
    g_assert_cmpint(back, ==, kStart + 2 * kNsPerSecond);
}

// Some encoders report a wall clock of its own for each stream: then each goes by its arrivals.
void test_streams_with_unrelated_clocks() {
    PublisherClock publisher;
    StreamClock audio(48000), video(90000);
    for (int i = 0; i < 500; ++i) {
        const TimeNs now = kStart + i * 20 * kNsPerMs;
        if (i % 50 == 1) {
            audio.on_sender_report(kRemoteStart + i * 20 * kNsPerMs, 960 * static_cast<uint32_t>(i), publisher);
            video.on_sender_report(5000 * kNsPerSecond + i * 20 * kNsPerMs, 1800 * static_cast<uint32_t>(i), publisher);
        }
        for (const TimeNs capture : {audio.capture_time(now, 960 * static_cast<uint32_t>(i), publisher),
                                     video.capture_time(now, 1800 * static_cast<uint32_t>(i), publisher)})
            g_assert_cmpint(std::abs(capture - now), <=, kNsPerMs);
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/capture clock/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/capture clock/before reports", test_before_reports_arrival_counts);
    g_test_add_func("/capture clock/burst at the start", test_a_burst_at_the_start);
    g_test_add_func("/capture clock/late frames", test_a_frame_that_comes_late_stays_in_order);
    g_test_add_func("/capture clock/late packets", test_late_packets_get_the_time_of_their_frame);
    g_test_add_func("/capture clock/jumps", test_jumps_start_anew);
    g_test_add_func("/capture clock/unrelated clocks", test_streams_with_unrelated_clocks);
    return g_test_run();
}
