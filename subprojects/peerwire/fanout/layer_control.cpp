// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/layer_control.h"

#include <algorithm>
#include <utility>

namespace peerwire {

namespace {

constexpr TimeNs kProveEvery = kNsPerSecond;
constexpr TimeNs kCalm = 2 * kNsPerSecond;
constexpr double kBlindGrowth = 1.08; // a second, where nothing can be probed; as receivers' estimates grow
constexpr TimeNs kWatchful = 3 * kNsPerSecond;
constexpr TimeNs kFullLately = 20 * kNsPerSecond;

} // namespace

LayerControl::LayerControl(const Feed &feed, SendLog &log, const Config &config, ViewerCounters &counters)
    : feed_(feed), log_(log), counters_(counters), can_probe_(config.can_probe), limits_(config.limits),
      bandwidth_(config.start_bps), prober_(bandwidth_),
      arrivals_(log.packets() ? std::make_unique<ArrivalEstimate>() : nullptr) {}

void LayerControl::on_remb(TimeNs now, uint64_t bps) {
    counters_.remb_bps.set(bps);
    // Browsers' REMB is of the picture alone. It may be any number.
    if (!arrivals_)
        bandwidth_.on_receiver_estimate(now, std::max(bps, bps + feed_.audio().rate_bps()));
}

void LayerControl::on_transport_cc(TimeNs now, const TransportCc &feedback) {
    if (!arrivals_)
        return;
    const auto outcome = arrivals_->on_feedback(now, feedback, *log_.packets());
    bandwidth_.on_arrivals(now, outcome.packets, outcome.lost, outcome.delay, log_.bps(now));
    if (outcome.bps > 0)
        bandwidth_.on_receiver_estimate(now, outcome.bps);
}

bool LayerControl::wants_round_trips(TimeNs now) const {
    return prober_.next_timeout() != kNever || now - bandwidth_.sign_at() < kWatchful;
}

/// What goes through without a complaint fits.
void LayerControl::prove_by_media(TimeNs now) {
    if (now - proven_at_ < kProveEvery)
        return;
    proven_at_ = now;
    const bool consent = std::exchange(reports_, bandwidth_.reports()) != bandwidth_.reports();
    if (!consent || now - bandwidth_.sign_at() < kCalm)
        return;
    bandwidth_.prove(log_.bps(now));
    if (!can_probe_ && choice_.next_bps > bandwidth_.bps())
        bandwidth_.prove(static_cast<uint64_t>(kBlindGrowth * static_cast<double>(bandwidth_.bps())));
}

/// Where the path was not full lately losses have other reasons.
bool LayerControl::has_room(TimeNs now, uint64_t picture_bps, uint64_t sound_bps) const {
    return now - bandwidth_.congested_at() > kFullLately || picture_bps + sound_bps <= bandwidth_.bps();
}

const LayerChooser::Choice &LayerControl::decide(TimeNs now, bool busy) {
    prove_by_media(now);
    const uint64_t sound_bps = feed_.audio().rate_bps();
    const auto for_picture = [&](uint64_t bps) { return bps - std::min(sound_bps, bps); };
    LayerChooser::Path path;
    path.available_bps = for_picture(bandwidth_.bps());
    path.since_congestion = now - bandwidth_.congested_at();
    const LayerLimits limits{limits_.max_layer, for_picture(limits_.max_bps)};
    const LayerRates rates = read_layer_rates(feed_, feed_.feed_time(now));
    choice_ = chooser_.choose(now, rates, path, limits);
    const bool shows = choice_.layer < kMaxLayers && !choice_.paused();
    redundancy_fits_ = has_room(now, shows ? rates[choice_.layer] : 0, 2 * sound_bps);
    if (choice_.fell) {
        bandwidth_.expect_relief(now);
        prober_.forget_failures();
    }
    const bool probes = can_probe_ && !busy && choice_.next_bps > 0;
    prober_.update(now, probes ? choice_.next_bps + sound_bps : 0, log_.bytes(), choice_.paused());
    counters_.estimate_bps.set(bandwidth_.bps());
    counters_.probes.set(prober_.count());
    return choice_;
}

} // namespace peerwire
