// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One feed, many viewers, each behind a path of its own with its own troubles. Everything but the network is real.

#include "fanout/sim_receiver.h"

#include "fanout/feed.h"
#include "fanout/track_writer.h"
#include "fanout/viewer.h"

#include <glib.h>

#include <memory>
#include <string_view>
#include <unordered_map>

using namespace peerwire;
using test::Dice;
using test::Link;
using test::LinkConfig;
using test::SimFrameMark;
using test::SimReceiver;

namespace {

constexpr uint32_t kSsrc = 0x11111111, kRtxSsrc = 0x22222222;
constexpr TimeNs kStart = 1000 * kNsPerSecond;
constexpr TimeNs kTick = 2 * kNsPerMs;
constexpr TimeNs kFrame = 33 * kNsPerMs;
constexpr uint32_t kFrames = 150, kTail = 15; // what is lost at the very end shows in no gap
constexpr uint32_t kFramesPerKey = 60;
constexpr size_t kPacketBytes = 100; // their number counts here, not their size

struct PathRow {
    const char *name;
    LinkConfig link;
    double worst_repairs; ///< per packet that was sent
};

const PathRow kPaths[] = {
    {"clean", {}, 0.0},
    {"one percent", {.loss = 0.01, .jitter = 5 * kNsPerMs}, 0.05},
    {"five percent and far", {.loss = 0.05, .delay = 80 * kNsPerMs, .jitter = 20 * kNsPerMs}, 0.25},
    {"overtaking", {.reorder = 0.02, .reorder_delay = 4 * kNsPerMs}, 0.02},
    {"overtaking by far, with loss", {.loss = 0.02, .reorder = 0.05, .reorder_delay = 40 * kNsPerMs}, 0.2},
    {"bursts", {.burst_begins = 0.004, .burst_goes_on = 0.8}, 0.15},
};

/// The shard's side: what is sent goes into the link, and no number may be used for two different packets (with
/// AES-GCM that gives away the key).
class SimTransport final : public Transport {
  public:
    explicit SimTransport(Link &link) : link_(link) {}
    std::span<uint8_t> reserve(size_t size) override {
        return size <= room_.size() ? std::span(room_).first(size) : std::span<uint8_t>();
    }
    void commit_rtp(size_t size) override {
        const auto packet = std::span<const uint8_t>(room_).first(size);
        const auto rtp = parse_rtp(packet);
        g_assert_true(rtp.has_value());
        const size_t hash = std::hash<std::string_view>()({reinterpret_cast<const char *>(packet.data()), size});
        const auto [found, fresh] = sent_.try_emplace(uint64_t{rtp->ssrc} << 16 | rtp->sequence, hash);
        g_assert_cmpuint(found->second, ==, hash);
        link_.send(now, packet);
    }
    void commit_rtcp(size_t size) override { link_.send(now, std::span<const uint8_t>(room_).first(size)); }
    void close(CloseReason) override {}

    TimeNs now = kStart;

  private:
    Link &link_;
    std::array<uint8_t, kMaxPacketSize> room_;
    std::unordered_map<uint64_t, size_t> sent_;
};

class SimSource {
  public:
    explicit SimSource(Feed &feed) : feed_(feed), writer_(feed.open_video(0)) {
        writer_.begin_source({Codec::Vp8, 90000, {}});
    }

    void write_frame(TimeNs now, bool wanted_key) {
        const bool key = wanted_key || frame_ % kFramesPerKey == 0;
        keys.push_back(key);
        const SimFrameMark mark{frame_++, 0, static_cast<uint8_t>(key ? 20 : 3)};
        for (uint8_t i = 0; i < mark.count; ++i) {
            std::vector<uint8_t> packet(kRtpFixedHeaderSize + kPacketBytes, 0x42);
            const bool last = i + 1 == mark.count;
            write_rtp_header(packet,
                             {last, 96, sequence_++, static_cast<uint32_t>((now - kStart) / kNsPerUs * 9 / 100), 7});
            uint8_t *payload = &packet[kRtpFixedHeaderSize];
            payload[0] = i == 0 ? 0x10 : 0x00;
            payload[1] = key ? 0x00 : 0x01;
            store_be32(payload + SimFrameMark::kAt, mark.frame);
            payload[SimFrameMark::kAt + 4] = i;
            payload[SimFrameMark::kAt + 5] = mark.count;
            feed_.observe(now, now - kStart);
            writer_.write(packet, now - kStart);
        }
    }

    std::vector<bool> keys; ///< by frame

  private:
    Feed &feed_;
    TrackWriter writer_;
    uint32_t frame_ = 0;
    uint16_t sequence_ = 65000;
};

struct SimPeer {
    SimPeer(std::shared_ptr<Feed> feed, const PathRow &row, uint64_t seed)
        : path(row), down(row.link, seed), up(row.link, ~seed), transport(down), receiver(kSsrc, kRtxSsrc) {
        ViewerSetup setup;
        setup.cname = "cname";
        setup.video.emplace();
        setup.video->ssrc = kSsrc;
        setup.video->rtx_ssrc = kRtxSsrc;
        setup.video->extensions = {
            .mid_id = 1, .abs_send_time_id = 2, .abs_capture_time_id = 3, .transport_cc_id = 4, .mid = "0"};
        (*setup.video)[Codec::Vp8] = {96, has_rtx(seed) ? uint8_t{97} : TrackSetup::kNoPayloadType};
        setup.video->first_sequence = static_cast<uint16_t>(seed * 4099);
        viewer = std::make_unique<Viewer>(std::move(feed), std::move(setup), counters);
        viewer->attach(transport);
    }

