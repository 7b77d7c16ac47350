// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A prepared SQLite statement.

#pragma once

#include <cstdint>
#include <sqlite3.h>
#include <string>
#include <string_view>

namespace rostrum {

/// Thread-bound to its connection's lock. One use: bind, step until false, then it is reset by itself at the next use.
class Statement {
  public:
    Statement() = default;
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement &) = delete;
    Statement &operator=(const Statement &) = delete;

    bool prepare(sqlite3 *db, const char *sql) {
        return sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) == SQLITE_OK;
    }

    /// Resets it and binds; texts and blobs must live until the last step.
    template <class... Values> Statement &with(const Values &...values) {
        sqlite3_reset(statement_);
        int index = 0;
        (bind(++index, values), ...);
        return *this;
    }

    /// True: a row is there. False: done or failed.
    bool step() { return (code_ = sqlite3_step(statement_)) == SQLITE_ROW; }
    /// To the end; true when it worked.
    bool run() {
        while (step()) {
        }
        sqlite3_reset(statement_);
        return code_ == SQLITE_DONE;
    }
    bool failed() const { return code_ != SQLITE_ROW && code_ != SQLITE_DONE; }
    void reset() { sqlite3_reset(statement_); }

    int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    std::string bytes(int column) const {
        const auto *data = static_cast<const char *>(sqlite3_column_blob(statement_, column));
        return data ? std::string(data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))) : std::string();
    }

  private:
    void bind(int index, int64_t value) { sqlite3_bind_int64(statement_, index, value); }
    void bind(int index, std::string_view text) {
        sqlite3_bind_blob64(statement_, index, text.data() ? text.data() : "", text.size(), SQLITE_STATIC);
    }

    sqlite3_stmt *statement_ = nullptr;
    int code_ = SQLITE_OK;
};

} // namespace rostrum
