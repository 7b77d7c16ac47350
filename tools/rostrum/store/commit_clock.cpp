// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/commit_clock.h"

namespace rostrum {
namespace {

constexpr int64_t kMaxAgeUs = 2000; // what a request waits for others at most, to share a sync with them
constexpr int64_t kNever = -1, kAtOnce = 0;

} // namespace

CommitClock::CommitClock(std::function<void()> due)
    : due_(std::move(due)), idle_(add(G_PRIORITY_DEFAULT_IDLE)), deadline_(add(G_PRIORITY_HIGH)) {}

CommitClock::Source CommitClock::add(int priority) {
    static GSourceFuncs funcs = {
        nullptr, nullptr, [](GSource *, GSourceFunc callback, gpointer data) { return callback(data); },
        nullptr, nullptr, nullptr};
    Source source(g_source_new(&funcs, sizeof(GSource)));
    g_source_set_priority(source.get(), priority);
    g_source_set_callback(
        source.get(),
        [](gpointer data) -> gboolean {
            auto *self = static_cast<CommitClock *>(data);
            self->stop();
            self->due_();
            return G_SOURCE_CONTINUE;
        },
        this, nullptr);
    g_source_attach(source.get(), g_main_context_get_thread_default());
    return source;
}

void CommitClock::start() {
    if (started_)
        return;
    started_ = true;
    g_source_set_ready_time(idle_.get(), kAtOnce);
    g_source_set_ready_time(deadline_.get(), g_get_monotonic_time() + kMaxAgeUs);
}

void CommitClock::start_after(unsigned ms) {
    started_ = true;
    g_source_set_ready_time(idle_.get(), kNever);
    g_source_set_ready_time(deadline_.get(), g_get_monotonic_time() + int64_t{1000} * ms);
}

void CommitClock::stop() {
    started_ = false;
    g_source_set_ready_time(idle_.get(), kNever);
    g_source_set_ready_time(deadline_.get(), kNever);
}

} // namespace rostrum
