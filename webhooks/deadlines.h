// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One timer for a deadline of each of many.

#pragma once

#include <cstdint>
#include <functional>
#include <gio/gio.h>
#include <map>
#include <set>

namespace rostrum {

/// Thread-bound to the thread of its context.
class Deadlines {
  public:
    Deadlines(GMainContext *context, std::function<void(int64_t)> due);
    ~Deadlines();
    Deadlines(const Deadlines &) = delete;
    Deadlines &operator=(const Deadlines &) = delete;

    /// `due(id)` is called once at `at_us` (monotonic) or soon after; an earlier deadline of the same id stays instead.
    void set(int64_t id, int64_t at_us);
    void forget(int64_t id);

  private:
    void run();
    void arm();

    const std::function<void(int64_t)> due_;
    std::map<int64_t, int64_t> by_id_;
    std::set<std::pair<int64_t, int64_t>> by_time_;
    GSource *const source_;
};

} // namespace rostrum
