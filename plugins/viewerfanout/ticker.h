// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A job that runs every so often on the thread of GStreamer's system clock.

#pragma once

#include <gst/gst.h>

#include <functional>
#include <memory>

namespace rostrum {

/// Runs from construction to destruction, which waits for a run that is under way: not from inside the job.
class Ticker {
  public:
    /// `job` only notes things and returns: every timer of the process waits for it.
    Ticker(GstClockTime interval, std::function<void()> job);
    ~Ticker();
    Ticker(const Ticker &) = delete;
    Ticker &operator=(const Ticker &) = delete;

  private:
    struct Shared;
    static gboolean tick(GstClock *clock, GstClockTime time, GstClockID id, gpointer shared);

    const std::shared_ptr<Shared> shared_;
    GstClockID id_;
};

} // namespace rostrum
