// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// SQLite with owners and without surprises: prepared statements are kept, errors are exceptions of one type, and what
// one turn of the main loop writes is one transaction.

#pragma once

#include "tools/rostrum/store/commit_clock.h"
#include "tools/rostrum/store/write_log.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace rostrum {

class Database;

/// One run of a prepared statement; resets it when it goes out of scope.
class Query {
  public:
    Query(Database &database, sqlite3_stmt *statement)
        : database_(database), statement_(statement), writes_(!sqlite3_stmt_readonly(statement)) {}
    Query(Query &&other) noexcept = delete;
    ~Query();

    Query &bind(const std::string &value) { return bind_value(value); }
    Query &bind(int64_t value) { return bind_value(value); }
    Query &bind(const std::optional<std::string> &value) { return value ? bind(*value) : bind_value(nullptr); }
    Query &bind(const std::optional<int64_t> &value) { return value ? bind(*value) : bind_value(nullptr); }

    bool step(); ///< true: there is a row
    void run() { (void)step(); }

    std::string text(int column) const; ///< NULL is ""
    int64_t integer(int column) const;
    bool null(int column) const;

  private:
    Query &bind_value(Value value);

    Database &database_;
    sqlite3_stmt *statement_;
    bool writes_; ///< and has not yet
    std::vector<Value> values_;
};

/// Thread-bound: main thread.
///
/// The first write after a commit begins a transaction; it is committed, on disk even if the machine loses its power,
/// when the main loop has dealt with all that was ready, 2 ms later at most, so that requests that come together share
/// one sync. Until then the changes are seen here and nowhere else. What tells anybody of a change waits for
/// after_commit().
///
/// A commit that fails (no room, I/O error, read-only) loses nothing: the writes are kept, as statements with their
/// values, and done again in order until they are on disk. While that goes on `fault()` says why. When they take more
/// than 16 MiB further ones throw.
class Database {
  public:
    /// ":memory:" for tests. Throws DatabaseError.
    explicit Database(const std::string &path);
    /// Commits what is written; tells nobody.
    ~Database();

    /// A statement text is prepared once and kept. Only one Query of the same text may be alive at a time.
    Query query(const char *sql);
    /// Outside of the transaction's log: for schema and pragmas.
    void execute(const char *sql);
    /// Of the last write.
    int64_t changes() const { return changes_; }

    /// Runs `told` when all that was written so far is on disk: at once when nothing is waiting, else in the order of
    /// the calls. `failed`, where given, is run in its place when that cannot be done now; without it `told` waits.
    void after_commit(std::function<void()> told, std::function<void()> failed = {});
    /// False: the disk is in the way, and what is written now is kept but cannot be read back.
    bool ready() { return open(); }
    /// Something is written and not on disk.
    bool pending() const { return open_ || !log_.empty() || !telling_.empty(); }
    /// Commits at once, and throws when that fails. For what does not run in the main loop.
    void flush();
    /// Why writes do not reach the disk, or "".
    const std::string &fault() const { return fault_; }

    /// While this is alive and there is a fault, queries see only what is on disk, and writes are kept for later.
    class OnDiskOnly {
      public:
        explicit OnDiskOnly(Database &database);
        OnDiskOnly(const OnDiskOnly &) = delete;
        OnDiskOnly &operator=(const OnDiskOnly &) = delete;
        ~OnDiskOnly() { database_.on_disk_only_ = false; }

      private:
        Database &database_;
    };

  private:
    friend class Query;
    friend class Transaction;
    struct Waiting {
        std::function<void()> told, failed;
    };
    struct Mark {
        size_t writes;
        uint64_t transaction; ///< 0: none was open
    };
    struct Close {
        void operator()(sqlite3 *handle) const { sqlite3_close_v2(handle); }
    };
    struct Finalize {
        void operator()(sqlite3_stmt *statement) const { sqlite3_finalize(statement); }
    };

    bool write(Write write);
    bool open();
    void abandon();
    bool commit();
    void succeeded();
    void failed();
    Mark set_mark();
    void release(const Mark &mark);
    void return_to(const Mark &mark);

    std::unique_ptr<sqlite3, Close> handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> statements_;
    int64_t changes_ = 0;

    WriteLog log_;              // all that is written and not on disk
    bool open_ = false;         // SQLite has a transaction, and in it is exactly the log
    bool stuck_ = false;        // it could not be opened: not tried again before the next commit is due
    bool on_disk_only_ = false; // see OnDiskOnly
    uint64_t transactions_ = 0;
    std::string trouble_, fault_;           // of the last attempt; until one succeeds
    std::deque<Waiting> waiting_, telling_; // for the next commit; after the last one, under way
    CommitClock clock_;
};

/// Takes back what was written since unless it is committed, which makes it part of the turn's transaction. Nests.
class Transaction {
  public:
    explicit Transaction(Database &database) : database_(database), mark_(database.set_mark()) {}
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    ~Transaction();
    void commit();

  private:
    Database &database_;
    const Database::Mark mark_;
    bool done_ = false;
};

/// Brings the schema up to date, one step per `user_version`. Refuses a file that a newer version wrote.
void migrate(Database &database);

} // namespace rostrum
