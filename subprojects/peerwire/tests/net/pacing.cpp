// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A large keyframe on a shard of many viewers: each gets it in bursts with pauses, and between two bursts of one all
// others have had theirs. ROSTRUM_CROWD=1000 makes it as large as the real thing.

#include "fanout/track_writer.h"
#include "fanout/viewer.h"
#include "net/clock.h"
#include "net/server.h"
#include "support/loopback_peer.h"
#include "wire/rtp.h"

#include <glib.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <vector>

using namespace peerwire;
using test::Bytes;
using test::LoopbackPeer;

namespace {

constexpr unsigned kKeyframePackets = 60;
constexpr unsigned kBurst = 32; // packets
constexpr TimeNs kBurstPause = 2 * kNsPerMs;

/// When each packet of each viewer was given to the socket. Written by the shard's thread.
struct Journal {
    struct Entry {
        TimeNs time;
        unsigned viewer;
    };
    std::vector<Entry> entries;
    std::atomic<size_t> count{0};
};

/// A viewer whose packets are noted on their way.
class Noted final : public MediaEndpoint, private Transport {
  public:
    Noted(Journal &journal, unsigned number, std::unique_ptr<Viewer> viewer, std::atomic<unsigned> &connected)
        : journal_(journal), number_(number), viewer_(std::move(viewer)), connected_(connected) {}

    void attach(Transport &transport) override {
        transport_ = &transport;
        viewer_->attach(*this);
    }
    void on_connected(TimeNs now) override {
        ++connected_;
        viewer_->on_connected(now);
    }
    void on_rtp(TimeNs, std::span<const uint8_t>) override {}
    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) override { viewer_->on_rtcp(now, compound); }
    void on_wake(TimeNs now) override { viewer_->on_wake(now); }
    TimeNs next_timeout() const override { return viewer_->next_timeout(); }
    void on_timeout(TimeNs now) override { viewer_->on_timeout(now); }
    void on_closed(TimeNs now, CloseReason reason) override { viewer_->on_closed(now, reason); }

  private:
    std::span<uint8_t> reserve(size_t size) override { return transport_->reserve(size); }
    void commit_rtp(size_t size) override {
        transport_->commit_rtp(size);
        journal_.entries.push_back({monotonic_now(), number_});
        ++journal_.count;
    }
    void commit_rtcp(size_t size) override { transport_->commit_rtcp(size); }
    bool busy() const override { return transport_->busy(); }
    void close(CloseReason reason) override { transport_->close(reason); }

    Journal &journal_;
    const unsigned number_;
    const std::unique_ptr<Viewer> viewer_;
    std::atomic<unsigned> &connected_;
    Transport *transport_ = nullptr;
};

unsigned crowd_size() {
    const char *wanted = std::getenv("ROSTRUM_CROWD");
    return wanted ? static_cast<unsigned>(std::atoi(wanted)) : 100;
}

std::unique_ptr<Viewer> make_viewer(const std::shared_ptr<Feed> &feed) {
    ViewerSetup setup;
    setup.cname = "cname";
    setup.video.emplace();
    setup.video->ssrc = 0x1111;
    setup.video->rtx_ssrc = 0x2222;
    (*setup.video)[Codec::Vp8] = {96, 97};
    return std::make_unique<Viewer>(feed, std::move(setup), std::make_shared<ViewerCounters>());
}

void write_keyframe(Feed &feed, TrackWriter &writer) {
    for (unsigned i = 0; i < kKeyframePackets; ++i) {
        Bytes packet(kRtpFixedHeaderSize + 1100, 0x42);
        write_rtp_header(packet, {i + 1 == kKeyframePackets, 96, static_cast<uint16_t>(i), 0, 7});
        packet[kRtpFixedHeaderSize] = i == 0 ? 0x10 : 0x00; // VP8 descriptor: first packet of the frame
        packet[kRtpFixedHeaderSize + 1] = 0;                // a keyframe
        feed.observe(monotonic_now(), 0);
        writer.write(packet, 0);
    }
}

/// The bursts in the order in which they were sent.
struct Burst {
    unsigned viewer;
    TimeNs begins, ends;
    unsigned packets = 0;
};

std::vector<Burst> bursts_of(const Journal &journal) {
    std::vector<Burst> bursts;
    for (const auto &entry : journal.entries) {
        if (bursts.empty() || bursts.back().viewer != entry.viewer)
            bursts.push_back({entry.viewer, entry.time, entry.time});
        ++bursts.back().packets;
        bursts.back().ends = entry.time;
    }
    return bursts;
}

void test_keyframe() {
    const unsigned count = crowd_size();
    auto feed = std::make_shared<Feed>(FeedConfig{});
    TrackWriter writer(feed->open_video(0));
    writer.begin_source({Codec::Vp8, 90000, {}});
    Journal journal;
    std::atomic<unsigned> connected{0};
    std::vector<std::unique_ptr<LoopbackPeer>> crowd;
    std::vector<LoopbackPeer *> everybody;
    auto server = Server::create({}).value();
    for (unsigned i = 0; i < count; ++i) {
        crowd.push_back(std::make_unique<LoopbackPeer>());
        everybody.push_back(crowd.back().get());
        auto setup = crowd.back()->peer.setup();
        setup.endpoint = std::make_unique<Noted>(journal, i, make_viewer(feed), connected);
        setup.connect_timeout = 60 * kNsPerSecond;
        crowd.back()->aim(server->add_peer(std::move(setup)).value());
    }
    test::run_all_until(
        everybody, [&] { return connected == count; }, 60'000);

    write_keyframe(*feed, writer);
    server->wake();
    test::run_all_until(
        everybody, [&] { return journal.count == size_t{count} * kKeyframePackets; }, 60'000);
    server.reset(); // the journal is complete

    std::vector<TimeNs> last(count, 0);
    std::vector<unsigned> turns(count, 0);
    for (const auto &burst : bursts_of(journal)) {
        g_assert_cmpuint(burst.packets, <=, kBurst);
        g_assert_cmpint(burst.begins - last[burst.viewer], >=, kBurstPause);
        last[burst.viewer] = burst.begins;
        ++turns[burst.viewer];
        // Nobody is a burst ahead of somebody who waits.
        g_assert_cmpuint(turns[burst.viewer], <=, *std::min_element(turns.begin(), turns.end()) + 1);
    }
    for (const unsigned had : turns)
        g_assert_cmpuint(had, ==, 2);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/pacing/keyframe", test_keyframe);
    return g_test_run();
}
