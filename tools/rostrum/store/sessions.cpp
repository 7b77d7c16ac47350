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

std::vector<SessionRecord> read_sessions(Query &rows) {
    std::vector<SessionRecord> sessions;
    while (rows.step())
        sessions.push_back(read_session(rows));
    return sessions;
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

void SessionStore::begin_end(const std::string &id, const std::string &reason) {
    database_.query("UPDATE sessions SET reason = ? WHERE id = ? AND end_at IS NULL").bind(reason).bind(id).run();
}

std::string SessionStore::mutes(const std::string &id) {
    Query query = database_.query("SELECT mutes FROM sessions WHERE id = ?");
    query.bind(id);
    return query.step() ? query.text(0) : "";
}

void SessionStore::set_mutes(const std::string &id, const std::string &mutes) {
    database_.query("UPDATE sessions SET mutes = ? WHERE id = ?").bind(mutes).bind(id).run();
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
    if (filter.ongoing == true)
        return list_ongoing(filter, page);
    const auto range = begun_between(filter);
    if (!range)
        return {};
    const std::string list = filter.ongoing ? "ended" : "sessions";
    const bool all = filter.room_id.empty();
    const PageStart start = find_page(database_, all ? list : list + "/" + filter.room_id, page, Order::NewestFirst,
                                      *range, [&](const SeqRange &part) { return count(filter, part); });
    // ?1 NULL: those that run, too
#define SESSION_RANGE " s.seq BETWEEN ?2 AND ?3 AND (?1 IS NULL OR s.end_at IS NOT NULL)"
#define SESSION_PAGE SESSION_RANGE " ORDER BY s.seq DESC LIMIT ?4 OFFSET ?5"
    Query rows = database_.query(all ? SESSION_SELECT "WHERE" SESSION_PAGE
                                     : SESSION_SELECT "WHERE s.room_id = ?6 AND" SESSION_PAGE);
    rows.bind(filter.ongoing ? std::optional<int64_t>(1) : std::nullopt);
    rows.bind(range->first).bind(start.seq).bind(page.per_page).bind(start.skip);
    if (!all)
        rows.bind(filter.room_id);
    return {read_sessions(rows), start.total};
}

int64_t SessionStore::count(const SessionFilter &filter, const SeqRange &range) {
    const bool all = filter.room_id.empty();
    Query row = database_.query(all ? "SELECT count(*) FROM sessions s WHERE" SESSION_RANGE
                                    : "SELECT count(*) FROM sessions s WHERE s.room_id = ?4 AND" SESSION_RANGE);
    row.bind(filter.ongoing ? std::optional<int64_t>(1) : std::nullopt).bind(range.first).bind(range.last);
    if (!all)
        row.bind(filter.room_id);
    row.run();
    return row.integer(0);
}

/// Sessions are numbered in the order in which they begin. Nothing: none began then.
std::optional<SeqRange> SessionStore::begun_between(const SessionFilter &filter) {
    SeqRange range;
    if (filter.started_from) {
        Query first = database_.query("SELECT min(seq) FROM sessions WHERE start_at ="
                                      " (SELECT start_at FROM sessions WHERE start_at >= ? ORDER BY start_at LIMIT 1)");
        first.bind(*filter.started_from).run();
        if (first.null(0))
            return std::nullopt;
        range.first = first.integer(0);
    }
    if (filter.started_to) {
        Query last =
            database_.query("SELECT max(seq) FROM sessions WHERE start_at ="
                            " (SELECT start_at FROM sessions WHERE start_at <= ? ORDER BY start_at DESC LIMIT 1)");
        last.bind(*filter.started_to).run();
        if (last.null(0))
            return std::nullopt;
        range.last = last.integer(0);
    }
    return range.first > range.last ? std::nullopt : std::optional(range);
}

/// There are never more than the server runs at once.
Page<SessionRecord> SessionStore::list_ongoing(const SessionFilter &filter, const PageRequest &page) {
    Page<SessionRecord> result;
    Query rows = database_.query("SELECT s.id, s.room_id, r.custom_room_id, s.start_at, s.end_at, s.reason"
                                 " FROM sessions s INDEXED BY sessions_ongoing JOIN rooms r ON r.room_id = s.room_id"
                                 " WHERE s.end_at IS NULL AND (?1 = '' OR s.room_id = ?1)"
                                 " AND s.start_at BETWEEN ?2 AND ?3 ORDER BY s.seq DESC");
    rows.bind(filter.room_id)
        .bind(filter.started_from.value_or(0))
        .bind(filter.started_to.value_or(std::numeric_limits<int64_t>::max()));
    for (; rows.step(); ++result.total)
        if (result.total >= page.offset() && result.total < page.offset() + page.per_page)
            result.items.push_back(read_session(rows));
    return result;
}

std::vector<SessionRecord> SessionStore::ongoing() {
    Query rows = database_.query(SESSION_SELECT "WHERE s.end_at IS NULL ORDER BY s.start_at");
    return read_sessions(rows);
}

Page<ParticipantRecord> SessionStore::participants(const std::string &id, bool present_only, const PageRequest &page) {
    if (present_only)
        return present(id, page);
    const PageStart start = find_page(database_, "participants/" + id, page, Order::OldestFirst);
    Page<ParticipantRecord> result{{}, start.total};
    if (start.seq < 0)
        return result;
    Query rows = database_.query("SELECT participant_id, name, mode FROM participants WHERE session_id = ?"
                                 " AND seq >= ? ORDER BY seq LIMIT ? OFFSET ?");
    rows.bind(id).bind(start.seq).bind(page.per_page).bind(start.skip);
    while (rows.step())
        result.items.push_back({rows.text(0), rows.text(1), rows.text(2), timelog(id, rows.text(0))});
    return result;
}

/// There are never more than a session takes at once.
Page<ParticipantRecord> SessionStore::present(const std::string &id, const PageRequest &page) {
    Page<ParticipantRecord> result;
    Query rows = database_.query("SELECT DISTINCT p.participant_id, p.name, p.mode, p.seq FROM timelog t"
                                 " INDEXED BY timelog_present JOIN participants p ON p.session_id = t.session_id"
                                 " AND p.participant_id = t.participant_id"
                                 " WHERE t.session_id = ? AND t.end_at IS NULL ORDER BY p.seq");
    for (rows.bind(id); rows.step(); ++result.total)
        if (result.total >= page.offset() && result.total - page.offset() < page.per_page)
            result.items.push_back({rows.text(0), rows.text(1), rows.text(2), timelog(id, rows.text(0))});
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
