// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/store/database.h"

namespace rostrum {

/// Forgets sessions that ended long ago, few rows at a time. A session whose recordings or HLS streams are still listed
/// keeps its own row until they are deleted. Thread-bound: main thread.
class HistoryCleaner {
  public:
    explicit HistoryCleaner(Database &database) : database_(database) {}

    /// From now on whatever ended more than `days` ago goes. 0: nothing does.
    void keep(unsigned days);
    /// A piece of the work. False when nothing is left that ended before `time`, ms since 1970.
    bool clean_some(int64_t time);

  private:
    void watch(int64_t kept_ms, unsigned wait_ms);
    bool delete_rows_of(const std::string &session);
    void forget(const std::string &session);

    Database &database_;
    Timer timer_;
};

} // namespace rostrum
