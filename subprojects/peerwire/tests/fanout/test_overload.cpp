// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A shard with more to send than its core can: time passes with each packet that leaves. What is sent stays young, and
// what is left out are whole frames up to a keyframe.

#include "fanout/bench.h"

#include <glib.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

using namespace peerwire;
using namespace peerwire::test;

namespace {

constexpr unsigned kViewers = 20;
constexpr uint32_t kFramesPerSecond = 30, kFramesPerKey = 60;
constexpr unsigned kPackets = 4, kKeyPackets = 40; // more than leave in one burst
constexpr double kPacketsPerSecond =
    kFramesPerSecond * (kPackets + double{kKeyPackets - kPackets} / double{kFramesPerKey});

constexpr bool is_key(uint32_t frame) {
    return frame % kFramesPerKey == 0;
}
constexpr unsigned packets_of(uint32_t frame) {
    return is_key(frame) ? kKeyPackets : kPackets;
}
constexpr TimeNs pts_of(uint32_t frame) {
    return TimeNs{frame} * kNsPerSecond / kFramesPerSecond;
}

/// The source writes on a thread of its own: whatever is due is there at every turn.
class Source {
  public:
    void write_due(TimeNs now) {
        for (; Stage::at(pts_of(frame_)) <= now; ++frame_) {
            std::vector<Bytes> payloads;
            for (unsigned i = 0; i < packets_of(frame_); ++i) {
                const Bytes begin = i == 0 ? vp8(is_key(frame_), 0) : vp8_more(0);
                Bytes payload(40);
                std::copy(begin.begin(), begin.end(), payload.begin());
                store_be32(&payload[32], frame_);
                store_be32(&payload[36], i);
                payloads.push_back(std::move(payload));
            }
            sender_.frame(payloads, pts_of(frame_));
        }
    }
    uint32_t written() const { return frame_; }
    TimeNs next() const { return Stage::at(pts_of(frame_)); }
    const std::shared_ptr<Feed> &feed() const { return stage_.feed; }

  private:
    Stage stage_;
    Sender sender_{*stage_.video, 1, 100, 0};
    uint32_t frame_ = 0;
};

struct Core {
    TimeNs now = Stage::kStart;
    TimeNs cost = 0; ///< of a packet
};

/// Looks at what leaves, and makes time pass.
class CostlyTransport final : public Transport {
  public:
    explicit CostlyTransport(Core &core) : core_(core) {}

    std::span<uint8_t> reserve(size_t size) override { return std::span(room_).first(size); }
    void commit_rtp(size_t size) override {
        core_.now += core_.cost;
        const auto rtp = parse_rtp(std::span<const uint8_t>(room_).first(size));
        g_assert_true(rtp.has_value());
        if (rtp->ssrc == kVideoSsrc)
            look_at(*rtp);
    }
    void commit_rtcp(size_t) override { core_.now += core_.cost; }
    bool busy() const override { return true; }
    void close(CloseReason) override {}

    uint32_t frame = 0, frames = 0, left_out = 0;
    uint32_t cut = 0;  ///< frames that the ring lost before they had left, and a number is missing
    TimeNs oldest = 0; ///< age of a packet when it left

  private:
    void look_at(const RtpView &rtp) {
        const uint32_t number = load_be32(&rtp.payload[32]);
        const unsigned index = load_be32(&rtp.payload[36]);
        oldest = std::max(oldest, core_.now - Stage::at(pts_of(number)));
        if (index > 0) {
            g_assert_cmpuint(number, ==, frame);
            g_assert_cmpuint(index, ==, index_ + 1);
        } else if (frames > 0) {
            const bool whole = index_ + 1 == packets_of(frame);
            g_assert_true(number == frame + 1 || is_key(number));
            g_assert_cmpuint(rtp.sequence, ==, static_cast<uint16_t>(sequence_ + (whole ? 1 : 2)));
            cut += whole ? 0 : 1;
            left_out += number - frame - 1;
        }
        frames += index == 0 ? 1 : 0;
        frame = number;
        index_ = index;
        sequence_ = rtp.sequence;
    }

    Core &core_;
    std::array<uint8_t, kMaxPacketSize> room_;
    unsigned index_ = 0;
    uint16_t sequence_ = 0;
};

struct Spectator {
    Spectator(const std::shared_ptr<Feed> &feed, Core &core) : transport(core) {
        ViewerSetup setup;
        setup.cname = "cname";
        setup.video.emplace();
        setup.video->ssrc = kVideoSsrc;
        setup.video->rtx_ssrc = kRtxSsrc;
        (*setup.video)[Codec::Vp8] = {kVp8Type, kVp8RtxType};
        viewer = std::make_unique<Viewer>(feed, std::move(setup), counters);
        viewer->attach(transport);
    }

