// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <glib.h>

#include <functional>

namespace rostrum {

/// A thread with a GMainContext of its own, the default one of that thread. Thread-safe.
class WorkerLoop {
  public:
    explicit WorkerLoop(const char *name);
    /// Runs what is due, forgets what is not, joins. Not from the worker itself.
    ~WorkerLoop();
    WorkerLoop(const WorkerLoop &) = delete;
    WorkerLoop &operator=(const WorkerLoop &) = delete;

    using Task = std::function<void()>;
    void post(Task task) { post_after(0, std::move(task)); }
    void post_after(unsigned delay_ms, Task task);
    /// Waits until the worker has run it.
    void run(Task task);

    GMainContext *context() const { return context_; }

  private:
    static gpointer thread_main(gpointer self);

    GMainContext *const context_;
    GMainLoop *const loop_;
    GThread *const thread_;
};

} // namespace rostrum
