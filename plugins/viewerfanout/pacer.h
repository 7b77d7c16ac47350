// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Holds back input that is not live (a file, a test source) until its time has come. Live input never waits.

#pragma once

#include "sync/mutex.h"

#include <gst/gst.h>

namespace rostrum {

/// Thread-safe; one per pad. The mutex is never held while waiting on the clock.
class Pacer {
  public:
    void set_playing(bool playing);
    /// Wakes a waiting wait(), which then returns GST_FLOW_FLUSHING.
    void set_flushing(bool flushing);

    /// Waits until the element's clock shows `running_time`; not before PLAYING.
    GstFlowReturn wait(GstElement *element, GstClockTime running_time);

  private:
    peerwire::Mutex mutex_;
    peerwire::CondVar changed_;
    bool playing_ GUARDED_BY(mutex_) = false;
    bool flushing_ GUARDED_BY(mutex_) = false;
    GstClockID waiting_ GUARDED_BY(mutex_) = nullptr;
};

} // namespace rostrum
