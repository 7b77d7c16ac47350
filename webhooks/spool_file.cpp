// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace rostrum {

namespace {

constexpr int kBusyMs = 2000; // another sink of the same file is in a transaction

constexpr char kPragmas[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=16777216;";
constexpr char kSchema[] =
    "CREATE TABLE IF NOT EXISTS endpoint(id INTEGER PRIMARY KEY, location BLOB NOT NULL UNIQUE, "
    "  next_sequence INTEGER NOT NULL DEFAULT 1);"
    "CREATE TABLE IF NOT EXISTS delivery(id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, sequence INTEGER NOT NULL, "
    "  message_id BLOB NOT NULL, type BLOB NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, "
    "  due_ms INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL, UNIQUE(endpoint, sequence));"
    "CREATE TABLE IF NOT EXISTS dead(id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, sequence INTEGER NOT NULL, "
    "  message_id BLOB NOT NULL, type BLOB NOT NULL, created_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, "
    "  died_ms INTEGER NOT NULL, status INTEGER NOT NULL, error BLOB NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS dead_by_endpoint ON dead(endpoint, id);";

/// Bodies may hold personal data: only the owner reads them. SQLite gives its WAL the same mode.
void create_private(const std::string &path) {
    if (const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); fd >= 0)
        ::close(fd);
}

} // namespace

Result<std::unique_ptr<SpoolFile>> SpoolFile::open(const std::string &path, const std::string &location) {
    std::unique_ptr<SpoolFile> file(new SpoolFile);
    if (const auto ready = file->set_up(path, location); !ready)
        return ready.error();
    return file;
}

std::string SpoolFile::error() const {
    return db_ ? sqlite3_errmsg(db_.get()) : "out of memory";
}

Error SpoolFile::failure(const char *what) const {
    const int code = db_ ? sqlite3_errcode(db_.get()) : SQLITE_NOMEM;
    return {code == SQLITE_BUSY || code == SQLITE_LOCKED ? 503 : 500, std::string(what) + ": " + error()};
}

bool SpoolFile::exec(const char *sql) {
    return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

Result<bool> SpoolFile::set_up(const std::string &path, const std::string &location) {
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
    Statement insert, select;
    if (!insert.prepare(db, "INSERT OR IGNORE INTO endpoint(location) VALUES(?)") ||
        !select.prepare(db, "SELECT id FROM endpoint WHERE location = ?") || !insert.with(location).run() ||
        !select.with(location).step())
        return failure("set up");
    endpoint_ = select.integer(0);
    return true;
}

bool SpoolFile::prepare() {
    sqlite3 *db = db_.get();
    return next_sequence_.prepare(db, "UPDATE endpoint SET next_sequence = next_sequence + 1 WHERE id = ? "
                                      "RETURNING next_sequence - 1") &&
           last_sequence_.prepare(db, "SELECT next_sequence - 1 FROM endpoint WHERE id = ?") &&
           insert_.prepare(db, "INSERT INTO delivery(endpoint, sequence, message_id, type, created_ms, body) "
                               "VALUES(?, ?, ?, ?, ?, ?)") &&
           postpone_.prepare(db, "UPDATE delivery SET attempts = ?, due_ms = ? WHERE endpoint = ? AND sequence = ?") &&
           remove_.prepare(db, "DELETE FROM delivery WHERE endpoint = ? AND sequence = ?") &&
           bury_.prepare(db, "INSERT INTO dead(endpoint, sequence, message_id, type, created_ms, attempts, died_ms, "
                             "  status, error, body) "
                             "SELECT endpoint, sequence, message_id, type, created_ms, max(attempts, ?), ?, ?, ?, body "
                             "FROM delivery WHERE endpoint = ? AND sequence BETWEEN ? AND ? ORDER BY sequence") &&
           remove_all_.prepare(db, "DELETE FROM delivery WHERE endpoint = ?") &&
           limit_dead_.prepare(db, "DELETE FROM dead WHERE id IN (SELECT id FROM (SELECT id, sum(length(body)) "
                                   "OVER (ORDER BY id DESC) AS total FROM dead WHERE endpoint = ?) WHERE total > ?)") &&
           revive_.prepare(db, "INSERT OR IGNORE INTO delivery(endpoint, sequence, message_id, type, created_ms, body) "
                               "SELECT endpoint, sequence, message_id, type, ?, body FROM dead "
                               "WHERE endpoint = ? AND (length(?) = 0 OR message_id = ?)") &&
           forget_.prepare(db, "DELETE FROM dead WHERE endpoint = ? AND (length(?) = 0 OR message_id = ?)") &&
           read_.prepare(db, "SELECT sequence, message_id, type, created_ms, attempts, due_ms, body FROM delivery "
                             "WHERE endpoint = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?") &&
           waiting_bytes_.prepare(db, "SELECT coalesce(sum(length(body)), 0) FROM delivery WHERE endpoint = ?") &&
           dead_.prepare(db, "SELECT message_id, sequence, type, created_ms, died_ms, attempts, status, error "
                             "FROM dead WHERE endpoint = ? ORDER BY id DESC LIMIT ?") &&
           version_.prepare(db, "PRAGMA data_version");
}

/// The log itself: SQLite writes and syncs nothing at the end of a transaction that leaves every byte as it was. Others
/// may write meanwhile, and do not see it as a change.
bool SpoolFile::sync() {
    const int64_t sequence = last_sequence();
    sqlite3_file *log = nullptr;
    if (sequence < 0 || sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK)
        return false;
    if (log && log->pMethods && log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) != SQLITE_OK) // none: in memory
        return false;
    synced_sequence_ = sequence;
    return true;
}

