// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The media logic of one viewer: a picture and a sound from a feed to a peer.

#pragma once

#include "fanout/feed.h"
#include "fanout/layer_control.h"
#include "fanout/rtcp_limit.h"
#include "fanout/track_sender.h"
#include "net/media_endpoint.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace peerwire {

/// What a viewer asks for; may change while it watches. Thread-safe.
class ViewerWishes {
  public:
    void set(const LayerLimits &limits) {
        max_layer_.store(limits.max_layer, std::memory_order_relaxed);
        max_bps_.store(limits.max_bps, std::memory_order_relaxed);
    }
    LayerLimits get() const {
        return {max_layer_.load(std::memory_order_relaxed), max_bps_.load(std::memory_order_relaxed)};
    }

  private:
    std::atomic<unsigned> max_layer_{kMaxLayers};
    std::atomic<uint64_t> max_bps_{UINT64_MAX};
};

/// A good mobile connection. Who has more is served better within two seconds or three.
inline constexpr uint64_t kDefaultStartBps = 1'000'000;

struct ViewerSetup {
    std::optional<TrackSetup> video, audio;
    std::string cname;
    std::shared_ptr<const ViewerWishes> wishes; ///< null = none
    uint64_t start_bps = kDefaultStartBps;      ///< chooses the first layer
    // Called on the shard's thread: note and return.
    std::function<void()> on_connected;
    /// Another layer, or the video pauses or goes on.
    std::function<void(const LayerChooser::Choice &, uint64_t estimate_bps)> on_quality;
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
    void prefetch() const override;

  private:
    void on_report_block(uint32_t reporter, const ReportBlock &block) override;
    void on_nack(const Nack &nack) override;
    void on_pli(const Pli &pli) override;
    void on_fir(const Fir &fir) override;
    void on_remb(const Remb &remb) override;
    void on_transport_cc(const TransportCc &feedback) override;

    void pump(TimeNs now);
    void pump_video(TimeNs now);
    void ask_ahead(TimeNs now);
    void note_pump(TimeNs now, const TrackSender::PumpResult &result);
    void send_probes(TimeNs now);
    uint64_t catch_up_bps() const;
    TimeNs catch_up_pause(size_t bytes) const;

    // viewer_quality.cpp
    void adapt(TimeNs now);
    size_t bytes_in(TimeNs duration) const;
    void apply(TimeNs now, const LayerChooser::Choice &choice);
    void switch_layer(TimeNs now, unsigned layer, const LayerChooser::Choice &choice);
    unsigned layer_to_follow(const LayerChooser::Choice &choice) const;
    bool waits_in_vain(TimeNs now) const;

    void press_for_keyframe(TimeNs now);
    void send_reports(TimeNs now);
    size_t write_report(std::span<uint8_t> out, const TrackSender &track, TimeNs now) const;
    TrackSender *find_track(uint32_t ssrc);
    ReceptionCounters &reception_of(const TrackSender &track);
    void note_reception(const TrackSender &track, const ReportBlock &block);

    const std::shared_ptr<Feed> feed_;
    const ViewerSetup setup_;
    const std::shared_ptr<ViewerCounters> counters_;
    Transport *transport_ = nullptr;
    SendLog log_;
    LayerControl control_;
    std::optional<TrackSender> video_, audio_;
    unsigned layer_ = kMaxLayers; // followed now
    bool paused_ = false;
    bool hurried_ = false; // the layer before does not fit: do not wait for a keyframe that comes by itself
    TimeNs switched_at_ = 0;
    TimeNs drained_at_ = 0; // before, the path is full of the layer that was left
    uint64_t signs_ = 0;    // of congestion, that were heeded
    RtcpLimit rtcp_limit_;
    TokenBucket requests_; // of keyframes, by the viewer
    TimeNs now_ = 0;       // of the RTCP that is being visited

    TimeNs next_report_ = kNever, reported_at_ = 0;
    TimeNs next_pump_ = kNever; // a paced burst goes on
    TimeNs next_press_ = kNever;
    bool keyframe_wanted_ = false;
    uint64_t keyframe_seen_ = PacketRing::kNone; // the newest one sent
    TimeNs keyframe_time_ = 0;                   // when its first packet left
    int fir_sequence_ = -1;
};

} // namespace peerwire
