// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Deliveries of one location in a SQLite file (or in memory), and those that were given up.

#pragma once

#include "webhooks/delivery_store.h"
#include "webhooks/statement.h"

#include <memory>

namespace rostrum {

using peerwire::Error;
using peerwire::Result;

struct DeadLetter {
    std::string id;
    int64_t sequence = 0;
    std::string type;
    int64_t created_ms = 0, died_ms = 0; // since 1970
    unsigned attempts = 0;
    unsigned status = 0; // of the last attempt
    std::string error;   // of the last attempt
};

/// Several of them (also of other processes) may have the same file, each with its own location. Thread-bound. Changes
/// are made between begin() and commit(); a false means that SQLite failed and error() says why. `row` of a delivery is
/// its sequence: no number is used twice.
class SpoolFile {
  public:
    /// `path` empty: in memory. 503: somebody has locked it.
    static Result<std::unique_ptr<SpoolFile>> open(const std::string &path, const std::string &location);

    bool begin() { return exec("BEGIN IMMEDIATE"); }
    /// It survives the death of the process; that of the machine only after sync().
    bool commit() { return exec("COMMIT"); }
    void rollback() { exec("ROLLBACK"); }
    bool sync();
    /// Whether no number was given since, by whomever.
    bool is_synced();
    std::string error() const;

    /// Gives it the next number.
    bool insert(const Delivery &delivery);
    bool postpone(int64_t sequence, unsigned attempts, int64_t due_ms);
    bool remove(int64_t sequence);
    bool bury(const Delivery &delivery, std::string_view error, unsigned status, int64_t now_ms);
    /// All that waits.
    bool bury_all(std::string_view error, unsigned status, int64_t now_ms);
    /// Forgets the oldest dead letters beyond this many bytes of bodies; 0: no limit.
    bool limit_dead(uint64_t max_bytes);
    /// Makes a dead letter wait again under its number, all of them when `id` is empty. `revived` counts them.
    bool revive(std::string_view id, int64_t now_ms, int64_t &revived);

    /// In order, of what is synced; at most `limit` of them and about `bytes` of bodies, but at least one.
    Result<std::vector<Delivery>> read(int64_t after_sequence, size_t limit, size_t bytes);
    Result<uint64_t> waiting_bytes();
    /// The newest ones first.
    Result<std::vector<DeadLetter>> dead_letters(size_t limit);
    /// Whether another connection has written since the last call.
    bool is_changed_by_others();

    int64_t endpoint() const { return endpoint_; } // number of the location in this file

  private:
    SpoolFile() = default;
    Result<bool> set_up(const std::string &path, const std::string &location);
    bool prepare();
    int64_t last_sequence(); ///< that was given; -1: the file cannot be read
    bool exec(const char *sql);
    Error failure(const char *what) const;

    struct CloseDb {
        void operator()(sqlite3 *db) const { sqlite3_close(db); }
    };
    std::unique_ptr<sqlite3, CloseDb> db_; // outlives the statements
    Statement next_sequence_, last_sequence_, insert_, postpone_, remove_, bury_, remove_all_, limit_dead_, revive_,
        forget_, read_, waiting_bytes_, dead_, version_;
    int64_t endpoint_ = 0;
    int64_t data_version_ = 0;
    int64_t synced_sequence_ = 0; // the last number given before sync()
};

} // namespace rostrum
