// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "net/media_endpoint.h"
#include "publish/demuxer.h"
#include "publish/publisher_control.h"
#include "publish/publisher_observer.h"
#include "publish/remb_estimator.h"
#include "publish/track_receiver.h"
#include "wire/rtcp.h"
#include "wire/twcc.h"

#include <array>
#include <memory>
#include <vector>

namespace peerwire {

/// Receives what one peer publishes: assigns packets to tracks, repairs loss (NACK, RTX), gives the sender the feedback
/// it steers by (transport-cc or REMB, receiver reports), asks for keyframes, dates every packet on the local clock.
/// Thread-bound: its shard's thread, construction apart. No allocation per packet.
class Publisher final : public MediaEndpoint, private RtcpVisitor {
  public:
    Publisher(PublisherConfig config, std::shared_ptr<PublisherControl> control,
              std::shared_ptr<PublisherObserver> observer);

    void attach(Transport &transport) override { transport_ = &transport; }
    void on_connected(TimeNs now) override;
    void on_rtp(TimeNs now, std::span<const uint8_t> packet) override;
    void on_rtcp(TimeNs now, std::span<const uint8_t> compound) override;
    void on_wake(TimeNs now) override;
    TimeNs next_timeout() const override;
    void on_timeout(TimeNs now) override;
    void on_closed(TimeNs now, CloseReason reason) override;

    static constexpr TimeNs kFeedbackInterval = 50 * kNsPerMs; // transport-cc; senders react within a few of these
    static constexpr unsigned kFeedbackPackets = 200;          // …or after so many packets
    static constexpr TimeNs kReportInterval = 1 * kNsPerSecond;

  private:
    void note_transport_sequence(TimeNs now, const RtpView &packet);
    bool admit(TimeNs now, const Demuxer::Route &route, uint32_t ssrc);
    void on_retransmission(TimeNs now, const RtpView &view, std::span<const uint8_t> packet,
                           const Demuxer::Route &route);
    void deliver(TimeNs now, const RtpView &view, std::span<const uint8_t> packet, const Demuxer::Route &route);
    void take_requests(TimeNs now);
    void check_stalls(TimeNs now);
    void note_round_trip(TimeNs sample);

    size_t write_report(TimeNs now, std::span<uint8_t> out);
    size_t write_repairs(TimeNs now, std::span<uint8_t> out);
    void send_feedback(TimeNs now);
    void publish_stats(TimeNs now);

    void on_sender_report(const SenderReport &report) override;
    void on_bye(uint32_t ssrc) override;
    void on_dlrr(const Dlrr &dlrr) override;

    const PublisherConfig config_;
    const std::shared_ptr<PublisherControl> control_;
    const std::shared_ptr<PublisherObserver> observer_;

    Transport *transport_ = nullptr;
    bool connected_ = false;
    Demuxer demuxer_;
    std::vector<TrackReceiver> tracks_;
    PublisherClock clock_;
    TwccBuilder transport_cc_;
    RembEstimator remb_;
    std::array<uint8_t, kMaxPacketSize> unwrapped_{};
    PublisherStats stats_;

    TimeNs rtcp_now_ = 0; ///< arrival of the compound packet that is being visited
    TimeNs round_trip_ = kInitialRoundTrip;
    bool repaired_ = false;      ///< round_trip_ was measured
    bool measures_path_ = false; ///< the other side answers reference times
    TimeNs next_report_ = kNever;
    TimeNs last_report_ = 0;
    TimeNs next_feedback_ = kNever;
    unsigned unreported_ = 0;  ///< packets since the last transport-cc feedback
    uint32_t last_ssrc_ = 0;   ///< media SSRC named in transport-cc feedback
    TimeNs blocked_until_ = 0; ///< the transport had no room
    uint8_t worst_loss_ = 0;   ///< of 256, in the last report

    static constexpr TimeNs kInitialRoundTrip = 100 * kNsPerMs;
    static constexpr TimeNs kBlockedRetry = 10 * kNsPerMs;
};

} // namespace peerwire
