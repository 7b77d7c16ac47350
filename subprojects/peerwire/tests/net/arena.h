// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A running server with a feed, a viewer who behaves, and one who does not.

#pragma once

#include "fanout/feed.h"
#include "fanout/track_writer.h"
#include "fanout/viewer.h"
#include "net/clock.h"
#include "net/server.h"
#include "support/loopback_peer.h"
#include "wire/rtp.h"

#include <glib.h>

#include <array>
#include <atomic>
#include <memory>
#include <set>

namespace peerwire::test {

constexpr uint32_t kArenaSsrc = 0x11111111;

class Arena {
  public:
    explicit Arena(const ServerConfig &config = {})
        : feed(make_feed()), writer_(feed->open_video(0)), server(Server::create(config).value()) {
        writer_.begin_source({Codec::Vp8, 90000, {}});
        victim.connect(*server, make_viewer(victim_counters));
        attacker_local = attacker.connect(*server, make_viewer(attacker_counters));
        stranger.aim(attacker_local);
    }

    std::unique_ptr<Viewer> make_viewer(std::shared_ptr<ViewerCounters> &counters) {
        ViewerSetup setup;
        setup.cname = "cname";
        setup.video.emplace();
        setup.video->ssrc = kArenaSsrc;
        setup.video->rtx_ssrc = kArenaSsrc + 1;
        setup.video->extensions.transport_cc_id = 3;
        (*setup.video)[Codec::Vp8] = {96, 97};
        return std::make_unique<Viewer>(feed, std::move(setup), counters);
    }

    /// One who may come and knows whom to talk to, and does not.
    void invite(LoopbackPeer &joiner, TimeNs connect_timeout) {
        auto setup = joiner.peer.setup();
        auto counters = std::make_shared<ViewerCounters>();
        setup.endpoint = make_viewer(counters);
        setup.connect_timeout = connect_timeout;
        joiner.aim(server->add_peer(std::move(setup)).value());
    }

    /// A keyframe of three packets.
    void write_frame() {
        const TimeNs now = monotonic_now();
        for (int i = 0; i < 3; ++i, ++sequence_) {
            Bytes packet(kRtpFixedHeaderSize + 1000, 0x42);
            write_rtp_header(packet, {i == 2, 96, sequence_, frames_ * 3000u, 7});
            packet[kRtpFixedHeaderSize] = i == 0 ? 0x10 : 0x00; // VP8 descriptor: first packet of the frame
            packet[kRtpFixedHeaderSize + 1] = 0;                // a keyframe
            feed->observe(now, frames_ * 33 * kNsPerMs);
            writer_.write(packet, frames_ * 33 * kNsPerMs);
        }
        ++frames_;
        server->wake();
    }

    /// A frame, and the victim has it.
    void play_frame() {
        write_frame();
        victim.run_until([this] { return victim_has_all(); });
    }

    /// The victim has every packet of every frame so far.
    bool victim_has_all() const {
        std::set<uint16_t> seen;
        for (const Bytes &packet : victim.peer.rtp) {
            const auto rtp = parse_rtp(packet);
            if (rtp && rtp->ssrc == kArenaSsrc)
                seen.insert(rtp->sequence);
        }
        return seen.size() == size_t{frames_} * 3;
    }

    std::atomic<unsigned> keyframe_requests{0};
    std::shared_ptr<Feed> feed;

  private:
    std::shared_ptr<Feed> make_feed() {
        FeedConfig config;
        config.on_keyframe_wanted = [this](unsigned) { ++keyframe_requests; };
        return std::make_shared<Feed>(std::move(config));
    }

    TrackWriter writer_;
    uint16_t sequence_ = 0;
    uint32_t frames_ = 0;

  public:
    std::shared_ptr<ViewerCounters> victim_counters = std::make_shared<ViewerCounters>();
    std::shared_ptr<ViewerCounters> attacker_counters = std::make_shared<ViewerCounters>();
    LoopbackPeer victim, attacker, stranger;
    PeerLocal attacker_local;
    std::unique_ptr<Server> server; ///< last: its threads use the rest
};

} // namespace peerwire::test
