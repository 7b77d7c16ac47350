// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "gst_ptr.h"

#include <utility>

namespace rostrum::session {

namespace {

struct Posted {
    Alive alive;
    std::function<void()> work;
};

gboolean run_posted(gpointer data) {
    auto *posted = static_cast<Posted *>(data);
    if (*posted->alive)
        posted->work();
    return G_SOURCE_REMOVE;
}

void free_posted(gpointer data) {
    delete static_cast<Posted *>(data);
}

} // namespace

void post_to_main(const Alive &alive, std::function<void()> work) {
    g_idle_add_full(G_PRIORITY_DEFAULT, run_posted, new Posted{alive, std::move(work)}, free_posted);
}

void Timer::start(unsigned interval_ms, std::function<bool()> work) {
    stop();
    running_ = new Running{this, 0, std::move(work)};
    running_->id = g_timeout_add_full(G_PRIORITY_DEFAULT, interval_ms, fire, running_,
                                      [](gpointer running) { delete static_cast<Running *>(running); });
}

void Timer::stop() {
    Running *running = std::exchange(running_, nullptr);
    if (!running)
        return;
    running->owner = nullptr;
    g_source_remove(running->id);
}

gboolean Timer::fire(gpointer data) {
    auto *running = static_cast<Running *>(data);
    if (running->work())
        return G_SOURCE_CONTINUE;
    if (running->owner)
        running->owner->running_ = nullptr;
    return G_SOURCE_REMOVE;
}

} // namespace rostrum::session
