// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "viewerfanout/ticker.h"

#include "sync/mutex.h"

namespace rostrum {

using peerwire::MutexLock;

/// What a run that comes late finds.
struct Ticker::Shared {
    peerwire::Mutex mutex; // held while the job runs
    std::function<void()> job GUARDED_BY(mutex);
};

Ticker::Ticker(GstClockTime interval, std::function<void()> job) : shared_(std::make_shared<Shared>()) {
    {
        MutexLock lock(shared_->mutex);
        shared_->job = std::move(job);
    }
    g_autoptr(GstClock) clock = gst_system_clock_obtain();
    id_ = gst_clock_new_periodic_id(clock, gst_clock_get_time(clock) + interval, interval);
    gst_clock_id_wait_async(id_, tick, new std::shared_ptr<Shared>(shared_),
                            [](gpointer data) { delete static_cast<std::shared_ptr<Shared> *>(data); });
}

Ticker::~Ticker() {
    gst_clock_id_unschedule(id_);
    {
        MutexLock lock(shared_->mutex);
        shared_->job = nullptr;
    }
    gst_clock_id_unref(id_);
}

gboolean Ticker::tick(GstClock *, GstClockTime, GstClockID, gpointer data) {
    const std::shared_ptr<Shared> shared = *static_cast<std::shared_ptr<Shared> *>(data);
    MutexLock lock(shared->mutex);
    if (shared->job)
        shared->job();
    return TRUE;
}

} // namespace rostrum
