// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "publish/capture_clock.h"
#include "publish/keyframe_request.h"
#include "publish/nack_list.h"
#include "publish/publisher_config.h"
#include "publish/publisher_stats.h"
#include "publish/reception_stats.h"
#include "wire/rtcp.h"
#include "wire/rtp.h"

#include <optional>

namespace peerwire {

/// Receiving one track: order, loss, repair, keyframes, time. Reentrant, no allocation per packet.
class TrackReceiver {
  public:
    struct Accepted {
        int64_t sequence = 0;
        TimeNs capture = 0;
        bool keyframe = false;
        bool new_stream = false;
        bool repaired = false; ///< by a retransmission stream, or sent again on its own (RFC 4585 without RFC 4588)
        std::optional<TimeNs> round_trip; ///< measured by this repair
    };
    /// Nothing for a duplicate. `retransmission`: `packet` was unwrapped from one.
    std::optional<Accepted> on_packet(TimeNs now, const RtpView &packet, size_t size, const ReceiveCodec &codec,
                                      bool retransmission, PublisherClock &clock);
    /// The stream may change its SSRC only when the old one has been silent for a moment: two streams must not take
    /// turns.
    bool admits(TimeNs now, uint32_t ssrc) const;

    void on_sender_report(TimeNs now, const SenderReport &report, PublisherClock &clock);
    void on_bye();

    std::optional<uint32_t> ssrc() const { return ssrc_; }
    /// Ends a reporting interval; only with an SSRC.
    ReportBlock report(TimeNs now);

    void want_keyframe(TimeNs now);
    bool take_keyframe_request(TimeNs now);
    size_t collect_nacks(TimeNs now, TimeNs round_trip, std::span<uint16_t> out);

    /// The track fell silent, or speaks again; nothing when that did not change.
    std::optional<bool> check_stall(TimeNs now, TimeNs after);
    TimeNs next_timeout(TimeNs round_trip, TimeNs stall_after) const;

    const TrackStats &stats() const { return stats_; }
    /// Fills in what is derived; `interval` is the time since the last call.
    void update_stats(TimeNs interval);

  private:
    void restart(const RtpView &packet, const ReceiveCodec &codec);
    void handle_gap(TimeNs now, const ReceptionStats::Arrival &arrival);

    std::optional<uint32_t> ssrc_;
    ReceiveCodec codec_;
    ReceptionStats reception_{0};
    StreamClock clock_{0};
    NackList nacks_;
    KeyframeRequest keyframe_request_;
    uint64_t given_up_seen_ = 0;
    uint64_t bytes_before_ = 0;
    TimeNs last_packet_at_ = kNever;
    TrackStats stats_;
};

} // namespace peerwire
