// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/database.h"

namespace rostrum {
namespace {

// Step n takes a file from user_version n to n + 1. Steps that have been released are never edited.
// Times are milliseconds since 1970; columns that only the API reads and writes are JSON.
constexpr const char *kSteps[] = {
    R"sql(
    CREATE TABLE rooms (
        id TEXT PRIMARY KEY, room_id TEXT NOT NULL UNIQUE, custom_room_id TEXT UNIQUE,
        disabled INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        settings TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX rooms_by_age ON rooms (created_at, id);
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY, room_id TEXT NOT NULL REFERENCES rooms (room_id),
        start_at INTEGER NOT NULL, end_at INTEGER, reason TEXT
    ) WITHOUT ROWID;
    CREATE INDEX sessions_by_age ON sessions (start_at, id);
    CREATE INDEX sessions_by_room ON sessions (room_id, start_at);
    CREATE INDEX sessions_ongoing ON sessions (id) WHERE end_at IS NULL;
    CREATE TABLE participants (
        session_id TEXT NOT NULL REFERENCES sessions (id), participant_id TEXT NOT NULL,
        name TEXT NOT NULL, mode TEXT NOT NULL, joined_at INTEGER NOT NULL,
        PRIMARY KEY (session_id, participant_id)
    ) WITHOUT ROWID;
    CREATE TABLE timelog (
        session_id TEXT NOT NULL, participant_id TEXT NOT NULL, start_at INTEGER NOT NULL, end_at INTEGER,
        FOREIGN KEY (session_id, participant_id) REFERENCES participants (session_id, participant_id)
    );
    CREATE INDEX timelog_by_participant ON timelog (session_id, participant_id, start_at);
    CREATE TABLE outputs (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, session_id TEXT NOT NULL REFERENCES sessions (id),
        room_id TEXT NOT NULL, created_at INTEGER NOT NULL, start_at INTEGER, end_at INTEGER,
        state TEXT NOT NULL, webhook_url TEXT NOT NULL DEFAULT '', details TEXT NOT NULL,
        deleted INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX outputs_by_age ON outputs (kind, created_at, id);
    CREATE INDEX outputs_by_session ON outputs (session_id, kind, created_at);
    CREATE INDEX outputs_by_room ON outputs (room_id, kind, created_at);
    CREATE TABLE webhook_endpoints (url TEXT PRIMARY KEY, used_at INTEGER NOT NULL) WITHOUT ROWID;
    )sql",
    "ALTER TABLE sessions ADD COLUMN composition TEXT NOT NULL DEFAULT ''",
    R"sql(
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, output_id TEXT NOT NULL,
        session_id TEXT NOT NULL, room_id TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
        not_before INTEGER NOT NULL, attempts INTEGER NOT NULL, webhook_url TEXT NOT NULL, document TEXT NOT NULL,
        resume TEXT NOT NULL, result TEXT NOT NULL, error TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX jobs_by_age ON jobs (kind, created_at, id);
    CREATE INDEX jobs_by_state ON jobs (state, created_at, id);
    )sql",
};

} // namespace

void migrate(Database &database) {
    const auto known = static_cast<int64_t>(std::size(kSteps));
    auto version = [&] {
        Query query = database.query("PRAGMA user_version");
        query.run();
        return query.integer(0);
    };
    if (version() > known)
        throw DatabaseError("the database was written by a newer version of rostrum");
    for (int64_t step = version(); step < known; ++step) {
        Transaction transaction(database);
        database.execute(kSteps[step]);
        database.execute(("PRAGMA user_version = " + std::to_string(step + 1)).c_str());
        transaction.commit();
    }
}

} // namespace rostrum
