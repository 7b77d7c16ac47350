// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The media logic of one viewer: a picture and a sound from a feed to a peer.

#pragma once

#include "fanout/feed.h"
#include "fanout/rtcp_limit.h"
#include "fanout/track_sender.h"
#include "net/media_endpoint.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace peerwire {

inline constexpr unsigned kBestLayer = kMaxLayers; ///< whichever layer has most to show

struct ViewerSetup {
    std::optional<TrackSetup> video, audio;
    std::string cname;
    unsigned layer = kBestLayer; ///< followed while it flows, otherwise another one
    // Called on the shard's thread: note and return.
    std::function<void()> on_connected;
    std::function<void(CloseReason)> on_closed;
};

/// Starts at the newest keyframe of the feed, waits for one when there is none. Thread-bound: its shard's thread.
class Viewer final : public MediaEndpoint, private RtcpVisitor {
  public:
    /// `counters` may be read by others while the viewer lives.
    Viewer(std::shared_ptr<Feed> feed, ViewerSetup setup, std::shared_ptr<ViewerCounters> counters);

    void attach(Transport &transport) override { transport_ = &transport; }
    void on_connected(TimeNs now) override;
    void on_rtp(TimeNs, std::span<const uint8_t>) override {} // a viewer sends none
    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) override;
    void on_wake(TimeNs now) override;
    TimeNs next_timeout() const override;
    void on_timeout(TimeNs now) override;
    void on_closed(TimeNs now, CloseReason reason) override;

  private:
    void on_report_block(uint32_t reporter, const ReportBlock &block) override;
    void on_nack(const Nack &nack) override;
    void on_pli(const Pli &pli) override;
    void on_fir(const Fir &fir) override;
    void on_remb(const Remb &remb) override;

    void pump(TimeNs now);
    void pump_video(TimeNs now);
    void choose_layer(TimeNs now);
    void press_for_keyframe(TimeNs now);
    void send_reports(TimeNs now);
    size_t write_report(std::span<uint8_t> out, const TrackSender &track, TimeNs now) const;
    TrackSender *find_track(uint32_t ssrc);

    const std::shared_ptr<Feed> feed_;
    const ViewerSetup setup_;
    const std::shared_ptr<ViewerCounters> counters_;
    Transport *transport_ = nullptr;
    TransportNumbers numbers_;
    std::optional<TrackSender> video_, audio_;
    unsigned layer_ = kMaxLayers; // followed now
    RtcpLimit rtcp_limit_;
    TimeNs now_ = 0; // of the RTCP that is being visited

    TimeNs next_report_ = kNever;
    TimeNs next_pump_ = kNever; // a paced burst goes on
    TimeNs next_press_ = kNever;
    bool keyframe_wanted_ = false;
    uint64_t keyframe_seen_ = PacketRing::kNone; // the newest one sent
    TimeNs keyframe_time_ = 0;                   // when its first packet left
    int fir_sequence_ = -1;
};

} // namespace peerwire
