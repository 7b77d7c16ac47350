// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A viewer follows the layer that its LayerControl chose.

#include "fanout/viewer.h"

#include <algorithm>
#include <utility>

namespace peerwire {

namespace {

// A keyframe of the near past is as good as one that has to be made: what came since may take this long to send.
constexpr TimeNs kCatchUp = 200 * kNsPerMs, kCatchUpInTrouble = 100 * kNsPerMs;

// Between two signs of congestion, a quarter of a second or so.
constexpr TimeNs kRepairsInTrouble = 20 * kNsPerMs;

// A queue that overflows may be longer than the newest round trip tells.
constexpr TimeNs kMinDrain = 100 * kNsPerMs, kMaxDrain = 500 * kNsPerMs;

// Encoders with a fixed distance of keyframes make one in time; hosts in browsers make none by themselves.
constexpr TimeNs kNextByItself = 2500 * kNsPerMs;

// A host answers a request within 150 ms; when nothing comes, a burst of the past is better than a frozen picture.
constexpr TimeNs kEnterAnyway = 500 * kNsPerMs;

} // namespace

/// What the path carries in that time.
size_t Viewer::bytes_in(TimeNs duration) const {
    return control_.estimate_bps() / 8 * static_cast<uint64_t>(duration / kNsPerMs) / 1000;
}

void Viewer::adapt(TimeNs now) {
    if (!video_)
        return;
    if (setup_.wishes)
        control_.set_limits(setup_.wishes->get());
    apply(now, control_.decide(now, transport_->busy()));
    if (std::exchange(signs_, control_.signs()) != control_.signs())
        video_->gate().limit(bytes_in(kRepairsInTrouble));
    if (audio_)
        audio_->allow_redundancy(control_.redundancy_fits());
    if (now - switched_at_ > kEnterAnyway)
        video_->enter_anyway();
}

/// While nothing flows, what flowed last: a viewer that comes then sees a picture all the same.
unsigned Viewer::layer_to_follow(const LayerChooser::Choice &choice) const {
    if (choice.layer < kMaxLayers)
        return choice.layer;
    for (unsigned layer = kMaxLayers; layer-- > 0;) {
        const PacketRing *ring = feed_->video(layer);
        if (ring && ring->head() > 0)
            return layer;
    }
    return kMaxLayers;
}

void Viewer::apply(TimeNs now, const LayerChooser::Choice &choice) {
    const unsigned layer = layer_to_follow(choice);
    const bool changed = layer != layer_ || choice.paused() != paused_;
    if (choice.paused() && !paused_)
        video_->pause();
    else if (changed && !choice.paused())
        switch_layer(now, layer, choice);
    layer_ = layer;
    paused_ = choice.paused();
    counters_->layer.set(layer);
    counters_->layer_reason.set(static_cast<uint64_t>(choice.reason));
    counters_->starving.set(choice.starving);
    if (!changed || choice.layer == kMaxLayers)
        return;
    counters_->layer_switches.add();
    if (setup_.on_quality)
        setup_.on_quality(choice, control_.estimate_bps());
}

void Viewer::switch_layer(TimeNs now, unsigned layer, const LayerChooser::Choice &choice) {
    hurried_ = choice.fell;
    switched_at_ = next_pump_ = now;
    keyframe_wanted_ = false;
    next_press_ = kNever;
    video_->follow(feed_->video(layer), bytes_in(choice.urgent ? kCatchUpInTrouble : kCatchUp));
    if (!choice.urgent)
        return;
    // What follows would only wait behind it, or be dropped.
    drained_at_ = now + std::clamp(control_.queue(), kMinDrain, kMaxDrain);
    video_->leave();
}

/// The viewer shows nothing or too much, or no keyframe is to be expected soon.
bool Viewer::waits_in_vain(TimeNs now) const {
    const PacketRing *ring = feed_->video(layer_);
    const uint64_t keyframe = ring ? ring->newest_keyframe() : PacketRing::kNone;
    PacketInfo info;
    return hurried_ || !video_->live() || keyframe == PacketRing::kNone || !ring->read_info(keyframe, info) ||
           feed_->feed_time(now) - info.pts > kNextByItself;
}

} // namespace peerwire
