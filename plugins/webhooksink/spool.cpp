// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/spool.h"

#include <algorithm>
#include <fcntl.h>
#include <openssl/rand.h>
#include <unistd.h>

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr int kBusyMs = 2000; // another sink of the same file is in a transaction

// A commit survives the death of the process; after a power cut the newest ones may be missing.
constexpr char kPragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=16777216;";
constexpr char kSchema[] =
    "CREATE TABLE IF NOT EXISTS endpoint(id INTEGER PRIMARY KEY, location BLOB NOT NULL UNIQUE, "
    "                                    next_sequence INTEGER NOT NULL DEFAULT 1);"
    "CREATE TABLE IF NOT EXISTS delivery(id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, sequence INTEGER NOT NULL, "
    "  message_id BLOB NOT NULL, type BLOB NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, "
    "  due_ms INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL, UNIQUE(endpoint, sequence));";

std::string new_message_id() {
    constexpr char kDigits[] = "0123456789abcdef";
    unsigned char bytes[16];
    RAND_bytes(bytes, sizeof bytes);
    std::string id = "msg_";
    for (const unsigned char byte : bytes) {
        id += kDigits[byte >> 4];
        id += kDigits[byte & 15];
    }
    return id;
}

/// Bodies may hold personal data: only the owner reads them. SQLite gives its WAL the same mode.
void create_private(const std::string &path) {
    if (const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); fd >= 0)
        ::close(fd);
}

} // namespace

Spool::~Spool() = default;

Result<std::unique_ptr<Spool>> Spool::open(const std::string &path, const std::string &location, uint64_t max_bytes) {
    std::unique_ptr<Spool> spool(new Spool);
    spool->max_bytes_ = max_bytes;
    MutexLock lock(spool->mutex_);
    if (const auto ready = spool->set_up(path, location); !ready)
        return ready.error();
    return spool;
}

Error Spool::failure(const char *what) {
    return {500, std::string(what) + ": " + (db_ ? sqlite3_errmsg(db_.get()) : "out of memory")};
}

bool Spool::exec(const char *sql) {
    return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

Result<bool> Spool::set_up(const std::string &path, const std::string &location) {
    if (!path.empty())
        create_private(path);
    sqlite3 *db = nullptr;
    const int code = sqlite3_open_v2(path.empty() ? ":memory:" : path.c_str(), &db,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    db_.reset(db);
    if (code != SQLITE_OK)
        return failure("open");
    sqlite3_busy_timeout(db, kBusyMs);
    if (!exec(kPragmas) || !exec(kSchema) || !prepare())
        return failure("set up");
    Statement insert, select, size;
    if (!insert.prepare(db, "INSERT OR IGNORE INTO endpoint(location) VALUES(?)") ||
        !select.prepare(db, "SELECT id FROM endpoint WHERE location = ?") || !insert.with(location).run() ||
        !select.with(location).step())
        return failure("set up");
    endpoint_ = select.integer(0);
    if (!size.prepare(db, "SELECT coalesce(sum(length(body)), 0) FROM delivery WHERE endpoint = ?") ||
        !size.with(endpoint_).step())
        return failure("set up");
    waiting_bytes_ = static_cast<uint64_t>(size.integer(0));
    return true;
}

bool Spool::prepare() {
    sqlite3 *db = db_.get();
    return next_sequence_.prepare(db, "UPDATE endpoint SET next_sequence = next_sequence + 1 WHERE id = ? "
                                      "RETURNING next_sequence - 1") &&
           insert_.prepare(db, "INSERT INTO delivery(endpoint, sequence, message_id, type, created_ms, body) "
                               "VALUES(?, ?, ?, ?, ?, ?)") &&
           front_.prepare(db, "SELECT id, message_id, sequence, type, created_ms, attempts, due_ms, body FROM delivery "
                              "WHERE endpoint = ? ORDER BY sequence LIMIT 1") &&
           postpone_.prepare(db, "UPDATE delivery SET attempts = ?, due_ms = ? WHERE id = ?") &&
           remove_.prepare(db, "DELETE FROM delivery WHERE id = ?") &&
           clear_.prepare(db, "DELETE FROM delivery WHERE endpoint = ?");
}

Result<Delivery> Spool::put(std::string_view body, std::string_view type, int64_t now_ms) {
    MutexLock lock(mutex_);
    if (max_bytes_ > 0 && waiting_bytes_ + body.size() > max_bytes_)
        return Error{503, "the spool is full"};
    Delivery delivery;
    delivery.id = new_message_id();
    delivery.type = type;
    delivery.created_ms = now_ms;
    if (!exec("BEGIN IMMEDIATE"))
        return failure("begin");
    auto stored = insert(std::move(delivery), body);
    if (!stored)
        exec("ROLLBACK");
    return stored;
}

Result<Delivery> Spool::insert(Delivery delivery, std::string_view body) {
    if (!next_sequence_.with(endpoint_).step())
        return failure("number");
    delivery.sequence = next_sequence_.integer(0);
    next_sequence_.reset();
    if (!insert_.with(endpoint_, delivery.sequence, delivery.id, delivery.type, delivery.created_ms, body).run())
        return failure("insert");
    delivery.row = sqlite3_last_insert_rowid(db_.get());
    if (!exec("COMMIT"))
        return failure("commit");
    waiting_bytes_ += body.size();
    return delivery;
}

Result<std::optional<Delivery>> Spool::front() {
    MutexLock lock(mutex_);
    if (!front_.with(endpoint_).step()) {
        if (front_.failed())
            return failure("read");
        front_.reset();
        return std::optional<Delivery>();
    }
    Delivery delivery;
    delivery.row = front_.integer(0);
    delivery.id = front_.bytes(1);
    delivery.sequence = front_.integer(2);
    delivery.type = front_.bytes(3);
    delivery.created_ms = front_.integer(4);
    delivery.attempts = static_cast<unsigned>(front_.integer(5));
    delivery.due_ms = front_.integer(6);
    delivery.body = front_.bytes(7);
    front_.reset(); // an open read would keep the WAL from being checkpointed
    return std::optional(std::move(delivery));
}

bool Spool::postpone(const Delivery &delivery, int64_t due_ms) {
    MutexLock lock(mutex_);
    return postpone_.with(int64_t{delivery.attempts}, due_ms, delivery.row).run();
}

bool Spool::remove(const Delivery &delivery) {
    MutexLock lock(mutex_);
    if (!remove_.with(delivery.row).run())
        return false;
    waiting_bytes_ -= std::min<uint64_t>(waiting_bytes_, delivery.body.size());
    return true;
}

int64_t Spool::clear() {
    MutexLock lock(mutex_);
    waiting_bytes_ = 0;
    return clear_.with(endpoint_).run() ? sqlite3_changes64(db_.get()) : 0;
}

} // namespace rostrum
