// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/write_log.h"

#include <glib.h>

namespace rostrum {
namespace {

size_t bytes_of(const Write &write) {
    size_t bytes = sizeof(Write) + write.values.size() * sizeof(Value);
    for (const auto &value : write.values)
        if (const auto *text = std::get_if<std::string>(&value))
            bytes += text->size();
    return bytes;
}

int run(const Write &write) {
    for (size_t i = 0; i < write.values.size(); ++i)
        bind_to(write.statement, static_cast<int>(i) + 1, write.values[i]);
    int result = sqlite3_step(write.statement);
    while (result == SQLITE_ROW)
        result = sqlite3_step(write.statement);
    sqlite3_reset(write.statement);
    sqlite3_clear_bindings(write.statement);
    return result;
}

} // namespace

void bind_to(sqlite3_stmt *statement, int position, const Value &value) {
    int result = SQLITE_OK;
    if (const auto *text = std::get_if<std::string>(&value))
        result = sqlite3_bind_text64(statement, position, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    else if (const auto *number = std::get_if<int64_t>(&value))
        result = sqlite3_bind_int64(statement, position, *number);
    else
        result = sqlite3_bind_null(statement, position);
    if (result != SQLITE_OK)
        throw DatabaseError(std::string("sqlite3_bind: ") + sqlite3_errstr(result));
}

bool is_disk_fault(int result) {
    switch (result & 0xff) { // without what extended codes add
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
    case SQLITE_PERM:
        return true;
    default:
        return false;
    }
}

void WriteLog::push(Write write) {
    bytes_ += bytes_of(write);
    writes_.push_back(std::move(write));
}

void WriteLog::truncate(size_t size) {
    for (; writes_.size() > size; writes_.pop_back())
        bytes_ -= bytes_of(writes_.back());
}

bool WriteLog::replay() {
    for (size_t i = 0; i < writes_.size();) {
        const int result = run(writes_[i]);
        if (result == SQLITE_DONE) {
            ++i;
            continue;
        }
        if (is_disk_fault(result))
            return false;
        g_warning("a write that was kept for later cannot be done: %s", sqlite3_errstr(result));
        bytes_ -= bytes_of(writes_[i]);
        writes_.erase(writes_.begin() + static_cast<ptrdiff_t>(i));
    }
    return true;
}

} // namespace rostrum