int64_t SpoolFile::last_sequence() {
    const int64_t sequence = last_sequence_.with(endpoint_).step() ? last_sequence_.integer(0) : -1;
    last_sequence_.reset();
    return sequence;
}

bool SpoolFile::is_synced() {
    return last_sequence() == synced_sequence_;
}

bool SpoolFile::insert(const Delivery &delivery) {
    if (!next_sequence_.with(endpoint_).step())
        return false;
    const int64_t sequence = next_sequence_.integer(0);
    next_sequence_.reset();
    return insert_
        .with(endpoint_, sequence, std::string_view(delivery.id), std::string_view(delivery.type), delivery.created_ms,
              std::string_view(delivery.body))
        .run();
}

bool SpoolFile::postpone(int64_t sequence, unsigned attempts, int64_t due_ms) {
    return postpone_.with(int64_t{attempts}, due_ms, endpoint_, sequence).run();
}

bool SpoolFile::remove(int64_t sequence) {
    return remove_.with(endpoint_, sequence).run();
}

bool SpoolFile::bury(const Delivery &delivery, std::string_view error, unsigned status, int64_t now_ms) {
    return bury_
               .with(int64_t{delivery.attempts}, now_ms, int64_t{status}, error, endpoint_, delivery.sequence,
                     delivery.sequence)
               .run() &&
           remove(delivery.sequence);
}

bool SpoolFile::bury_all(std::string_view error, unsigned status, int64_t now_ms) {
    return bury_.with(int64_t{0}, now_ms, int64_t{status}, error, endpoint_, int64_t{0}, INT64_MAX).run() &&
           remove_all_.with(endpoint_).run();
}

bool SpoolFile::limit_dead(uint64_t max_bytes) {
    return max_bytes == 0 || limit_dead_.with(endpoint_, static_cast<int64_t>(max_bytes)).run();
}

bool SpoolFile::revive(std::string_view id, int64_t now_ms, int64_t &revived) {
    if (!revive_.with(now_ms, endpoint_, id, id).run() || !forget_.with(endpoint_, id, id).run())
        return false;
    revived = sqlite3_changes64(db_.get());
    return true;
}

Result<std::vector<Delivery>> SpoolFile::read(int64_t after_sequence, size_t limit, size_t bytes) {
    std::vector<Delivery> deliveries;
    read_.with(endpoint_, after_sequence, synced_sequence_, static_cast<int64_t>(limit));
    for (size_t size = 0; size < bytes && read_.step();) {
        Delivery delivery;
        delivery.row = delivery.sequence = read_.integer(0);
        delivery.id = read_.bytes(1);
        delivery.type = read_.bytes(2);
        delivery.created_ms = read_.integer(3);
        delivery.attempts = static_cast<unsigned>(read_.integer(4));
        delivery.due_ms = read_.integer(5);
        delivery.body = read_.bytes(6);
        size += delivery.body.size();
        deliveries.push_back(std::move(delivery));
    }
    const bool failed = read_.failed();
    read_.reset(); // an open read would keep the WAL from being checkpointed
    if (failed)
        return failure("read");
    return deliveries;
}

Result<uint64_t> SpoolFile::waiting_bytes() {
    if (!waiting_bytes_.with(endpoint_).step())
        return failure("read");
    const auto bytes = static_cast<uint64_t>(waiting_bytes_.integer(0));
    waiting_bytes_.reset();
    return bytes;
}

Result<std::vector<DeadLetter>> SpoolFile::dead_letters(size_t limit) {
    std::vector<DeadLetter> letters;
    for (dead_.with(endpoint_, static_cast<int64_t>(limit)); dead_.step();) {
        DeadLetter letter;
        letter.id = dead_.bytes(0);
        letter.sequence = dead_.integer(1);
        letter.type = dead_.bytes(2);
        letter.created_ms = dead_.integer(3);
        letter.died_ms = dead_.integer(4);
        letter.attempts = static_cast<unsigned>(dead_.integer(5));
        letter.status = static_cast<unsigned>(dead_.integer(6));
        letter.error = dead_.bytes(7);
        letters.push_back(std::move(letter));
    }
    const bool failed = dead_.failed();
    dead_.reset();
    if (failed)
        return failure("read");
    return letters;
}

bool SpoolFile::is_changed_by_others() {
    if (!version_.with().step())
        return false;
    const int64_t version = version_.integer(0);
    version_.reset();
    return std::exchange(data_version_, version) != version;
}

} // namespace rostrum
