// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/attendance.h"

#include "tools/rostrum/base/ids.h"

#include <algorithm>

namespace rostrum {
namespace {

#define NUMBER_OF_PARTICIPANT "(SELECT number FROM participant_details WHERE session_id = ?1 AND participant_id = ?2)"

} // namespace

void AttendanceStore::enter(const std::string &session, const std::string &participant, const std::string &device) {
    database_
        .query(
            "INSERT INTO participant_details (session_id, participant_id, document_id, device) VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT DO UPDATE SET device = ?4 WHERE ?4 <> ''")
        .bind(session)
        .bind(participant)
        .bind(new_document_id())
        .bind(device)
        .run();
}

void AttendanceStore::begin(const std::string &session, const std::string &participant, const std::string &kind,
                            const std::string &value, int64_t now) {
    end(session, participant, kind, now);
    database_
        .query("INSERT INTO participant_events (participant, kind, value, start_at, document_id)"
               " SELECT number, ?3, ?4, ?5, ?6 FROM participant_details WHERE session_id = ?1 AND participant_id = ?2")
        .bind(session)
        .bind(participant)
        .bind(kind)
        .bind(value)
        .bind(now)
        .bind(new_document_id())
        .run();
}

void AttendanceStore::end(const std::string &session, const std::string &participant, const std::string &kind,
                          int64_t now) {
    database_
        .query("UPDATE participant_events SET end_at = ?4 WHERE participant = " NUMBER_OF_PARTICIPANT
               " AND kind = ?3 AND end_at IS NULL")
        .bind(session)
        .bind(participant)
        .bind(kind)
        .bind(now)
        .run();
}

void AttendanceStore::end_all(const std::string &session, const std::string &participant, int64_t now) {
    database_
        .query("UPDATE participant_events SET end_at = ?3 WHERE participant = " NUMBER_OF_PARTICIPANT
               " AND end_at IS NULL")
        .bind(session)
        .bind(participant)
        .bind(now)
        .run();
}

void AttendanceStore::end_session(const std::string &session, int64_t now) {
    database_
        .query("UPDATE participant_events SET end_at = ?2 WHERE end_at IS NULL AND participant IN"
               " (SELECT number FROM participant_details WHERE session_id = ?1)")
        .bind(session)
        .bind(now)
        .run();
}

Attendance AttendanceStore::find(const std::string &session, const std::string &participant) {
    Attendance attendance;
    Query details = database_.query("SELECT number, document_id, device FROM participant_details"
                                    " WHERE session_id = ? AND participant_id = ?");
    if (!details.bind(session).bind(participant).step())
        return attendance;
    attendance.document_id = details.text(1);
    attendance.device = details.text(2);
    Query rows = database_.query("SELECT kind, value, document_id, start_at, end_at FROM participant_events"
                                 " WHERE participant = ? ORDER BY start_at");
    rows.bind(details.integer(0));
    while (rows.step())
        attendance.spans.push_back({rows.text(0), rows.text(1), rows.text(2), rows.integer(3),
                                    rows.null(4) ? std::nullopt : std::optional(rows.integer(4))});
    return attendance;
}

std::vector<std::string> AttendanceStore::open_kinds(const std::string &session, const std::string &participant) {
    std::vector<std::string> kinds;
    Query rows = database_.query("SELECT kind FROM participant_events WHERE participant = " NUMBER_OF_PARTICIPANT
                                 " AND end_at IS NULL");
    rows.bind(session).bind(participant);
    while (rows.step())
        kinds.push_back(rows.text(0));
    return kinds;
}

int64_t AttendanceStore::active_ms(const std::string &session, int64_t now) {
    int64_t active = 0, until = 0;
    Query rows =
        database_.query("SELECT start_at, coalesce(end_at, ?2) FROM timelog WHERE session_id = ?1 ORDER BY start_at");
    rows.bind(session).bind(now);
    while (rows.step()) {
        const int64_t start = std::max(rows.integer(0), until), end = rows.integer(1);
        active += std::max<int64_t>(0, end - start);
        until = std::max(until, end);
    }
    return active;
}

} // namespace rostrum
