// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

namespace rostrum {

// A step of the schema: rows of lists are numbered (`seq`), and how many of each 128 numbers are in a list is counted
// by the writes themselves, so that any page is found without walking over those before it (see pages.h).
// Lists: 'rooms' · 'sessions', 'sessions/ROOM', 'ended', 'ended/ROOM' · 'participants/SESSION' ·
// 'KIND', 'KIND/ROOM', 'KIND/SESSION' of outputs and of merges, whose 'KIND/STATE' is one too.
#define COUNT_ONE(list, table, key)                                                                                    \
    " INSERT INTO listed SELECT " list ", seq >> 7, 1 FROM " table " WHERE " key " ON CONFLICT DO UPDATE SET n = n + " \
    "1;"
#define COUNT_OFF(list, row)                                                                                           \
    " UPDATE listed SET n = n - 1 WHERE list = " list " AND block = " row ".seq >> 7;"                                 \
    " DELETE FROM listed WHERE list = " list " AND block = " row ".seq >> 7 AND n = 0;"
#define NUMBER_ROW(table, key)                                                                                         \
    " UPDATE " table " SET seq = (SELECT ifnull(max(seq), 0) + 1 FROM " table ") WHERE " key ";"
#define NUMBER_ALL(table, key, order)                                                                                  \
    "ALTER TABLE " table " ADD COLUMN seq INTEGER;"                                                                    \
    "CREATE INDEX " table "_by_seq ON " table " (seq);"                                                                \
    "UPDATE " table " SET seq = number FROM (SELECT " key " AS known, row_number() OVER (ORDER BY " order              \
    ") AS number FROM " table ") WHERE " key " = known;"
#define COUNT_ALL(list, table) "INSERT INTO listed SELECT " list ", seq >> 7, count(*) FROM " table " GROUP BY 1, 2;"

#define OF_ID "id = new.id"
#define OF_PARTICIPANT "session_id = new.session_id AND participant_id = new.participant_id"
#define MERGE " IN ('merge', 'composite-merge')"

// clang-format off
constexpr char kCountLists[] =
    "CREATE TABLE listed (list TEXT NOT NULL, block INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (list, block))"
    " WITHOUT ROWID;"

    NUMBER_ALL("rooms", "id", "created_at, id") COUNT_ALL("'rooms'", "rooms")
    "DROP INDEX IF EXISTS rooms_by_age;"
    "CREATE TRIGGER rooms_counted AFTER INSERT ON rooms BEGIN"
    NUMBER_ROW("rooms", OF_ID) COUNT_ONE("'rooms'", "rooms", OF_ID) " END;"

    NUMBER_ALL("sessions", "id", "start_at, id")
    COUNT_ALL("'sessions'", "sessions") COUNT_ALL("'sessions/' || room_id", "sessions")
    COUNT_ALL("'ended'", "sessions WHERE end_at IS NOT NULL")
    COUNT_ALL("'ended/' || room_id", "sessions WHERE end_at IS NOT NULL")
    "CREATE INDEX sessions_by_room_seq ON sessions (room_id, seq);"
    "CREATE TRIGGER sessions_counted AFTER INSERT ON sessions BEGIN"
    NUMBER_ROW("sessions", OF_ID) COUNT_ONE("'sessions'", "sessions", OF_ID)
    COUNT_ONE("'sessions/' || room_id", "sessions", OF_ID) " END;"
    "CREATE TRIGGER sessions_ended AFTER UPDATE OF end_at ON sessions WHEN old.end_at IS NULL AND new.end_at IS NOT"
    " NULL BEGIN" COUNT_ONE("'ended'", "sessions", OF_ID) COUNT_ONE("'ended/' || room_id", "sessions", OF_ID) " END;"
    "CREATE TRIGGER sessions_forgotten AFTER DELETE ON sessions BEGIN"
    COUNT_OFF("'sessions'", "old") COUNT_OFF("'sessions/' || old.room_id", "old") " END;"
    "CREATE TRIGGER ended_forgotten AFTER DELETE ON sessions WHEN old.end_at IS NOT NULL BEGIN"
    COUNT_OFF("'ended'", "old") COUNT_OFF("'ended/' || old.room_id", "old") " END;"

    NUMBER_ALL("participants", "session_id || ' ' || participant_id", "joined_at, participant_id")
    COUNT_ALL("'participants/' || session_id", "participants")
    "CREATE INDEX participants_by_session_seq ON participants (session_id, seq);"
    "CREATE INDEX timelog_present ON timelog (session_id, participant_id) WHERE end_at IS NULL;"
    "CREATE TRIGGER participants_counted AFTER INSERT ON participants BEGIN"
    NUMBER_ROW("participants", OF_PARTICIPANT)
    COUNT_ONE("'participants/' || session_id", "participants", OF_PARTICIPANT) " END;"
    "CREATE TRIGGER participants_forgotten AFTER DELETE ON participants BEGIN"
    COUNT_OFF("'participants/' || old.session_id", "old") " END;"

