// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Fits what a viewer gets to what its path carries.

#pragma once

#include "fanout/arrival_estimate.h"
#include "fanout/bandwidth.h"
#include "fanout/layer_choice.h"
#include "fanout/prober.h"
#include "fanout/send_log.h"
#include "fanout/viewer_counters.h"

#include <memory>

namespace peerwire {

/// Joins estimate, choice and probes of one viewer. Thread-bound: the viewer's shard.
class LayerControl {
  public:
    struct Config {
        LayerLimits limits;
        uint64_t start_bps = 0;
        bool can_probe = false; ///< the viewer takes packets that are nothing but load
    };
    LayerControl(const Feed &feed, SendLog &log, const Config &config, ViewerCounters &counters);

    void on_remb(TimeNs now, uint64_t bps);
    /// Of the picture's stream.
    void on_report(TimeNs now, const ReportBlock &block) { bandwidth_.on_report(now, block, log_.bps(now)); }
    void on_other_report() { bandwidth_.on_other_report(); }
    void on_round_trip(TimeNs now, TimeNs round_trip) { bandwidth_.on_round_trip(now, round_trip, log_.bps(now)); }
    void on_transport_cc(TimeNs now, const TransportCc &feedback);

    void set_limits(const LayerLimits &limits) { limits_ = limits; }

    /// What to send from here on. `busy`: the shard has no time for probes.
    const LayerChooser::Choice &decide(TimeNs now, bool busy);
    const LayerChooser::Choice &choice() const { return choice_; }
    uint64_t estimate_bps() const { return bandwidth_.bps(); }
    /// What waits in front of the path's bottleneck.
    TimeNs queue() const { return bandwidth_.queue(); }
    /// Grows with each sign that the path may be full.
    uint64_t signs() const { return bandwidth_.signs(); }
    /// The sound may go twice.
    bool redundancy_fits() const { return redundancy_fits_; }

    /// Bytes that should leave now besides the media.
    uint64_t padding_due(TimeNs now) const { return prober_.due(now, log_.bytes()); }
    bool probing() const { return prober_.running(); }
    /// Round trips are of interest: each sender report gives one.
    bool wants_round_trips(TimeNs now) const;
    /// When decide() is wanted, besides after each feedback and every second.
    TimeNs next_timeout() const { return prober_.next_timeout(); }

  private:
    void prove_by_media(TimeNs now);
    bool has_room(TimeNs now, uint64_t picture_bps, uint64_t sound_bps) const;

    const Feed &feed_;
    SendLog &log_;
    ViewerCounters &counters_;
    const bool can_probe_;
    LayerLimits limits_;
    Bandwidth bandwidth_;
    Prober prober_;
    LayerChooser chooser_;
    LayerChooser::Choice choice_;
    bool redundancy_fits_ = true;
    const std::unique_ptr<ArrivalEstimate> arrivals_; ///< null without transport-cc
    TimeNs proven_at_ = 0;
    uint64_t reports_ = 0;
};

} // namespace peerwire
