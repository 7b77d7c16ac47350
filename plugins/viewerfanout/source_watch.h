// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which pads have a source that sends, and since when there is none.

#pragma once

#include "fanout/feed.h"

#include <array>
#include <atomic>
#include <functional>

namespace rostrum {

/// A source is *lost* when its stream ended, or nothing came for kSilence; it is *back* with the first packet that can
/// be sent on: for a picture, that of a keyframe. Thread-safe and free of locks; the time is an argument.
class SourceWatch {
  public:
    static constexpr unsigned kPads = peerwire::kMaxLayers + 1;
    // Opus that says nothing (DTX) still sends every 400 ms, a browser's screen that does not change every second.
    static constexpr peerwire::TimeNs kSilence = 2 * peerwire::kNsPerSecond;

    enum class Change { Lost, Back };
    /// Called on the thread that found out: only notes it and returns.
    using Listener = std::function<void(unsigned pad, Change)>;

    explicit SourceWatch(Listener listener) : listener_(std::move(listener)) {}

    // The pad's streaming thread.

    /// Any packet.
    void arrived(unsigned pad, peerwire::TimeNs now) { pads_[pad].arrived.store(now, std::memory_order_relaxed); }
    /// One that went into the feed.
    void flows(unsigned pad) {
        if (pads_[pad].state.load(std::memory_order_relaxed) != State::Flows)
            enter_flow(pad);
    }

    // Any thread.

    /// EOS, or the pad is gone.
    void ended(unsigned pad) { lose(pad); }
    /// Finds what fell silent.
    void check(peerwire::TimeNs now);
    /// What happened while nothing could flow (PAUSED) does not count.
    void resume(peerwire::TimeNs now);
    /// There never was a source.
    void forget();
    /// The newest packet of all pads; 0 before the first.
    peerwire::TimeNs last_arrival() const;

  private:
    enum class State { Unused, Flows, Lost };
    struct Pad {
        std::atomic<peerwire::TimeNs> arrived{0};
        std::atomic<State> state{State::Unused};
    };

    void enter_flow(unsigned pad);
    void lose(unsigned pad);

    const Listener listener_;
    std::array<Pad, kPads> pads_;
};

} // namespace rostrum
