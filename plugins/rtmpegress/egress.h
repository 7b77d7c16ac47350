// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// All destinations of one rtmpegress element.

#pragma once

#include "rtmpegress/destination.h"

#include <list>

namespace rostrum {

/// What the element hears. From destinations' threads (`removed` also from remove()'s caller), without a lock held.
struct EgressHooks {
    std::function<DestinationSettings()> settings;
    std::function<void(const DestinationStatus &)> changed;
    std::function<void()> need_keyframe;
    std::function<void(const std::string &id)> removed;
};

/// Thread-safe, but start() and stop() come from one state change at a time, and stop() never from a hook.
class Egress {
  public:
    explicit Egress(EgressHooks hooks);
    ~Egress();

    Feed &feed() { return feed_; }

    /// 409 when the id is in use, 400 when the URL is no good. Connects at once when the element runs.
    Result<bool> add(const std::string &id, std::string_view url, std::string_view stream_key);
    /// Ends it cleanly in the background; the `removed` hook tells when. False: no such id.
    bool remove(const std::string &id);

    /// The element goes to PAUSED / back to READY.
    void start();
    void stop();
    /// Data flows again after drain(): what that ended is connected anew.
    void revive();
    /// The stream ended: waits until every destination has said goodbye, at most kDrainMs, or until interrupted.
    void drain();
    void interrupt_drain(bool interrupted);

    std::vector<DestinationStatus> status();

  private:
    using Destinations = std::list<std::shared_ptr<Destination>>;

    void on_ended(Destination &destination);
    void reap();

    const EgressHooks hooks_;
    Feed feed_;

    peerwire::Mutex mutex_;
    bool running_ GUARDED_BY(mutex_) = false;
    Destinations active_ GUARDED_BY(mutex_);
    Destinations leaving_ GUARDED_BY(mutex_); // removed; their threads come to an end

    peerwire::Mutex drain_mutex_;
    peerwire::CondVar ended_;
    bool interrupted_ GUARDED_BY(drain_mutex_) = false;
};

} // namespace rostrum
