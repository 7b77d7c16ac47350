// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Deliveries that are not made yet, in a SQLite file (or in memory), in order per location.

#pragma once

#include "sync/mutex.h"
#include "webhooksink/statement.h"
#include "wire/result.h"

#include <memory>
#include <optional>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

struct Delivery {
    int64_t row = 0;
    std::string id;         // "msg_…", the same in every attempt
    int64_t sequence = 0;   // 1, 2, 3 … per location, over the life of the spool
    std::string type;       // the event's name, may be empty
    int64_t created_ms = 0; // since 1970
    unsigned attempts = 0;
    int64_t due_ms = 0; // since 1970: not before
    std::string body;
};

/// Several spools (also of other processes) may have the same file, each with its own location. Thread-safe.
class Spool {
  public:
    /// `path` empty: in memory. `max_bytes`: of waiting bodies of this location, 0 = no limit.
    static Result<std::unique_ptr<Spool>> open(const std::string &path, const std::string &location,
                                               uint64_t max_bytes);
    ~Spool();

    /// On disk (WAL) when it returns. 503: over the limit; 500: the text says what SQLite said.
    Result<Delivery> put(std::string_view body, std::string_view type, int64_t now_ms);
    /// The oldest one, if any.
    Result<std::optional<Delivery>> front();
    /// An attempt failed; not again before `due_ms`.
    bool postpone(const Delivery &delivery, int64_t due_ms);
    /// Delivered, or given up.
    bool remove(const Delivery &delivery);
    /// The endpoint is gone: forgets all that waits, and says how many that were.
    int64_t clear();

    int64_t endpoint() const { return endpoint_; } // number of the location in this file

  private:
    Spool() = default;
    Result<bool> set_up(const std::string &path, const std::string &location) REQUIRES(mutex_);
    bool prepare() REQUIRES(mutex_);
    bool exec(const char *sql) REQUIRES(mutex_);
    Error failure(const char *what) REQUIRES(mutex_);
    Result<Delivery> insert(Delivery delivery, std::string_view body) REQUIRES(mutex_);

    struct CloseDb {
        void operator()(sqlite3 *db) const { sqlite3_close(db); }
    };

    peerwire::Mutex mutex_;
    std::unique_ptr<sqlite3, CloseDb> db_ GUARDED_BY(mutex_); // outlives the statements
    Statement next_sequence_ GUARDED_BY(mutex_), insert_ GUARDED_BY(mutex_), front_ GUARDED_BY(mutex_),
        postpone_ GUARDED_BY(mutex_), remove_ GUARDED_BY(mutex_), clear_ GUARDED_BY(mutex_);
    uint64_t waiting_bytes_ GUARDED_BY(mutex_) = 0; // of what this spool knows of
    uint64_t max_bytes_ = 0;
    int64_t endpoint_ = 0;
};

} // namespace rostrum
