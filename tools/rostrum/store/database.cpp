// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/database.h"

namespace rostrum {
namespace {

constexpr int kBusyTimeoutMs = 2000; // another process holds the file only for a backup or `rostrum` at the shell

[[noreturn]] void fail(sqlite3 *handle, const char *what) {
    throw DatabaseError(std::string(what) + ": " + (handle ? sqlite3_errmsg(handle) : "out of memory"));
}

void check_bind(sqlite3_stmt *statement, int result) {
    if (result != SQLITE_OK)
        fail(sqlite3_db_handle(statement), "sqlite3_bind");
}

} // namespace

Query::~Query() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Query &Query::bind(const std::string &value) {
    check_bind(statement_,
               sqlite3_bind_text64(statement_, next_++, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

Query &Query::bind(int64_t value) {
    check_bind(statement_, sqlite3_bind_int64(statement_, next_++, value));
    return *this;
}

Query &Query::bind(const std::optional<std::string> &value) {
    if (value)
        return bind(*value);
    check_bind(statement_, sqlite3_bind_null(statement_, next_++));
    return *this;
}

Query &Query::bind(const std::optional<int64_t> &value) {
    if (value)
        return bind(*value);
    check_bind(statement_, sqlite3_bind_null(statement_, next_++));
    return *this;
}

bool Query::step() {
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

Database::Database(const std::string &path) {
    sqlite3 *handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int result = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);
    if (result != SQLITE_OK)
        fail(handle, path.c_str());
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = NORMAL");
    execute("PRAGMA foreign_keys = ON");
}

Query Database::query(const char *sql) {
    auto &statement = statements_[sql];
    if (!statement) {
        sqlite3_stmt *prepared = nullptr;
        if (sqlite3_prepare_v3(handle_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared, nullptr) != SQLITE_OK)
            fail(handle_.get(), sql);
        statement.reset(prepared);
    }
    return Query(statement.get());
}

void Database::execute(const char *sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
        fail(handle_.get(), sql);
}

Transaction::~Transaction() {
    if (!done_)
        try {
            database_.execute("ROLLBACK");
        } catch (const DatabaseError &) { // SQLite has already rolled back by itself
        }
}

void Transaction::commit() {
    database_.execute("COMMIT");
    done_ = true;
}

} // namespace rostrum
