// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "streamsrc/worker_loop.h"

#include "sync/mutex.h"

namespace rostrum {

WorkerLoop::WorkerLoop(const char *name)
    : context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)),
      thread_(g_thread_new(name, thread_main, this)) {}

WorkerLoop::~WorkerLoop() {
    post([this] { g_main_loop_quit(loop_); });
    g_thread_join(thread_);
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
}

gpointer WorkerLoop::thread_main(gpointer self) {
    auto *worker = static_cast<WorkerLoop *>(self);
    g_main_context_push_thread_default(worker->context_);
    g_main_loop_run(worker->loop_);
    g_main_context_pop_thread_default(worker->context_);
    return nullptr;
}

void WorkerLoop::post_after(unsigned delay_ms, Task task) {
    GSource *source = delay_ms == 0 ? g_idle_source_new() : g_timeout_source_new(delay_ms);
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
            (*static_cast<Task *>(data))();
            return G_SOURCE_REMOVE;
        },
        new Task(std::move(task)), [](gpointer data) { delete static_cast<Task *>(data); });
    g_source_attach(source, context_);
    g_source_unref(source);
}

void WorkerLoop::run(Task task) {
    peerwire::Mutex mutex;
    peerwire::CondVar changed;
    bool done = false;
    post([&] {
        task();
        peerwire::MutexLock lock(mutex);
        done = true;
        changed.notify_all();
    });
    peerwire::MutexLock lock(mutex);
    while (!done)
        changed.wait(mutex);
}

} // namespace rostrum
