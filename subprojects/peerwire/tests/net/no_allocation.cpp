// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A shard at work allocates nothing: neither by new nor in OpenSSL. Media, reports, NACKs and their answers, checks.

#include "net/server.h"

#include "fanout/track_writer.h"
#include "fanout/viewer.h"
#include "net/clock.h"
#include "net/counting.h"
#include "support/loopback_peer.h"
#include "wire/bytes.h"
#include "wire/rtp.h"

#include <glib.h>

#include <memory>
#include <vector>

using namespace peerwire;
using test::Bytes;
using test::LoopbackPeer;

namespace {

constexpr uint32_t kVideo = 0x1111, kRtx = 0x2222, kAudio = 0x3333;
constexpr TimeNs kFrame = 33 * kNsPerMs;
constexpr unsigned kKeyframeEvery = 60, kPackets = 4, kKeyframePackets = 50; // more than leave at once

/// A viewer that marks its shard's thread.
class Marked final : public MediaEndpoint {
  public:
    explicit Marked(std::unique_ptr<Viewer> viewer) : viewer_(std::move(viewer)) {}
    void attach(Transport &transport) override { viewer_->attach(transport); }
    void on_connected(TimeNs now) override { viewer_->on_connected(now); }
    void on_rtp(TimeNs now, std::span<const uint8_t> packet) override { viewer_->on_rtp(now, packet); }
    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) override { viewer_->on_rtcp(now, compound); }
    void on_wake(TimeNs now) override {
        test::thread_is_marked = true;
        viewer_->on_wake(now);
    }
    TimeNs next_timeout() const override { return viewer_->next_timeout(); }
    void on_timeout(TimeNs now) override { viewer_->on_timeout(now); }
    void on_closed(TimeNs now, CloseReason reason) override { viewer_->on_closed(now, reason); }
    void prefetch() const override { viewer_->prefetch(); }

  private:
    const std::unique_ptr<Viewer> viewer_;
};

struct Broadcast {
    std::shared_ptr<Feed> feed = std::make_shared<Feed>(FeedConfig{});
    TrackWriter video{feed->open_video(0)}, audio{feed->audio()};
    std::unique_ptr<Server> server = Server::create({}).value();
    uint32_t frames = 0, video_packets = 0;
    uint16_t sequence = 0;

    Broadcast() {
        video.begin_source({Codec::H264, 90000, {}});
        audio.begin_source({Codec::Opus, 48000, {}});
    }

    std::unique_ptr<MediaEndpoint> viewer(std::shared_ptr<ViewerCounters> counters, bool transport_cc) const {
        ViewerSetup setup;
        setup.cname = "cname";
        for (auto *track : {&setup.video, &setup.audio}) {
            track->emplace();
            (*track)->extensions.mid_id = 1;
            (*track)->extensions.mid = "0";
            (*track)->extensions.abs_send_time_id = 2;
            (*track)->extensions.abs_capture_time_id = 3;
            (*track)->extensions.transport_cc_id = transport_cc ? 4 : 0;
        }
        setup.video->ssrc = kVideo;
        setup.video->rtx_ssrc = kRtx;
        (*setup.video)[Codec::H264] = {96, 97};
        setup.audio->ssrc = kAudio;
        (*setup.audio)[Codec::Opus] = {111};
        return std::make_unique<Marked>(std::make_unique<Viewer>(feed, std::move(setup), std::move(counters)));
    }

    void packet(TrackWriter &writer, RtpHeader header, Bytes payload) {
        Bytes bytes(kRtpFixedHeaderSize);
        write_rtp_header(bytes, header);
        bytes.insert(bytes.end(), payload.begin(), payload.end());
        const TimeNs pts = frames * kFrame;
        feed->observe(monotonic_now(), pts);
        writer.write(bytes, pts);
    }

