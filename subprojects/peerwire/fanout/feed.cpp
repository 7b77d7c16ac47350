// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "fanout/feed.h"

#include <cstdlib>

namespace peerwire {

namespace {

// 320 kbit/s for 3 s is 120 KB; Opus sends at most 400 packets in a second.
constexpr RingConfig audio_ring(TimeNs history) {
    return {.packets = 2048, .bytes = size_t{256} << 10, .history = history};
}

// The pipeline's clock may have stopped (paused) or leapt; smaller differences are jitter of the arrival.
constexpr TimeNs kClockLeap = 2 * kNsPerSecond;

} // namespace

Feed::Feed(FeedConfig config)
    : config_(std::move(config)), audio_(audio_ring(config_.history)), keyframe_interval_ns_(config_.keyframe_interval),
      history_(config_.history) {
    for (auto &time : last_request_)
        time.store(-kNever, std::memory_order_relaxed);
}

PacketRing &Feed::open_video(unsigned layer) {
    MutexLock lock(mutex_);
    auto &ring = owned_[layer];
    if (!ring) {
        ring = std::make_unique<PacketRing>(RingConfig{.history = history_});
        layers_[layer].store(ring.get(), std::memory_order_release);
    }
    return *ring;
}

void Feed::set_history(TimeNs history) {
    MutexLock lock(mutex_);
    history_ = history;
    audio_.set_history(history);
    for (const auto &ring : owned_) {
        if (ring)
            ring->set_history(history);
    }
}

void Feed::clear() {
    MutexLock lock(mutex_);
    audio_.clear();
    for (const auto &ring : owned_) {
        if (ring)
            ring->clear();
    }
}

void Feed::observe(TimeNs now, TimeNs pts) {
    const TimeNs offset = now - pts;
    if (clock_set_.load(std::memory_order_relaxed) &&
        std::abs(offset - clock_offset_.load(std::memory_order_relaxed)) < kClockLeap)
        return;
    clock_offset_.store(offset, std::memory_order_relaxed);
    clock_set_.store(true, std::memory_order_relaxed);
}

bool Feed::request_keyframe(unsigned layer, TimeNs now) {
    if (layer >= kMaxLayers || silent(layer))
        return false;
    TimeNs last = last_request_[layer].load(std::memory_order_relaxed);
    do {
        if (last != -kNever && now - last < keyframe_interval())
            return false;
    } while (!last_request_[layer].compare_exchange_weak(last, now, std::memory_order_relaxed));
    keyframe_requests_.fetch_add(1, std::memory_order_relaxed);
    if (config_.on_keyframe_wanted)
        config_.on_keyframe_wanted(layer);
    return true;
}

} // namespace peerwire
