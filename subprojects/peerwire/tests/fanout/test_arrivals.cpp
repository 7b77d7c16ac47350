// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a path carries is found from when packets arrived at its end.

#include "fanout/arrival_estimate.h"
#include "wire/twcc.h"

#include <glib.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <string>

using namespace peerwire;

namespace {

constexpr TimeNs kStart = 1000 * kNsPerSecond + 12'345'678;
constexpr TimeNs kTick = 1'003'001; // no multiple of what SentPackets keeps of a time
constexpr TimeNs kFrame = 40 * kNsPerMs, kFeedback = 62 * kNsPerMs, kDelay = 20 * kNsPerMs;
constexpr size_t kBytes = 1200;

struct Arriving {
    uint16_t number;
    TimeNs at;
};

/// Packets through a line with a queue; its receiver reports on what comes.
class Path {
  public:
    /// `frame`: what comes in that time leaves together.
    explicit Path(TimeNs frame = kFrame) : frame_(frame) {}

    void run(TimeNs duration, uint64_t sent_bps, uint64_t line_bps, TimeNs queue) {
        for (const TimeNs end = now_ + duration; now_ < end; now_ += kTick) {
            if (now_ >= next_frame_) {
                next_frame_ += frame_;
                send_frame(sent_bps, line_bps, queue);
            }
            for (; !arriving_.empty() && arriving_.front().at <= now_; arriving_.pop_front())
                receiver_.on_packet(arriving_.front().number, arriving_.front().at);
            if (now_ >= next_feedback_)
                report();
        }
    }

    uint64_t estimate_bps() const { return estimate_bps_; }
    uint32_t packets() const { return packets_; }
    uint32_t lost() const { return lost_; }

  private:
    void send_frame(uint64_t sent_bps, uint64_t line_bps, TimeNs queue) {
        for (due_ += sent_bps * static_cast<uint64_t>(frame_ / kNsPerUs) / 8'000'000; due_ >= kBytes; due_ -= kBytes) {
            sent_.add(++number_, now_, kBytes);
            const TimeNs begins = std::max(line_free_, now_);
            if (begins - now_ > queue)
                continue;
            line_free_ = begins + static_cast<TimeNs>(kBytes * 8 * 1'000'000 / line_bps) * kNsPerUs;
            arriving_.push_back({number_, line_free_ + kDelay});
        }
    }

    void report() {
        next_feedback_ = now_ + kFeedback;
        std::array<uint8_t, 1200> bytes;
        const size_t size = receiver_.write(bytes, 1, 2);
        struct Reader : RtcpVisitor {
            void on_transport_cc(const TransportCc &feedback) override {
                const auto result = path->estimate_.on_feedback(path->now_, feedback, path->sent_);
                path->estimate_bps_ = result.bps;
                path->packets_ += result.packets;
                path->lost_ += result.lost;
            }
            Path *path;
        } reader;
        reader.path = this;
        parse_rtcp(std::span(bytes).first(size), reader);
    }

    const TimeNs frame_;
    uint64_t due_ = 0; // bytes
    TimeNs now_ = kStart, next_frame_ = kStart, next_feedback_ = kStart + kFeedback, line_free_ = 0;
    uint16_t number_ = 65000; // wraps
    SentPackets sent_;
    std::deque<Arriving> arriving_;
    TwccBuilder receiver_;
    ArrivalEstimate estimate_;
    uint64_t estimate_bps_ = 0;
    uint32_t packets_ = 0, lost_ = 0;
};

struct Row {
    const char *name;
    uint64_t sent_kbps, line_kbps; ///< after two seconds on a wide path
    TimeNs duration_ms;
    uint64_t least_kbps, most_kbps; ///< that are found
    TimeNs frame = kFrame;
};

const Row kRows[] = {
    {"wide", 1440, 100'000, 2000, 1600, 2200},
    {"just enough: the bursts of frames spread", 1440, 1700, 2000, 1100, 2200},
    {"half", 1440, 800, 700, 300, 800},
    {"a quarter", 1440, 400, 700, 150, 400},
    {"fast and full", 9600, 6400, 700, 3000, 6400},
    {"one by one", 1440, 800, 700, 300, 800, 2 * kNsPerMs},
};

void test_row(gconstpointer data) {
    const auto &row = *static_cast<const Row *>(data);
    Path path(row.frame);
    path.run(2 * kNsPerSecond, row.sent_kbps * 1000, 100'000'000, kNsPerSecond);
    g_assert_cmpuint(path.estimate_bps(), >=, row.sent_kbps * 1000 * 9 / 10);
    path.run(row.duration_ms * kNsPerMs, row.sent_kbps * 1000, row.line_kbps * 1000, kNsPerSecond);
    g_test_message("%s: %u kbit/s", row.name, static_cast<unsigned>(path.estimate_bps() / 1000));
    g_assert_cmpuint(path.estimate_bps(), >=, row.least_kbps * 1000);
    g_assert_cmpuint(path.estimate_bps(), <=, row.most_kbps * 1000);
    g_assert_cmpuint(path.lost(), ==, 0);
}

/// Half of what was sent overflows a short queue: it is told as lost, each packet once.
void test_losses() {
    Path path;
    path.run(2 * kNsPerSecond, 1'440'000, 100'000'000, kNsPerSecond);
    g_assert_cmpuint(path.lost(), ==, 0);
    const uint32_t before = path.packets();
    path.run(2 * kNsPerSecond, 1'440'000, 720'000, 50 * kNsPerMs);
    const double share = path.lost() / static_cast<double>(path.packets() - before);
    g_assert_cmpfloat(share, >, 0.4);
    g_assert_cmpfloat(share, <, 0.55);
    g_assert_cmpuint(path.packets() - before, <=, 310); // of 300
}

/// What left in order is found in order, whenever it is asked for.
void test_order() {
    SentPackets sent;
    TimeNs before = 0;
    for (uint16_t number = 0; number < 400; ++number)
        sent.add(number, kStart + number * TimeNs{777}, kBytes);
    for (uint16_t number = 0; number < 400; ++number) {
        const auto packet = sent.take(number, kStart + kNsPerSecond + (400 - number) * TimeNs{1234});
        g_assert_true(packet.has_value());
        g_assert_cmpint(packet->sent, >=, before);
        g_assert_cmpint(std::abs(packet->sent - (kStart + number * TimeNs{777})), <, 10 * kNsPerUs);
        before = packet->sent;
    }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const Row &row : kRows)
        g_test_add_data_func((std::string("/arrivals/") + row.name).c_str(), &row, test_row);
    g_test_add_func("/arrivals/losses", test_losses);
    g_test_add_func("/arrivals/order", test_order);
    return g_test_run();
}
