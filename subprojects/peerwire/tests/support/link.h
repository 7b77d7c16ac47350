// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One direction of a network path without sockets: seeded loss, delay, jitter, reordering, and a bottleneck with its
// queue, on a clock that the test moves.

#pragma once

#include "wire/time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace peerwire::test {

struct LinkConfig {
    double loss = 0;              ///< of packets, 0 to 1, each for itself
    double burst_begins = 0;      ///< chance per packet that a run of losses begins
    double burst_goes_on = 0;     ///< and that it takes the next packet as well
    TimeNs delay = 10 * kNsPerMs; ///< one way
    TimeNs jitter = 0;            ///< up to this much more, in order
    double reorder = 0;           ///< chance of being overtaken
    TimeNs reorder_delay = 0;     ///< by whatever comes in this time
    uint64_t rate_bps = 0;        ///< 0 = no bottleneck
    size_t queue_bytes = 64'000;  ///< in front of the bottleneck; more is dropped
};

/// The same numbers for the same seed, everywhere.
class Dice {
  public:
    explicit Dice(uint64_t seed) : state_(seed) {}
    uint64_t next() { // splitmix64
        uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
    }
    bool chance(double p) { return static_cast<double>(next() >> 11) < p * static_cast<double>(uint64_t{1} << 53); }
    TimeNs up_to(TimeNs most) { return most > 0 ? static_cast<TimeNs>(next() % static_cast<uint64_t>(most)) : 0; }

  private:
    uint64_t state_;
};

class Link {
  public:
    Link(const LinkConfig &config, uint64_t seed) : config_(config), dice_(seed) {}

    void set_config(const LinkConfig &config) { config_ = config; }

    void send(TimeNs now, std::span<const uint8_t> packet) {
        ++sent_;
        const TimeNs leaves = pass_bottleneck(now, packet.size());
        if (leaves == kNever || is_lost()) {
            ++lost_;
            return;
        }
        TimeNs arrives = leaves + config_.delay + dice_.up_to(config_.jitter);
        if (dice_.chance(config_.reorder))
            arrives += config_.reorder_delay;
        else
            arrives = newest_ = std::max(arrives, newest_);
        under_way_.push_back({arrives, order_++, {packet.begin(), packet.end()}});
        std::push_heap(under_way_.begin(), under_way_.end());
    }

    /// Calls fn(std::span<const uint8_t>) for what has arrived by `now`, in order of arrival.
    template <class Fn> void deliver(TimeNs now, Fn &&fn) {
        while (next() <= now) {
            std::pop_heap(under_way_.begin(), under_way_.end());
            const std::vector<uint8_t> packet = std::move(under_way_.back().packet);
            under_way_.pop_back();
            fn(std::span<const uint8_t>(packet));
        }
    }

    /// When the next packet arrives.
    TimeNs next() const { return under_way_.empty() ? kNever : under_way_.front().arrives; }
    uint64_t sent() const { return sent_; }
    uint64_t lost() const { return lost_; }

  private:
    struct Item {
        TimeNs arrives = 0;
        uint64_t order = 0;
        std::vector<uint8_t> packet;
        bool operator<(const Item &other) const { // the heap's top is the earliest
            return std::pair(arrives, order) > std::pair(other.arrives, other.order);
        }
    };

    TimeNs pass_bottleneck(TimeNs now, size_t size) {
        if (config_.rate_bps == 0)
            return now;
        const auto bytes_in = [this](TimeNs time) {
            return static_cast<double>(time) * double(config_.rate_bps) / 8e9;
        };
        const TimeNs begins = std::max(now, free_);
        if (bytes_in(begins - now) + static_cast<double>(size) > static_cast<double>(config_.queue_bytes))
            return kNever;
        free_ = begins + static_cast<TimeNs>(static_cast<double>(size) * 8e9 / double(config_.rate_bps));
        return free_;
    }

    bool is_lost() {
        in_burst_ = dice_.chance(in_burst_ ? config_.burst_goes_on : config_.burst_begins);
        return dice_.chance(config_.loss) || in_burst_;
    }

    LinkConfig config_;
    Dice dice_;
    std::vector<Item> under_way_;
    TimeNs newest_ = 0, free_ = 0;
    uint64_t order_ = 0, sent_ = 0, lost_ = 0;
    bool in_burst_ = false;
};

} // namespace peerwire::test