    std::shared_ptr<ViewerCounters> counters = std::make_shared<ViewerCounters>();
    CostlyTransport transport;
    std::unique_ptr<Viewer> viewer;
};

/// Rounds of the shard's loop: all viewers when there is something new, then the timers that were due.
class Shop {
  public:
    Shop() {
        source_.write_due(core_.now);
        for (unsigned i = 0; i < kViewers; ++i) {
            viewers.push_back(std::make_unique<Spectator>(source_.feed(), core_));
            viewers.back()->viewer->on_connected(core_.now);
        }
    }

    /// `load`: what there is to send, in cores.
    void run(double load, TimeNs duration) {
        core_.cost = static_cast<TimeNs>(load * kNsPerSecond / (kViewers * kPacketsPerSecond));
        for (const TimeNs end = core_.now + duration; core_.now < end;) {
            const bool woke = wake_all(), ran = run_timers();
            const bool worked = woke || ran;
            if (!worked)
                core_.now = std::max(core_.now, std::min(source_.next(), next_timeout()));
        }
    }

    uint32_t written() const { return source_.written(); }
    TimeNs oldest() const {
        TimeNs oldest = 0;
        for (const auto &spectator : viewers)
            oldest = std::max(oldest, spectator->transport.oldest);
        return oldest;
    }
    void forget_oldest() {
        for (const auto &spectator : viewers)
            spectator->transport.oldest = 0;
    }

    std::vector<std::unique_ptr<Spectator>> viewers;

  private:
    bool wake_all() {
        source_.write_due(core_.now);
        if (std::exchange(woken_for_, source_.written()) == source_.written())
            return false;
        for (const auto &spectator : viewers) {
            spectator->viewer->on_wake(core_.now);
            source_.write_due(core_.now);
        }
        return true;
    }

    bool run_timers() {
        const TimeNs due = core_.now;
        bool any = false;
        for (const auto &spectator : viewers) {
            if (spectator->viewer->next_timeout() > due)
                continue;
            spectator->viewer->on_timeout(core_.now);
            source_.write_due(core_.now);
            any = true;
        }
        return any;
    }

    TimeNs next_timeout() const {
        TimeNs next = kNever;
        for (const auto &spectator : viewers)
            next = std::min(next, spectator->viewer->next_timeout());
        return next;
    }

    Core core_;
    Source source_;
    uint32_t woken_for_ = 0;
};

void test_enough() {
    Shop shop;
    shop.run(0.7, 20 * kNsPerSecond);
    g_test_message("oldest %.0f ms", double(shop.oldest()) / kNsPerMs);
    g_assert_cmpint(shop.oldest(), <, 500 * kNsPerMs);
    for (const auto &spectator : shop.viewers) {
        g_assert_cmpuint(spectator->counters->jumps.get(), ==, 0);
        g_assert_cmpuint(spectator->transport.left_out, ==, 0);
        g_assert_cmpuint(spectator->transport.frames, >=, shop.written() - 2);
    }
}

/// `load` in cores: what does not fit is left out, the rest is on time within bounds, for everybody alike.
void test_too_much(gconstpointer data) {
    const double load = *static_cast<const double *>(data);
    Shop shop;
    shop.run(load, 20 * kNsPerSecond);
    const TimeNs first = shop.oldest();
    shop.forget_oldest();
    shop.run(load, 40 * kNsPerSecond);
    g_test_message("%.1f cores of work: oldest %.0f ms, later %.0f ms", load, double(first) / kNsPerMs,
                   double(shop.oldest()) / kNsPerMs);
    g_assert_cmpint(shop.oldest(), <, 3 * kNsPerSecond + 100 * kNsPerMs); // no older than the ring keeps
    uint32_t fewest = UINT32_MAX, most = 0, cut = 0;
    for (const auto &spectator : shop.viewers) {
        g_assert_cmpuint(spectator->counters->jumps.get(), >, 0);
        g_assert_cmpuint(spectator->transport.left_out, >, 0);
        fewest = std::min(fewest, spectator->transport.frames);
        most = std::max(most, spectator->transport.frames);
        cut += spectator->transport.cut;
    }
    g_test_message("%u to %u of %u frames, %u cut", fewest, most, shop.written(), cut);
    if (load <= 2) // beyond, a large keyframe takes longer than the ring remembers
        g_assert_cmpuint(cut, ==, 0);
    g_assert_cmpuint(fewest, >, static_cast<uint32_t>(0.4 * shop.written() / load));
    g_assert_cmpuint(most - fewest, <, shop.written() / 10);

    shop.run(0.5, 5 * kNsPerSecond); // it passes, and so does the lag
    shop.forget_oldest();
    shop.run(0.5, 5 * kNsPerSecond);
    g_assert_cmpint(shop.oldest(), <, 300 * kNsPerMs);
}

constexpr double kLoads[] = {1.2, 2.0, 5.0};

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/overload/enough", test_enough);
    for (const double &load : kLoads)
        g_test_add_data_func(("/overload/" + std::to_string(load).substr(0, 3)).c_str(), &load, test_too_much);
    return g_test_run();
}
