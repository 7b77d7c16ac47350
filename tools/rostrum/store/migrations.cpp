// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/store/database.h"
#include "tools/rostrum/store/migration_deliveries.h"
#include "tools/rostrum/store/migration_lists.h"

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
    )sql",           "ALTER TABLE sessions ADD COLUMN composition TEXT NOT NULL DEFAULT ''",
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
    R"sql(
    CREATE TABLE api_keys (
        api_key TEXT PRIMARY KEY, name TEXT NOT NULL, secret TEXT NOT NULL, old_secret TEXT NOT NULL,
        old_until INTEGER NOT NULL, disabled INTEGER NOT NULL, created_at INTEGER NOT NULL,
        rotated_at INTEGER NOT NULL, used_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    )sql",
    R"sql(
    CREATE TABLE participant_details (
        number INTEGER PRIMARY KEY, session_id TEXT NOT NULL, participant_id TEXT NOT NULL, document_id TEXT NOT NULL,
        device TEXT NOT NULL, UNIQUE (session_id, participant_id)
    );
    CREATE TABLE participant_events (
        participant INTEGER NOT NULL, kind TEXT NOT NULL, start_at INTEGER NOT NULL, end_at INTEGER,
        document_id TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (participant, start_at, document_id)
    ) WITHOUT ROWID;
    CREATE INDEX participant_events_open ON participant_events (participant, kind) WHERE end_at IS NULL;
    CREATE TABLE participant_minutes (
        participant INTEGER NOT NULL, minute INTEGER NOT NULL, numbers TEXT NOT NULL, PRIMARY KEY (participant, minute)
    ) WITHOUT ROWID;
    CREATE TABLE chat_messages (
        number INTEGER PRIMARY KEY, session_id TEXT NOT NULL, id TEXT NOT NULL, topic TEXT NOT NULL,
        sender_id TEXT NOT NULL, sender_name TEXT NOT NULL, message TEXT NOT NULL, payload TEXT NOT NULL,
        recipients TEXT NOT NULL, sent_at INTEGER NOT NULL
    );
    CREATE INDEX chat_messages_by_topic ON chat_messages (session_id, topic, number);
    ALTER TABLE sessions ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX sessions_to_prune ON sessions (end_at) WHERE end_at IS NOT NULL AND pruned = 0;
    )sql",
    R"sql(
    CREATE TABLE replies (
        api_key TEXT NOT NULL, idempotency_key TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
        content_type TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL,
        PRIMARY KEY (api_key, idempotency_key)
    ) WITHOUT ROWID;
    CREATE INDEX replies_by_age ON replies (created_at);
    )sql",
    R"sql(
    DROP TABLE webhook_endpoints;
    CREATE TABLE webhook_endpoints (
        id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1,
        disabled_why TEXT NOT NULL DEFAULT '', created_at INTEGER NOT NULL, failed_at INTEGER,
        status INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE webhook_lanes (
        endpoint INTEGER NOT NULL REFERENCES webhook_endpoints (id), room_id TEXT NOT NULL,
        sequence INTEGER NOT NULL, head INTEGER, due_at INTEGER, PRIMARY KEY (endpoint, room_id)
    ) WITHOUT ROWID;
    CREATE INDEX webhook_lanes_waiting ON webhook_lanes (endpoint, due_at, head) WHERE head IS NOT NULL;
    CREATE TABLE webhook_deliveries (
        row INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
        endpoint INTEGER NOT NULL REFERENCES webhook_endpoints (id), room_id TEXT NOT NULL, session_id TEXT NOT NULL,
        output_id TEXT NOT NULL, type TEXT NOT NULL, sequence INTEGER NOT NULL, state TEXT NOT NULL,
        created_at INTEGER NOT NULL, queued_at INTEGER NOT NULL, due_at INTEGER NOT NULL, settled_at INTEGER,
        attempts INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
        body TEXT NOT NULL
    );
    CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint, room_id) WHERE state = 'waiting';
    CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (state);
    CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint, state);
    CREATE INDEX webhook_deliveries_by_room ON webhook_deliveries (room_id);
    CREATE TABLE webhook_results (
        output_id TEXT NOT NULL, row INTEGER NOT NULL, type TEXT NOT NULL, success INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (output_id, row)
    ) WITHOUT ROWID;
    )sql",
    R"sql(
    CREATE INDEX chat_messages_by_session ON chat_messages (session_id);
    CREATE INDEX sessions_pruned ON sessions (id) WHERE pruned = 1;
    )sql",
    R"sql(
    ALTER TABLE sessions ADD COLUMN mutes TEXT NOT NULL DEFAULT '';
    CREATE TABLE resource_units (
        id TEXT PRIMARY KEY, type TEXT NOT NULL, mode TEXT NOT NULL, quality TEXT NOT NULL, webhook_url TEXT NOT NULL,
        state TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX resource_units_by_age ON resource_units (created_at, id);
    )sql",           kCountLists,
    R"sql(
    CREATE INDEX outputs_by_participant ON outputs (json_extract(details, '$.request.participant'), kind, seq)
        WHERE NOT deleted;
    )sql",           "DROP INDEX sessions_pruned; UPDATE sessions SET pruned = 0 WHERE pruned = 1",
    kCountDeliveries,
};

constexpr int64_t kKnown = std::size(kSteps);
// For another process that does the same: some 100,000 rows are numbered in a second.
constexpr char kWaitLong[] = "PRAGMA busy_timeout = 60000", kWaitShort[] = "PRAGMA busy_timeout = 250";

int64_t version_of(Database &database) {
    Query query = database.query("PRAGMA user_version");
    query.run();
    return query.integer(0);
}

/// Rolls back unless it is committed. Waits for other writers, unlike a Transaction, which keeps for later.
class Step {
  public:
    explicit Step(Database &database) : database_(database) { database.execute("BEGIN IMMEDIATE"); }
    Step(const Step &) = delete;
    Step &operator=(const Step &) = delete;
    ~Step() {
        if (!done_)
            guarded([this] { database_.execute("ROLLBACK"); });
    }
    void commit() {
        database_.execute("COMMIT");
        done_ = true;
    }

  private:
    Database &database_;
    bool done_ = false;
};

/// Takes one step, if nobody else has taken it meanwhile.
void step_from(int64_t version, Database &database) {
    Step step(database);
    if (version_of(database) != version)
        return;
    database.execute(kSteps[version]);
    database.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str());
    step.commit();
}

} // namespace

void migrate(Database &database) {
    if (version_of(database) < kKnown) {
        database.execute(kWaitLong);
        for (int64_t version; (version = version_of(database)) < kKnown;)
            step_from(version, database);
        database.execute(kWaitShort);
    }
    if (version_of(database) > kKnown)
        throw DatabaseError("the database was written by a newer version of rostrum");
}

} // namespace rostrum