    void write_frame() {
        const bool key = frames % kKeyframeEvery == 0;
        const unsigned count = key ? kKeyframePackets : kPackets;
        for (unsigned i = 0; i < count; ++i, ++video_packets) {
            Bytes payload(1000 - i % 2, 0x55);
            payload[0] = 0x60 | 28; // FU-A, RFC 6184 §5.8
            payload[1] = static_cast<uint8_t>((i == 0 ? 0x80 : 0) | (i + 1 == count ? 0x40 : 0) | (key ? 5 : 1));
            packet(video, {i + 1 == count, 96, sequence++, frames * 2970, 7}, std::move(payload));
        }
        packet(audio, {false, 111, static_cast<uint16_t>(frames), frames * 1584, 8}, Bytes(80, 0x78));
        ++frames;
        server->wake();
    }
};

/// The browser's side, and what it got.
struct Browser {
    LoopbackPeer remote;
    std::shared_ptr<ViewerCounters> counters = std::make_shared<ViewerCounters>();
    size_t video = 0, repairs = 0;
    uint16_t newest = 0;

    void take() {
        for (; !remote.peer.rtp.empty(); remote.peer.rtp.pop_front()) {
            const Bytes &packet = remote.peer.rtp.front();
            const uint32_t ssrc = load_be32(&packet[8]);
            video += ssrc == kVideo ? 1 : 0;
            repairs += ssrc == kRtx ? 1 : 0;
            if (ssrc == kVideo)
                newest = load_be16(&packet[2]);
        }
    }

    /// A report with its CNAME, a NACK of the newest packet, a check.
    void report() {
        Bytes compound(200);
        size_t size = write_receiver_report(compound, 0x9999, {});
        size += write_sdes_cname(std::span(compound).subspan(size), 0x9999, "remote");
        size += write_nack(std::span(compound).subspan(size), 0x9999, kVideo, std::array{newest});
        compound.resize(size);
        remote.peer.send_rtcp(compound);
        remote.peer.send_check();
    }
};

/// Writes frames as fast as they arrive, with feedback, until `done`.
void play(Broadcast &broadcast, std::vector<Browser *> browsers, const std::function<bool()> &done) {
    std::vector<LoopbackPeer *> remotes;
    for (auto *browser : browsers)
        remotes.push_back(&browser->remote);
    while (!done()) {
        broadcast.write_frame();
        test::run_all_until(remotes, [&] {
            bool all = true;
            for (auto *browser : browsers) {
                browser->take();
                all = all && browser->video >= broadcast.video_packets;
            }
            return all;
        });
        if (broadcast.frames % 10 != 0)
            continue;
        for (auto *browser : browsers)
            browser->report();
    }
}

void test_shard() {
    auto &count = test::allocation_count;
    Broadcast broadcast;
    Browser plain, numbered; // with REMB, with transport-cc
    plain.remote.connect(*broadcast.server, broadcast.viewer(plain.counters, false));
    numbered.remote.connect(*broadcast.server, broadcast.viewer(numbered.counters, true));
    const auto reports = [&] { return std::min(plain.remote.peer.rtcp.size(), numbered.remote.peer.rtcp.size()); };
    const auto repairs = [&] { return std::min(plain.repairs, numbered.repairs); };
    const auto play_until = [&](const std::function<bool()> &done) { play(broadcast, {&plain, &numbered}, done); };

    play_until([&] { return reports() >= 2 && repairs() >= 2; }); // what is made at first use
    const uint32_t warm = broadcast.frames;
    count.marking = true;
    play_until([&] { return broadcast.frames >= warm + 300 && reports() >= 5 && repairs() >= 10; });
    count.marking = false;
    g_test_message("%u frames, %zu reports, %zu repairs, %" G_GUINT64_FORMAT " allocations", broadcast.frames - warm,
                   reports(), repairs(), count.marked.load());
    g_assert_cmpuint(count.marked, ==, 0);

    count.marking = true; // a peer that comes is counted: the counter works
    Browser late;
    late.remote.connect(*broadcast.server, broadcast.viewer(late.counters, false));
    count.marking = false;
    g_assert_cmpuint(count.marked, >, 0);
}

} // namespace

int main(int argc, char **argv) {
    if (!test::count_openssl())
        return 1;
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/no-allocation/shard", test_shard);
    return g_test_run();
}
