// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/deadlines.h"

namespace rostrum {

namespace {

/// Its only event is its ready time.
GSourceFuncs source_functions = {
    nullptr, nullptr, [](GSource *, GSourceFunc callback, gpointer data) -> gboolean { return callback(data); },
    nullptr, nullptr, nullptr};

} // namespace

Deadlines::Deadlines(GMainContext *context, std::function<void(int64_t)> due)
    : due_(std::move(due)), source_(g_source_new(&source_functions, sizeof(GSource))) {
    g_source_set_callback(
        source_,
        [](gpointer self) -> gboolean {
            static_cast<Deadlines *>(self)->run();
            return G_SOURCE_CONTINUE;
        },
        this, nullptr);
    g_source_attach(source_, context);
}

Deadlines::~Deadlines() {
    g_source_destroy(source_);
    g_source_unref(source_);
}

void Deadlines::set(int64_t id, int64_t at_us) {
    const auto [entry, is_new] = by_id_.emplace(id, at_us);
    if (!is_new) {
        if (entry->second <= at_us)
            return;
        by_time_.erase({entry->second, id});
        entry->second = at_us;
    }
    by_time_.emplace(at_us, id);
    arm();
}

void Deadlines::forget(int64_t id) {
    const auto entry = by_id_.find(id);
    if (entry == by_id_.end())
        return;
    by_time_.erase({entry->second, id});
    by_id_.erase(entry);
    arm();
}

void Deadlines::run() {
    const int64_t now_us = g_get_monotonic_time();
    while (!by_time_.empty() && by_time_.begin()->first <= now_us) {
        const int64_t id = by_time_.begin()->second;
        by_time_.erase(by_time_.begin());
        by_id_.erase(id);
        due_(id); // may set and forget
    }
    arm();
}

void Deadlines::arm() {
    g_source_set_ready_time(source_, by_time_.empty() ? -1 : by_time_.begin()->first);
}

} // namespace rostrum
