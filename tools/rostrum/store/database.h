// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// SQLite with owners and without surprises: prepared statements are kept, errors are exceptions of one type.

#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <sqlite3.h>
#include <stdexcept>
#include <string>

namespace rostrum {

struct DatabaseError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// One run of a prepared statement; resets it when it goes out of scope.
class Query {
  public:
    explicit Query(sqlite3_stmt *statement) : statement_(statement) {}
    Query(Query &&other) noexcept = delete;
    ~Query();

    Query &bind(const std::string &value);
    Query &bind(int64_t value);
    Query &bind(const std::optional<std::string> &value);
    Query &bind(const std::optional<int64_t> &value);

    bool step(); ///< true: there is a row
    void run() { (void)step(); }

    std::string text(int column) const; ///< NULL is ""
    int64_t integer(int column) const;
    bool null(int column) const;

  private:
    sqlite3_stmt *statement_;
    int next_ = 1;
};

/// Thread-bound: main thread. Writes are durable against a crash of the process, not of the machine (WAL, NORMAL).
class Database {
  public:
    /// ":memory:" for tests. Throws DatabaseError.
    explicit Database(const std::string &path);

    /// A statement text is prepared once and kept. Only one Query of the same text may be alive at a time.
    Query query(const char *sql);
    void execute(const char *sql);
    int64_t changes() const { return sqlite3_changes64(handle_.get()); }

  private:
    struct Close {
        void operator()(sqlite3 *handle) const { sqlite3_close_v2(handle); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
    };
    std::unique_ptr<sqlite3, Close> handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// Rolls back unless committed. Does not nest.
class Transaction {
  public:
    explicit Transaction(Database &database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    ~Transaction();
    void commit();

  private:
    Database &database_;
    bool done_ = false;
};

/// Brings the schema up to date, one step per `user_version`. Refuses a file that a newer version wrote.
void migrate(Database &database);

} // namespace rostrum