    static bool has_rtx(uint64_t seed) { return seed % 4 != 0; }

    void tick(TimeNs now, bool woken) {
        transport.now = now;
        if (woken)
            viewer->on_wake(now);
        while (viewer->next_timeout() <= now)
            viewer->on_timeout(now);
        down.deliver(now, [&](std::span<const uint8_t> packet) {
            const bool rtcp = packet[1] >= 192 && packet[1] <= 223;
            rtcp ? receiver.on_rtcp(now, packet) : receiver.on_rtp(now, packet);
        });
        receiver.poll(now, up);
        up.deliver(now, [&](std::span<const uint8_t> packet) { viewer->on_rtcp(now, packet); });
    }

    const PathRow &path;
    std::shared_ptr<ViewerCounters> counters = std::make_shared<ViewerCounters>();
    Link down, up;
    SimTransport transport;
    SimReceiver receiver;
    std::unique_ptr<Viewer> viewer;
};

class Simulation {
  public:
    Simulation() : feed_(make_feed()), source_(*feed_) {}

    void add(const PathRow &path, uint64_t seed) { peers_.push_back(std::make_unique<SimPeer>(feed_, path, seed)); }

    /// Viewers join in the first second, then come the frames, then the repairs of the last ones.
    void run() {
        TimeNs next_frame = kStart;
        size_t joined = 0;
        const TimeNs end = kStart + kFrames * kFrame + 2 * kNsPerSecond;
        for (TimeNs now = kStart; now < end; now += kTick) {
            const bool frame = now >= next_frame && source_.keys.size() < kFrames;
            if (frame) {
                source_.write_frame(now, std::exchange(key_wanted_, false));
                next_frame += kFrame;
            }
            const auto due = static_cast<size_t>((now - kStart) * TimeNs(peers_.size()) / kNsPerSecond) + 1;
            for (; joined < std::min(peers_.size(), due); ++joined)
                peers_[joined]->viewer->on_connected(now);
            for (size_t i = 0; i < joined; ++i)
                peers_[i]->tick(now, frame);
        }
    }

    void check() const {
        for (const auto &peer : peers_)
            check(*peer);
    }

    void report(const char *name) const {
        uint64_t sent = 0, repairs = 0, lost = 0, restarts = 0, asked = 0;
        for (const auto &peer : peers_) {
            sent += peer->counters->packets.get();
            repairs += peer->counters->retransmitted.get();
            lost += peer->down.lost();
            restarts += peer->receiver.restarts();
            asked += peer->receiver.asked();
        }
        g_test_message("%s: %zu viewers, %" G_GUINT64_FORMAT " packets, %" G_GUINT64_FORMAT " lost, %" G_GUINT64_FORMAT
                       " repairs, %" G_GUINT64_FORMAT " given up, %" G_GUINT64_FORMAT " keyframes asked for",
                       name, peers_.size(), sent, lost, repairs, restarts, asked);
    }

  private:
    std::shared_ptr<Feed> make_feed() {
        FeedConfig config;
        config.on_keyframe_wanted = [this](unsigned) { key_wanted_ = true; };
        return std::make_shared<Feed>(std::move(config));
    }

    uint32_t next_whole_key(const SimPeer &peer, uint32_t from) const {
        while (from < kFrames && !(source_.keys[from] && peer.receiver.is_whole(from)))
            ++from;
        return from;
    }

    /// From the first keyframe on every frame is whole; a hole only where the receiver gave up, to the next keyframe.
    void check(const SimPeer &peer) const {
        uint32_t frame = next_whole_key(peer, 0);
        g_assert_cmpuint(frame, <, kFrames / 2);
        unsigned holes = 0;
        while (frame < kFrames - kTail) {
            if (peer.receiver.is_whole(frame)) {
                ++frame;
                continue;
            }
            ++holes;
            frame = next_whole_key(peer, frame);
        }
        if (holes > peer.receiver.restarts())
            g_error("%s: %u holes that nobody gave up, of %u", peer.path.name, holes, peer.receiver.restarts());
        const auto packets = static_cast<double>(peer.counters->packets.get());
        g_assert_cmpfloat(static_cast<double>(peer.counters->retransmitted.get()), <=,
                          packets * peer.path.worst_repairs);
        g_assert_cmpuint(peer.counters->jumps.get(), ==, 0);
    }

    bool key_wanted_ = false;
    std::shared_ptr<Feed> feed_;
    SimSource source_;
    std::vector<std::unique_ptr<SimPeer>> peers_;
};

void test_path(gconstpointer data) {
    const auto &path = *static_cast<const PathRow *>(data);
    Simulation simulation;
    for (uint64_t seed = 1; seed <= 20; ++seed)
        simulation.add(path, seed);
    simulation.run();
    simulation.report(path.name);
    simulation.check();
}

void test_thousand() {
    Simulation simulation;
    for (uint64_t seed = 1; seed <= 1000; ++seed)
        simulation.add(kPaths[seed % std::size(kPaths)], 1'000'000 + seed);
    simulation.run();
    simulation.report("all paths");
    simulation.check();
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &path : kPaths)
        g_test_add_data_func((std::string("/link/") + path.name).c_str(), &path, test_path);
    g_test_add_func("/link/thousand", test_thousand);
    return g_test_run();
}
