// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/session/minute_report.h"
#include "tools/rostrum/store/minutes.h"

#include <map>
#include <span>

namespace rostrum {

/// Minutes of all participants of all sessions on their way into the database: the running ones are kept here, those
/// that are over are written a few at a time, so that a full session does not hold up anybody. Thread-bound: main
/// thread.
class QualityLog {
  public:
    explicit QualityLog(MinuteStore &store) : store_(store) {}
    /// Writes what is left.
    ~QualityLog();

    /// `now_minute`: since 1970.
    void note(const std::string &session, std::span<const MinuteRow> rows, int64_t now_minute);
    /// No more will come.
    void session_over(const std::string &session);
    /// Oldest first, what is not written yet too. `participant` may be kWholeSession.
    std::vector<MinuteRow> minutes(const std::string &session, const std::string &participant);

  private:
    struct Key {
        std::string session, participant;
        int64_t minute = 0;
        auto operator<=>(const Key &) const = default;
    };
    using Minutes = std::map<Key, MinuteReport>;
    void write_later(Minutes::iterator minute);
    bool write_some(size_t count);

    MinuteStore &store_;
    Minutes running_, over_;
    Timer timer_;
};

} // namespace rostrum
