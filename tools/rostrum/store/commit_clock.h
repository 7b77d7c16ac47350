// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <functional>
#include <glib.h>
#include <memory>

namespace rostrum {

/// Says when a turn of the main loop is over: when nothing else is ready, or 2 ms after it began. Thread-bound: that
/// of the main context which is the thread's default at construction.
class CommitClock {
  public:
    explicit CommitClock(std::function<void()> due);

    /// A turn has begun; when one has already, nothing changes.
    void start();
    /// Asks again after `ms`.
    void start_after(unsigned ms);
    void stop();

  private:
    struct Destroy {
        void operator()(GSource *source) const {
            g_source_destroy(source);
            g_source_unref(source);
        }
    };
    using Source = std::unique_ptr<GSource, Destroy>;
    Source add(int priority);

    const std::function<void()> due_;
    const Source idle_, deadline_;
    bool started_ = false;
};

} // namespace rostrum
