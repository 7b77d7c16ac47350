// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which quality layer of a picture a viewer gets.

#pragma once

#include "fanout/feed.h"
#include "wire/time.h"

#include <array>
#include <cstdint>

namespace peerwire {

/// What a viewer asked for.
struct LayerLimits {
    unsigned max_layer = kMaxLayers; ///< counted from the layer with the lowest bitrate
    uint64_t max_bps = UINT64_MAX;   ///< picture and sound
};

/// Why a viewer has the layer that it has.
enum class LayerReason : uint8_t {
    Best,      ///< nothing better flows
    Limit,     ///< the viewer asked for no more
    Bandwidth, ///< a better one does not fit
    Paused,    ///< not even the smallest one fits: sound only
    NoSource,  ///< nothing flows
};
const char *to_string(LayerReason reason);

/// Bits per second of each layer; 0 = there is none, or nothing came lately.
using LayerRates = std::array<uint64_t, kMaxLayers>;
LayerRates read_layer_rates(const Feed &feed, TimeNs feed_now);

/// Falls at once when the path is clearly too small, hesitates where it is a close thing, and the longer before a climb
/// the more often climbs were in vain. Without a sign of congestion nothing falls. Thread-bound: the viewer's shard.
class LayerChooser {
  public:
    struct Path {
        uint64_t available_bps = 0;       ///< for the picture
        TimeNs since_congestion = kNever; ///< since the last certain sign of it
    };
    struct Choice {
        unsigned layer = kMaxLayers; ///< kMaxLayers = none
        LayerReason reason = LayerReason::NoSource;
        bool fell = false;     ///< just now, as the path does not carry what was sent
        bool urgent = false;   ///< by far
        bool starving = false; ///< even the smallest layer is more than it can take, or wants
        uint64_t next_bps = 0; ///< of the layer that would be taken if the path were known to carry it; 0 = none

        bool paused() const { return reason == LayerReason::Paused; }
    };

    Choice choose(TimeNs now, const LayerRates &rates, const Path &path, const LayerLimits &limits);

  private:
    struct Ranked {
        std::array<unsigned, kMaxLayers> layers{}; ///< that flow, by rate, lowest first
        size_t count = 0;                          ///< of those that the viewer wants
        bool limited = false;                      ///< there are more
    };

    static Ranked rank(const LayerRates &rates, const LayerLimits &limits);
    unsigned best_within(const Ranked &ranked, const LayerRates &rates, uint64_t bps) const;
    void fall(TimeNs now, const Ranked &ranked, const LayerRates &rates, const Path &path);
    void climb(TimeNs now, const Ranked &ranked, const LayerRates &rates, const Path &path);
    bool hesitates(TimeNs now) const { return !paused_ && now < climb_not_before_; }
    void settle(unsigned layer);
    void move(TimeNs now, unsigned layer, uint64_t from_bps, uint64_t to_bps);

    unsigned layer_ = kMaxLayers;
    bool paused_ = false;
    bool fell_ = false, urgent_ = false;
    TimeNs over_since_ = kNever, starved_since_ = kNever, fits_since_ = kNever;
    TimeNs climbed_at_ = kLongAgo, climb_not_before_ = 0;
    TimeNs hesitation_ = 0;
};

} // namespace peerwire
