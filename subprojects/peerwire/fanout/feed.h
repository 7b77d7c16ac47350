// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One thing that can be watched: the tracks of a picture (several layers of it) and its sound.

#pragma once

#include "fanout/packet_ring.h"
#include "sync/mutex.h"

#include <array>
#include <atomic>
#include <functional>
#include <memory>

namespace peerwire {

inline constexpr unsigned kMaxLayers = 8;

struct FeedConfig {
    TimeNs history = 3 * kNsPerSecond;
    TimeNs keyframe_interval = 500 * kNsPerMs; ///< at most one request per layer goes upstream in this time
    /// Wants a keyframe of that layer. Called on a shard's thread: only notes the wish and returns.
    std::function<void(unsigned layer)> on_keyframe_wanted;
};

/// Thread-safe; each ring has one writer.
class Feed {
  public:
    explicit Feed(FeedConfig config);

    PacketRing &audio() { return audio_; }
    const PacketRing &audio() const { return audio_; }
    /// Makes the ring at first use. `layer` < kMaxLayers.
    PacketRing &open_video(unsigned layer) EXCLUDES(mutex_);
    /// Null when nobody opened it. Never blocks.
    const PacketRing *video(unsigned layer) const {
        return layer < kMaxLayers ? layers_[layer].load(std::memory_order_acquire) : nullptr;
    }

    void set_history(TimeNs history) EXCLUDES(mutex_);
    /// Forgets all packets; only while nobody writes.
    void clear() EXCLUDES(mutex_);

    /// Each writer calls this with each packet: it fixes how the feed's clock stands to the monotonic one.
    void observe(TimeNs now, TimeNs pts);
    /// The pts that is "now". One offset for all tracks, so that sender reports keep lips and voice together.
    TimeNs feed_time(TimeNs now) const { return now - clock_offset_.load(std::memory_order_relaxed); }

    /// Nobody sends into the layer: no viewer follows it where there is another, and keyframes are not asked for until
    /// somebody does.
    void set_silent(unsigned layer, bool silent) { silent_[layer].store(silent, std::memory_order_relaxed); }
    bool silent(unsigned layer) const { return silent_[layer].load(std::memory_order_relaxed); }

    /// Merges the wishes of all viewers. True when this one went upstream.
    bool request_keyframe(unsigned layer, TimeNs now);
    TimeNs keyframe_interval() const { return keyframe_interval_ns_.load(std::memory_order_relaxed); }
    void set_keyframe_interval(TimeNs interval) { keyframe_interval_ns_.store(interval, std::memory_order_relaxed); }
    uint64_t keyframe_requests() const { return keyframe_requests_.load(std::memory_order_relaxed); }

  private:
    const FeedConfig config_;
    PacketRing audio_;
    std::atomic<TimeNs> keyframe_interval_ns_;
    std::atomic<TimeNs> clock_offset_{0};
    std::atomic<bool> clock_set_{false};
    std::atomic<uint64_t> keyframe_requests_{0};
    std::array<std::atomic<TimeNs>, kMaxLayers> last_request_;
    std::array<std::atomic<bool>, kMaxLayers> silent_{};
    std::array<std::atomic<PacketRing *>, kMaxLayers> layers_{};

    Mutex mutex_;
    TimeNs history_ GUARDED_BY(mutex_);
    std::array<std::unique_ptr<PacketRing>, kMaxLayers> owned_ GUARDED_BY(mutex_);
};

} // namespace peerwire
