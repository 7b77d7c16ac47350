// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"

#include <vector>

namespace rostrum {

/// Stands for all of a session where a participant is asked for.
constexpr const char *kWholeSession = "";

/// Numbers of one minute of a participant; what they mean is the caller's affair.
struct StoredMinute {
    int64_t minute = 0; ///< since 1970
    std::vector<int64_t> numbers;
};

/// A row for each minute of each participant, and one of the whole session. Thread-bound: main thread.
class MinuteStore {
  public:
    explicit MinuteStore(Database &database) : database_(database) {}

    /// Replaces what was known of that minute. Of somebody who never was in the session nothing is kept.
    void put(const std::string &session, const std::string &participant, const StoredMinute &minute);
    std::vector<StoredMinute> list(const std::string &session, const std::string &participant);

  private:
    Database &database_;
};

} // namespace rostrum
