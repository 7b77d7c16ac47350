// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/layer_choice.h"

#include <algorithm>

namespace peerwire {

namespace {

// A sender that is short of bandwidth stops whole layers; a slow screen share still sends more often than this.
constexpr TimeNs kSilent = 2 * kNsPerSecond;

// A receiver's estimate after a single hiccup is 0.85 of what came: what exceeds it by less than kFarTooMuch may fit.
constexpr double kFarTooMuch = 1.3, kTooMuchForAny = 1.2;
constexpr TimeNs kFreshSign = 700 * kNsPerMs;
constexpr TimeNs kOverPatience = kNsPerSecond;
constexpr TimeNs kPausePatience = 2 * kNsPerSecond;
constexpr TimeNs kStarvePatience = 400 * kNsPerMs; // more than one report: a smaller layer may be made for it before

constexpr double kRoom = 1.1; // a layer's rate varies
constexpr TimeNs kClimbPatience = 300 * kNsPerMs;
constexpr TimeNs kCalm = kNsPerSecond;
constexpr TimeNs kInVain = 10 * kNsPerSecond; // a climb that did not last that long
constexpr TimeNs kMinHesitation = 4 * kNsPerSecond, kMaxHesitation = 60 * kNsPerSecond;

uint64_t scaled(uint64_t bps, double factor) {
    return static_cast<uint64_t>(static_cast<double>(bps) * factor);
}

/// `since` while `holds`, else kNever; begins now.
void keep(TimeNs &since, bool holds, TimeNs now) {
    since = !holds ? kNever : since == kNever ? now : since;
}

bool lasted(TimeNs since, TimeNs now, TimeNs duration) {
    return since != kNever && now - since >= duration;
}

} // namespace

const char *to_string(LayerReason reason) {
    switch (reason) {
    case LayerReason::Best:
        return "best";
    case LayerReason::Limit:
        return "limit";
    case LayerReason::Bandwidth:
        return "bandwidth";
    case LayerReason::Paused:
        return "paused";
    case LayerReason::NoSource:
        break;
    }
    return "no-source";
}

LayerRates read_layer_rates(const Feed &feed, TimeNs feed_now) {
    LayerRates rates{};
    for (unsigned layer = 0; layer < kMaxLayers; ++layer) {
        const PacketRing *ring = feed.silent(layer) ? nullptr : feed.video(layer);
        const uint64_t head = ring ? ring->head() : 0;
        PacketInfo newest;
        if (head > 0 && ring->read_info(head - 1, newest) && feed_now - newest.pts <= kSilent)
            rates[layer] = std::max<uint64_t>(ring->rate_bps(), 1);
    }
    return rates;
}

LayerChooser::Ranked LayerChooser::rank(const LayerRates &rates, const LayerLimits &limits) {
    Ranked ranked;
    for (unsigned layer = 0; layer < kMaxLayers; ++layer) {
        if (rates[layer] == 0)
            continue;
        size_t at = ranked.count++; // in order, without a sort that allocates
        for (; at > 0 && rates[ranked.layers[at - 1]] > rates[layer]; --at)
            ranked.layers[at] = ranked.layers[at - 1];
        ranked.layers[at] = layer;
    }
    if (limits.max_layer < ranked.count) {
        ranked.limited = ranked.count > limits.max_layer + 1;
        ranked.count = std::min<size_t>(ranked.count, limits.max_layer + 1);
    }
    while (ranked.count > 1 && rates[ranked.layers[ranked.count - 1]] > limits.max_bps) {
        ranked.limited = true;
        --ranked.count;
    }
    return ranked;
}

/// The best one that fits, else the smallest.
unsigned LayerChooser::best_within(const Ranked &ranked, const LayerRates &rates, uint64_t bps) const {
    size_t best = 0;
    while (best + 1 < ranked.count && rates[ranked.layers[best + 1]] <= bps)
        ++best;
    return ranked.layers[best];
}

void LayerChooser::settle(unsigned layer) {
    layer_ = layer;
    over_since_ = starved_since_ = fits_since_ = kNever;
}

void LayerChooser::move(TimeNs now, unsigned layer, uint64_t from_bps, uint64_t to_bps) {
    settle(layer);
    if (to_bps > from_bps) {
        climbed_at_ = now;
        return;
    }
    fell_ = true;
    hesitation_ = now - climbed_at_ < kInVain ? std::clamp(2 * hesitation_, kMinHesitation, kMaxHesitation) : 0;
    climb_not_before_ = now + hesitation_;
}

void LayerChooser::fall(TimeNs now, const Ranked &ranked, const LayerRates &rates, const Path &path) {
    const uint64_t rate = rates[layer_], smallest = rates[ranked.layers[0]];
    const bool fresh = path.since_congestion < kFreshSign;
    const bool far_too_much = fresh && rate > scaled(path.available_bps, kFarTooMuch);
    keep(over_since_, fresh && rate > path.available_bps, now);
    keep(starved_since_, fresh && rate == smallest && smallest > scaled(path.available_bps, kTooMuchForAny), now);
    if (far_too_much || lasted(over_since_, now, kOverPatience)) {
        const unsigned lower = best_within(ranked, rates, path.available_bps);
        if (rates[lower] < rate) {
            urgent_ = far_too_much;
            move(now, lower, rate, rates[lower]);
        }
    }
    if (lasted(starved_since_, now, kPausePatience)) {
        paused_ = true;
        move(now, ranked.layers[0], rate, 0);
    }
}

void LayerChooser::climb(TimeNs now, const Ranked &ranked, const LayerRates &rates, const Path &path) {
    const uint64_t rate = paused_ ? 0 : rates[layer_];
    const auto room = static_cast<uint64_t>(static_cast<double>(path.available_bps) / kRoom);
    const unsigned higher = best_within(ranked, rates, room);
    const bool fits = rates[higher] > rate && rates[higher] <= room && path.since_congestion >= kCalm;
    keep(fits_since_, fits, now);
    if (!lasted(fits_since_, now, kClimbPatience) || hesitates(now))
        return;
    paused_ = false;
    move(now, higher, rate, rates[higher]);
}

LayerChooser::Choice LayerChooser::choose(TimeNs now, const LayerRates &rates, const Path &path,
                                          const LayerLimits &limits) {
    const Ranked ranked = rank(rates, limits);
    Choice choice;
    if (ranked.count == 0) {
        choice.layer = layer_;
        return choice;
    }
    fell_ = urgent_ = false;
    const auto *end = ranked.layers.data() + ranked.count;
    if (std::find(ranked.layers.data(), end, layer_) == end) {
        settle(best_within(ranked, rates, path.available_bps));
    } else {
        if (!paused_)
            fall(now, ranked, rates, path);
        climb(now, ranked, rates, path);
    }
    const auto better = [&](unsigned layer) { return paused_ || rates[layer] > scaled(rates[layer_], kRoom); };
    const auto *next = std::find_if(ranked.layers.data(), end, better);
    choice.layer = layer_;
    choice.fell = fell_;
    choice.urgent = urgent_;
    choice.starving =
        paused_ || lasted(starved_since_, now, kStarvePatience) || rates[ranked.layers[0]] > limits.max_bps;
    choice.next_bps = next != end && !hesitates(now) ? scaled(rates[*next], kRoom) : 0;
    choice.reason = paused_          ? LayerReason::Paused
                    : next != end    ? LayerReason::Bandwidth
                    : ranked.limited ? LayerReason::Limit
                                     : LayerReason::Best;
    return choice;
}

} // namespace peerwire
