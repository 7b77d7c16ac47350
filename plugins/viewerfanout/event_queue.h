// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One thread that runs what must not run on a shard's or a streaming thread: signals, messages, upstream events.

#pragma once

#include "sync/mutex.h"

#include <deque>
#include <functional>
#include <memory>
#include <thread>

namespace rostrum {

/// Thread-safe. Jobs run in order, without any lock held. The queue may be destroyed by one of its own jobs; the jobs
/// behind that one still run.
class EventQueue {
  public:
    using Job = std::function<void()>;

    EventQueue();
    /// Runs what is queued, then ends the thread.
    ~EventQueue();
    EventQueue(const EventQueue &) = delete;
    EventQueue &operator=(const EventQueue &) = delete;

    void post(Job job);
    /// Returns when all jobs posted before have run, after 2 s at the latest; at once when called by a job.
    void drain();

  private:
    struct State {
        peerwire::Mutex mutex;
        peerwire::CondVar changed;
        std::deque<Job> jobs GUARDED_BY(mutex);
        bool ending GUARDED_BY(mutex) = false;
    };
    static void run(const std::shared_ptr<State> &state);

    const std::shared_ptr<State> state_ = std::make_shared<State>();
    std::thread thread_;
};

} // namespace rostrum
