// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/database.h"

#include "tools/rostrum/base/glib_handles.h"

namespace rostrum {
namespace {

constexpr int kBusyTimeoutMs = 250; // a backup or `sqlite3` at the shell; what takes longer is waited for by retrying
constexpr int kWalTries = 200, kWalRetryMs = 10;
constexpr unsigned kRetryMs = 1000;        // of a commit that failed
constexpr size_t kMaxKeptBytes = 16 << 20; // an hour of joining and leaving of thousands

[[noreturn]] void fail(sqlite3 *handle, const char *what) {
    throw DatabaseError(std::string(what) + ": " + (handle ? sqlite3_errmsg(handle) : "out of memory"));
}

/// Of a new file. SQLite itself does not wait for another process that does the same.
int use_wal(sqlite3 *handle) {
    int result = SQLITE_BUSY;
    for (int i = 0; i < kWalTries && result == SQLITE_BUSY; ++i) {
        if (i > 0)
            sqlite3_sleep(kWalRetryMs);
        result = sqlite3_exec(handle, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    }
    return result;
}

} // namespace

Query::~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Query &Query::bind_value(Value value) {
    values_.push_back(std::move(value));
    if (!writes_)
        bind_to(statement_, static_cast<int>(values_.size()), values_.back());
    return *this;
}

bool Query::step() {
    if (std::exchange(writes_, false))
        return database_.write({statement_, std::move(values_)});
    switch (sqlite3_step(statement_)) {
    case SQLITE_ROW:
        return true;
    case SQLITE_DONE:
        return false;
    default:
        fail(sqlite3_db_handle(statement_), "sqlite3_step");
    }
}

std::string Query::text(int column) const {
    const auto *data = reinterpret_cast<const char *>(sqlite3_column_text(statement_, column));
    return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : "";
}

int64_t Query::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}
bool Query::null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Database::Database(const std::string &path) : clock_([this] { commit(); }) {
    sqlite3 *handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (result == SQLITE_OK) {
        sqlite3_busy_timeout(handle, kBusyTimeoutMs);
        result = use_wal(handle); // the first look into it
    }
    if (result != SQLITE_OK)
        fail(handle, path.c_str());
    execute("PRAGMA synchronous = FULL");
    execute("PRAGMA foreign_keys = ON");
    execute("PRAGMA cache_spill = OFF"); // a turn is written as a whole, by its commit
    execute("PRAGMA temp_store = MEMORY");
}

Database::~Database() {
    waiting_.clear(); // whoever was to be told may be gone
    if (open_ || !log_.empty())
        commit();
}

Query Database::query(const char *sql) {
    auto found = statements_.find(std::string_view(sql));
    if (found == statements_.end()) {
        sqlite3_stmt *prepared = nullptr;
        if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK)
            fail(handle_.get(), sql);
        found = statements_.emplace(sql, prepared).first;
    }
    if (!open_ && !log_.empty())
        open();
    return {*this, found->second.get()};
}

void Database::execute(const char *sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(handle_.get(), "sqlite3_exec");
}

/// Does it now, or keeps it for later when the disk is in the way. True: it returns a row.
bool Database::write(Write write) {
    if (!fault_.empty() && log_.bytes() > kMaxKeptBytes)
        throw DatabaseError("too much waits to be written: " + fault_);
    bool row = false;
    changes_ = 1;
    if (open()) {
        for (size_t i = 0; i < write.values.size(); ++i)
            bind_to(write.statement, static_cast<int>(i) + 1, write.values[i]);
        const int result = sqlite3_step(write.statement);
        if (result != SQLITE_ROW && result != SQLITE_DONE) {
            if (!is_disk_fault(result))
                fail(handle_.get(), "sqlite3_step");
            abandon();
        } else {
            row = result == SQLITE_ROW;
            changes_ = sqlite3_changes64(handle_.get());
        }
    }
    log_.push(std::move(write));
    return row;
}

/// Sees to it that SQLite has a transaction with all of the log in it. False while the disk is in the way.
bool Database::open() {
    if (open_)
        return true;
    if (fault_.empty())
        clock_.start();
    if (stuck_ || on_disk_only_)
        return false;
    open_ = sqlite3_exec(handle_.get(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK;
    ++transactions_;
    if (!open_ || !log_.replay())
        abandon();
    return open_;
}

/// The transaction is gone; the log goes into the next one.
void Database::abandon() {
    trouble_ = sqlite3_errmsg(handle_.get());
    if (!sqlite3_get_autocommit(handle_.get()))
        sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    open_ = false;
    stuck_ = true;
}

bool Database::commit() {
    clock_.stop();
    stuck_ = false;
    if (open()) {
        if (sqlite3_exec(handle_.get(), "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK) {
            open_ = false;
            succeeded();
            return true;
        }
        abandon();
    }
    stuck_ = false; // queries may see what is not on disk: it is done again
    failed();
    return false;
}

void Database::succeeded() {
    log_.truncate(0);
    if (!fault_.empty())
        g_message("everything is stored again");
    fault_.clear();
    std::move(waiting_.begin(), waiting_.end(), std::back_inserter(telling_));
    waiting_.clear();
    while (!telling_.empty()) {
        guarded(telling_.front().told); // pending() meanwhile, so that what this asks for comes after the others
        telling_.pop_front();
    }
}

void Database::failed() {
    clock_.start_after(kRetryMs);
    if (fault_.empty())
        g_warning("what has to be stored is kept until it can be: %s", trouble_.c_str());
    fault_ = trouble_;
    for (auto &waiting : std::exchange(waiting_, {})) {
        if (waiting.failed)
            guarded(waiting.failed);
        else
            waiting_.push_back(std::move(waiting));
    }
}

void Database::after_commit(std::function<void()> told, std::function<void()> failed) {
    if (failed && !fault_.empty())
        return failed();
    if (!pending())
        return told();
    const bool written = open_ || !log_.empty();
    (written ? waiting_ : telling_).push_back({std::move(told), std::move(failed)});
}

void Database::flush() {
    if ((open_ || !log_.empty()) && !commit())
        throw DatabaseError(fault_);
}

Database::OnDiskOnly::OnDiskOnly(Database &database) : database_(database) {
    if (database.fault_.empty())
        return;
    const bool stuck = database.stuck_; // then another try would wait for the other writer once more
    database.abandon();
    database.stuck_ = stuck;
    database.on_disk_only_ = true;
}

Database::Mark Database::set_mark() {
    if (open())
        execute("SAVEPOINT part");
    return {log_.size(), open_ ? transactions_ : 0};
}

void Database::release(const Mark &mark) {
    if (open_ && mark.transaction == transactions_)
        execute("RELEASE part");
}

void Database::return_to(const Mark &mark) {
    log_.truncate(mark.writes);
    if (!open_)
        return;
    const bool here = mark.transaction == transactions_;
    if (!here ||
        sqlite3_exec(handle_.get(), "ROLLBACK TO part; RELEASE part", nullptr, nullptr, nullptr) != SQLITE_OK) {
        abandon();
        stuck_ = false;
    }
}

Transaction::~Transaction() {
    if (!done_)
        database_.return_to(mark_);
}

void Transaction::commit() {
    database_.release(mark_);
    done_ = true;
}

} // namespace rostrum
