// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/sessions.h"

#include <limits>

namespace rostrum {
namespace {

#define SESSION_SELECT                                                                                                 \
    "SELECT s.id, s.room_id, r.custom_room_id, s.start_at, s.end_at, s.reason FROM sessions s"                         \
    " JOIN rooms r ON r.room_id = s.room_id "

SessionRecord read_session(const Query &row) {
    SessionRecord session;
    session.id = row.text(0);
    session.room_id = row.text(1);
    if (!row.null(2))
        session.custom_room_id = row.text(2);
    session.start = row.integer(3);
    if (!row.null(4))
        session.end = row.integer(4);
    session.reason = row.text(5);
    return session;
}

// ?1 room, ?2 -1 | ongoing 1 | ended 0, ?3 and ?4 bounds of the start
#define SESSION_WHERE                                                                                                  \
    " WHERE (?1 = '' OR s.room_id = ?1) AND (?2 < 0 OR (s.end_at IS NULL) = ?2) AND s.start_at BETWEEN ?3 AND ?4"

void bind_filter(Query &query, const SessionFilter &filter) {
    query.bind(filter.room_id)
        .bind(int64_t{filter.ongoing ? *filter.ongoing : -1})
        .bind(filter.started_from.value_or(0))
        .bind(filter.started_to.value_or(std::numeric_limits<int64_t>::max()));
}

} // namespace

void SessionStore::begin(const std::string &id, const std::string &room_id, int64_t now) {
    database_.query("INSERT INTO sessions (id, room_id, start_at) VALUES (?, ?, ?)")
        .bind(id)
        .bind(room_id)
        .bind(now)
        .run();
}

std::string SessionStore::composition(const std::string &id) {
    Query query = database_.query("SELECT composition FROM sessions WHERE id = ?");
    query.bind(id);
    return query.step() ? query.text(0) : "";
}

void SessionStore::set_composition(const std::string &id, const std::string &composition) {
    database_.query("UPDATE sessions SET composition = ? WHERE id = ?").bind(composition).bind(id).run();
}

void SessionStore::end(const std::string &id, const std::string &reason, int64_t now) {
    Transaction transaction(database_);
    database_.query("UPDATE timelog SET end_at = ? WHERE session_id = ? AND end_at IS NULL").bind(now).bind(id).run();
    database_.query("UPDATE sessions SET end_at = ?, reason = ? WHERE id = ? AND end_at IS NULL")
        .bind(now)
        .bind(reason)
        .bind(id)
        .run();
    transaction.commit();
}

void SessionStore::join(const std::string &id, const std::string &participant, const std::string &name,
                        const std::string &mode, int64_t now) {
    Transaction transaction(database_);
    database_
        .query(
            "INSERT INTO participants (session_id, participant_id, name, mode, joined_at) VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT DO UPDATE SET name = ?3, mode = ?4")
        .bind(id)
        .bind(participant)
        .bind(name)
        .bind(mode)
        .bind(now)
        .run();
    database_.query("INSERT INTO timelog (session_id, participant_id, start_at) VALUES (?, ?, ?)")
        .bind(id)
        .bind(participant)
        .bind(now)
        .run();
    transaction.commit();
}

void SessionStore::update(const std::string &id, const std::string &participant, const std::string &name,
                          const std::string &mode) {
    database_.query("UPDATE participants SET name = ?, mode = ? WHERE session_id = ? AND participant_id = ?")
        .bind(name)
        .bind(mode)
        .bind(id)
        .bind(participant)
        .run();
}

void SessionStore::leave(const std::string &id, const std::string &participant, int64_t now) {
    database_.query("UPDATE timelog SET end_at = ? WHERE session_id = ? AND participant_id = ? AND end_at IS NULL")
        .bind(now)
        .bind(id)
        .bind(participant)
        .run();
}

std::optional<SessionRecord> SessionStore::find(const std::string &id) {
    Query row = database_.query(SESSION_SELECT "WHERE s.id = ?");
    return row.bind(id).step() ? std::optional(read_session(row)) : std::nullopt;
}

Page<SessionRecord> SessionStore::list(const SessionFilter &filter, const PageRequest &page) {
    Page<SessionRecord> result;
    Query rows =
        database_.query(SESSION_SELECT SESSION_WHERE " ORDER BY s.start_at DESC, s.id DESC LIMIT ?5 OFFSET ?6");
    bind_filter(rows, filter);
    rows.bind(page.per_page).bind(page.offset());
    while (rows.step())
        result.items.push_back(read_session(rows));
    Query total = database_.query("SELECT count(*) FROM sessions s" SESSION_WHERE);
    bind_filter(total, filter);
    total.run();
    result.total = total.integer(0);
    return result;
}

std::vector<SessionRecord> SessionStore::ongoing() {
    std::vector<SessionRecord> sessions;
    Query rows = database_.query(SESSION_SELECT "WHERE s.end_at IS NULL ORDER BY s.start_at");
    while (rows.step())
        sessions.push_back(read_session(rows));
    return sessions;
}

Page<ParticipantRecord> SessionStore::participants(const std::string &id, bool present_only, const PageRequest &page) {
#define PARTICIPANT_WHERE                                                                                              \
    " FROM participants p WHERE session_id = ?1 AND (NOT ?2 OR EXISTS (SELECT 1 FROM timelog t WHERE"                  \
    " t.session_id = ?1 AND t.participant_id = p.participant_id AND t.end_at IS NULL))"
    Page<ParticipantRecord> result;
    Query rows = database_.query("SELECT participant_id, name, mode" PARTICIPANT_WHERE
                                 " ORDER BY joined_at, participant_id LIMIT ?3 OFFSET ?4");
    rows.bind(id).bind(int64_t{present_only}).bind(page.per_page).bind(page.offset());
    while (rows.step())
        result.items.push_back({rows.text(0), rows.text(1), rows.text(2), timelog(id, rows.text(0))});
    Query total = database_.query("SELECT count(*)" PARTICIPANT_WHERE);
    total.bind(id).bind(int64_t{present_only}).run();
    result.total = total.integer(0);
    return result;
}

std::optional<ParticipantRecord> SessionStore::participant(const std::string &id, const std::string &participant) {
    Query row = database_.query("SELECT participant_id, name, mode FROM participants"
                                " WHERE session_id = ? AND participant_id = ?");
    if (!row.bind(id).bind(participant).step())
        return std::nullopt;
    return ParticipantRecord{row.text(0), row.text(1), row.text(2), timelog(id, participant)};
}

std::vector<Stay> SessionStore::timelog(const std::string &id, const std::string &participant) {
    std::vector<Stay> stays;
    Query rows = database_.query("SELECT start_at, end_at FROM timelog WHERE session_id = ? AND participant_id = ?"
                                 " ORDER BY start_at");
    rows.bind(id).bind(participant);
    while (rows.step())
        stays.push_back({rows.integer(0), rows.null(1) ? std::nullopt : std::optional(rows.integer(1))});
    return stays;
}

} // namespace rostrum
