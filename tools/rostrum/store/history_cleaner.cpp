// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/history_cleaner.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr unsigned kSoonMs = 50, kLaterMs = 600'000; // between two pieces; until somebody has aged

#define ROWS "LIMIT 200" // about 1 ms of the main thread

#define UNLISTED(output) "(" output ".deleted OR " output ".kind = 'livestream')"

// Children before parents. ?1 is the session.
constexpr const char *kDeletions[] = {
    "DELETE FROM participant_minutes WHERE (participant, minute) IN (SELECT m.participant, m.minute FROM"
    " participant_details d JOIN participant_minutes m ON m.participant = d.number WHERE d.session_id = ?1 " ROWS ")",
    "DELETE FROM participant_events WHERE (participant, start_at, document_id) IN (SELECT e.participant, e.start_at,"
    " e.document_id FROM participant_details d JOIN participant_events e ON e.participant = d.number"
    " WHERE d.session_id = ?1 " ROWS ")",
    "DELETE FROM participant_details WHERE number IN"
    " (SELECT number FROM participant_details WHERE session_id = ?1 " ROWS ")",
    "DELETE FROM chat_messages WHERE number IN (SELECT number FROM chat_messages WHERE session_id = ?1 " ROWS ")",
    "DELETE FROM timelog WHERE rowid IN (SELECT rowid FROM timelog WHERE session_id = ?1 " ROWS ")",
    "DELETE FROM participants WHERE session_id = ?1 AND participant_id IN"
    " (SELECT participant_id FROM participants WHERE session_id = ?1 " ROWS ")",
    "DELETE FROM webhook_results WHERE (output_id, row) IN (SELECT r.output_id, r.row FROM outputs o"
    " JOIN webhook_results r ON r.output_id = o.id WHERE o.session_id = ?1 AND " UNLISTED("o") " " ROWS ")",
    "DELETE FROM outputs WHERE id IN (SELECT id FROM outputs o WHERE session_id = ?1 AND " UNLISTED("o") " " ROWS ")",
};

} // namespace

void HistoryCleaner::keep(unsigned days) {
    if (days > 0)
        watch(int64_t{days} * kDayMs, kSoonMs);
}

void HistoryCleaner::watch(int64_t kept_ms, unsigned wait_ms) {
    timer_.once(wait_ms, [this, kept_ms] {
        bool more = false;
        try {
            more = clean_some(now_ms() - kept_ms);
        } catch (const DatabaseError &error) {
            g_warning("old sessions are forgotten later: %s", error.what());
        }
        watch(kept_ms, more ? kSoonMs : kLaterMs);
    });
}

bool HistoryCleaner::clean_some(int64_t time) {
    if (!database_.fault().empty())
        return false; // each piece would be kept, and done again with the next one
    std::string session;
    {
        Query oldest = database_.query("SELECT id FROM sessions WHERE end_at IS NOT NULL AND pruned = 0 AND end_at < ?"
                                       " ORDER BY end_at LIMIT 1");
        if (oldest.bind(time).step())
            session = oldest.text(0);
    }
    if (session.empty())
        return false;
    if (!delete_rows_of(session))
        forget(session);
    return true;
}

/// False when there was nothing to delete.
bool HistoryCleaner::delete_rows_of(const std::string &session) {
    for (const char *deletion : kDeletions) {
        database_.query(deletion).bind(session).run();
        if (database_.changes() > 0)
            return true;
    }
    return false;
}

void HistoryCleaner::forget(const std::string &session) {
    database_.query("DELETE FROM sessions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM outputs WHERE session_id = ?1)")
        .bind(session)
        .run();
    if (database_.changes() == 0)
        database_.query("UPDATE sessions SET pruned = 1 WHERE id = ?").bind(session).run();
}

} // namespace rostrum
