// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One destination for as long as it is wanted: connects, watches, and comes back after every failure.

#pragma once

#include "common/backoff.h"
#include "rtmpegress/push.h"
#include "rtmpegress/rate_meter.h"
#include "rtmpegress/stall_watch.h"

#include <atomic>
#include <functional>
#include <thread>

namespace rostrum {

enum class DestinationState { Connecting, Live, Retrying, Failed, Stopped };
const char *to_string(DestinationState state);

/// Everything about a destination that may be shown.
struct DestinationStatus {
    std::string id;
    std::string url; // masked
    DestinationState state = DestinationState::Connecting;
    std::string error; // of the newest failure; empty while all is well
    uint64_t bytes = 0;
    uint32_t bitrate_bps = 0;
    uint32_t attempts = 0;   // connections tried
    uint32_t reconnects = 0; // times it was live again
    uint64_t dropped = 0;    // frames that a connected server was too slow for
    int64_t retry_in_ms = 0; // only while retrying
};

class Destination;

/// How its element wants it, from the next session on.
struct DestinationSettings {
    BackoffPolicy backoff;
    PushSettings push;
};

/// What a destination calls, always from its own thread and without a lock held.
struct DestinationHooks {
    std::function<DestinationSettings()> settings;
    std::function<void(const DestinationStatus &)> changed;
    std::function<void()> need_keyframe;
    std::function<void(Destination &)> ended; // last call
};

/// Thread-safe. Its thread runs between start() and the end.
class Destination {
  public:
    Destination(std::string id, std::shared_ptr<const Target> target, Feed &feed, DestinationHooks hooks);
    ~Destination(); // cuts a session that is still running
    Destination(const Destination &) = delete;
    Destination &operator=(const Destination &) = delete;

    /// Nothing to do when it runs or is retired.
    void start() EXCLUDES(thread_mutex_);
    /// Says goodbye to the server and ends the thread, within kFinishMs.
    void finish();
    /// finish(), and never start again.
    void retire();
    bool is_retired();
    /// Ends the thread without a word to the server.
    void cut();
    /// After finish() or cut(), and never from a hook.
    void join() EXCLUDES(thread_mutex_);
    /// From start() until nothing more goes to the server.
    bool is_running() const { return running_; }
    /// join() will not wait, because the last hook has returned.
    bool is_gone() const { return gone_; }

    const std::string &id() const { return id_; }
    DestinationStatus status();

  private:
    enum class Wish { Run, Finish, Cut };
    enum class Outcome { Done, Again, GiveUp };

    void run();
    Outcome session(const StreamFormat &format);
    PushFailure attempt(const StreamFormat &format, const PushSettings &settings);
    std::optional<std::string> watch(Push &push);
    void settle(Push &push, int64_t deadline_us);
    PushBytes observe(Push &push);
    void leave_feed(Push &push);
    std::optional<StreamFormat> wait_for_format();
    /// True when the time passed, false when the wish changed before.
    bool pause(int64_t ms);
    void wait_for_wish();
    Wish wish();
    void set_wish(Wish wish); // only ever a stronger one
    void report(DestinationState state, const std::string &error = {}, int64_t retry_in_ms = 0);

    const std::string id_;
    const std::shared_ptr<const Target> target_;
    Feed &feed_;
    const DestinationHooks hooks_;
    std::atomic<bool> running_ = false, gone_ = true;

    peerwire::Mutex thread_mutex_; // held while joining
    std::thread thread_ GUARDED_BY(thread_mutex_);

    // Its own thread only.
    RateMeter rate_;
    uint64_t earlier_bytes_ = 0, earlier_dropped_ = 0; // of former sessions
    int64_t live_since_us_ = 0;                        // of this session; 0 = it was not
    unsigned failures_ = 0;                            // in a row

    peerwire::Mutex mutex_;
    peerwire::CondVar changed_;
    Wish wish_ GUARDED_BY(mutex_) = Wish::Run;
    DestinationStatus status_ GUARDED_BY(mutex_);
    Push *push_ GUARDED_BY(mutex_) = nullptr; // of the session that runs
    bool was_live_ GUARDED_BY(mutex_) = false;
    bool retired_ GUARDED_BY(mutex_) = false;
};

} // namespace rostrum