    NUMBER_ALL("outputs", "id", "created_at, id")
    COUNT_ALL("kind", "outputs WHERE NOT deleted") COUNT_ALL("kind || '/' || room_id", "outputs WHERE NOT deleted")
    COUNT_ALL("kind || '/' || session_id", "outputs WHERE NOT deleted")
    "DROP INDEX IF EXISTS outputs_by_age; DROP INDEX IF EXISTS outputs_by_session;"
    "DROP INDEX IF EXISTS outputs_by_room;"
    "CREATE INDEX outputs_by_kind_seq ON outputs (kind, seq) WHERE NOT deleted;"
    "CREATE INDEX outputs_by_room_seq ON outputs (room_id, kind, seq) WHERE NOT deleted;"
    "CREATE INDEX outputs_by_session_seq ON outputs (session_id, kind, seq);"
    "CREATE TRIGGER outputs_counted AFTER INSERT ON outputs BEGIN"
    NUMBER_ROW("outputs", OF_ID) COUNT_ONE("kind", "outputs", OF_ID)
    COUNT_ONE("kind || '/' || room_id", "outputs", OF_ID) COUNT_ONE("kind || '/' || session_id", "outputs", OF_ID)
    " END;"
    "CREATE TRIGGER outputs_removed AFTER UPDATE OF deleted ON outputs WHEN new.deleted AND NOT old.deleted BEGIN"
    COUNT_OFF("new.kind", "new") COUNT_OFF("new.kind || '/' || new.room_id", "new")
    COUNT_OFF("new.kind || '/' || new.session_id", "new") " END;"
    "CREATE TRIGGER outputs_forgotten AFTER DELETE ON outputs WHEN NOT old.deleted BEGIN"
    COUNT_OFF("old.kind", "old") COUNT_OFF("old.kind || '/' || old.room_id", "old")
    COUNT_OFF("old.kind || '/' || old.session_id", "old") " END;"

    NUMBER_ALL("jobs", "id", "created_at, id")
    COUNT_ALL("kind", "jobs WHERE kind" MERGE) COUNT_ALL("kind || '/' || state", "jobs WHERE kind" MERGE)
    COUNT_ALL("kind || '/' || room_id", "jobs WHERE room_id <> '' AND kind" MERGE)
    COUNT_ALL("kind || '/' || session_id", "jobs WHERE session_id <> '' AND kind" MERGE)
    "DROP INDEX IF EXISTS jobs_by_age;"
    "CREATE INDEX jobs_by_kind_seq ON jobs (kind, seq);"
    "CREATE INDEX jobs_by_room_seq ON jobs (room_id, kind, seq);"
    "CREATE INDEX jobs_by_session_seq ON jobs (session_id, kind, seq);"
    "CREATE INDEX jobs_by_state_seq ON jobs (state, kind, seq);"
    "CREATE TRIGGER jobs_counted AFTER INSERT ON jobs WHEN new.kind" MERGE " BEGIN"
    NUMBER_ROW("jobs", OF_ID) COUNT_ONE("kind", "jobs", OF_ID) COUNT_ONE("kind || '/' || state", "jobs", OF_ID)
    COUNT_ONE("kind || '/' || room_id", "jobs", OF_ID " AND room_id <> ''")
    COUNT_ONE("kind || '/' || session_id", "jobs", OF_ID " AND session_id <> ''") " END;"
    "CREATE TRIGGER jobs_moved AFTER UPDATE OF state ON jobs WHEN new.state <> old.state AND new.kind" MERGE " BEGIN"
    COUNT_OFF("new.kind || '/' || old.state", "new") COUNT_ONE("kind || '/' || state", "jobs", OF_ID) " END;"
    "CREATE TRIGGER jobs_forgotten AFTER DELETE ON jobs WHEN old.kind" MERGE " BEGIN" COUNT_OFF("old.kind", "old")
    COUNT_OFF("old.kind || '/' || old.state", "old") COUNT_OFF("old.kind || '/' || old.room_id", "old")
    COUNT_OFF("old.kind || '/' || old.session_id", "old") " END;";

// clang-format on

#undef COUNT_ONE
#undef COUNT_OFF
#undef NUMBER_ROW
#undef NUMBER_ALL
#undef COUNT_ALL
#undef OF_ID
#undef OF_PARTICIPANT
#undef MERGE

} // namespace rostrum
