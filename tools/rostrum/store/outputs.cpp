// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/outputs.h"

#include "tools/rostrum/store/pages.h"

namespace rostrum {
namespace {

#define OUTPUT_COLUMNS "id, kind, session_id, room_id, created_at, start_at, end_at, state, webhook_url, details"

OutputRecord read_output(const Query &row) {
    OutputRecord output;
    output.id = row.text(0);
    output.kind = output_kind(row.text(1)).value_or(OutputKind::Recording);
    output.session_id = row.text(2);
    output.room_id = row.text(3);
    output.created_at = row.integer(4);
    if (!row.null(5))
        output.start = row.integer(5);
    if (!row.null(6))
        output.end = row.integer(6);
    output.state = row.text(7);
    output.webhook_url = row.text(8);
    output.details = parse_json(row.text(9)).value_or(Json::object());
    return output;
}

} // namespace

void OutputStore::create(const OutputRecord &output) {
    database_.query("INSERT INTO outputs (" OUTPUT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(output.id)
        .bind(std::string(traits(output.kind).name))
        .bind(output.session_id)
        .bind(output.room_id)
        .bind(output.created_at)
        .bind(output.start)
        .bind(output.end)
        .bind(output.state)
        .bind(output.webhook_url)
        .bind(output.details.dump())
        .run();
}

void OutputStore::update(const OutputRecord &output) {
    database_.query("UPDATE outputs SET start_at = ?, end_at = ?, state = ?, details = ? WHERE id = ?")
        .bind(output.start)
        .bind(output.end)
        .bind(output.state)
        .bind(output.details.dump())
        .bind(output.id)
        .run();
}

std::optional<OutputRecord> OutputStore::find(OutputKind kind, const std::string &id) {
    Query row = database_.query("SELECT " OUTPUT_COLUMNS " FROM outputs WHERE id = ? AND kind = ? AND NOT deleted");
    return row.bind(id).bind(std::string(traits(kind).name)).step() ? std::optional(read_output(row)) : std::nullopt;
}

std::optional<OutputRecord> OutputStore::find_recording(const std::string &id) {
    Query row = database_.query("SELECT " OUTPUT_COLUMNS " FROM outputs WHERE id = ? AND NOT deleted");
    if (!row.bind(id).step())
        return std::nullopt;
    OutputRecord output = read_output(row);
    return is_recording(output.kind) ? std::optional(output) : std::nullopt;
}

std::vector<OutputRecord> OutputStore::unprocessed() {
    std::vector<OutputRecord> outputs;
    Query rows = database_.query("SELECT " OUTPUT_COLUMNS " FROM outputs WHERE end_at IS NOT NULL AND kind LIKE"
                                 " '%recording' AND NOT deleted AND json_extract(details, '$.processing') IS NULL");
    while (rows.step())
        outputs.push_back(read_output(rows));
    return outputs;
}

Page<OutputRecord> OutputStore::list(OutputKind kind, const OutputFilter &filter, const PageRequest &page) {
    const std::string name = traits(kind).name;
    const std::string owner = filter.session_id.empty() ? filter.room_id : filter.session_id;
    if (!filter.participant_id.empty() || (!filter.session_id.empty() && !filter.room_id.empty()))
        return search(name, filter, page);
    const PageStart start = find_page(database_, owner.empty() ? name : name + "/" + owner, page, Order::NewestFirst);
#define OUTPUT_PAGE " kind = ?1 AND seq <= ?2 AND NOT deleted ORDER BY seq DESC LIMIT ?3 OFFSET ?4"
    const char *sql = owner.empty() ? "SELECT " OUTPUT_COLUMNS " FROM outputs WHERE" OUTPUT_PAGE
                      : filter.session_id.empty()
                          ? "SELECT " OUTPUT_COLUMNS " FROM outputs WHERE room_id = ?5 AND" OUTPUT_PAGE
                          : "SELECT " OUTPUT_COLUMNS " FROM outputs WHERE session_id = ?5 AND" OUTPUT_PAGE;
    Query rows = database_.query(sql);
    rows.bind(name).bind(start.seq).bind(page.per_page).bind(start.skip);
    if (!owner.empty())
        rows.bind(owner);
    Page<OutputRecord> result{{}, start.total};
    while (rows.step())
        result.items.push_back(read_output(rows));
    return result;
}

/// Walks over those of the participant, or of the session.
Page<OutputRecord> OutputStore::search(const std::string &kind, const OutputFilter &filter, const PageRequest &page) {
    Page<OutputRecord> result;
    const bool of_one = !filter.participant_id.empty();
#define OUTPUT_OWNER " kind = ?1 AND NOT deleted AND (?2 = '' OR room_id = ?2)"
    Query rows = database_.query(
        of_one ? "SELECT " OUTPUT_COLUMNS " FROM outputs INDEXED BY outputs_by_participant WHERE" OUTPUT_OWNER
                 " AND (?3 = '' OR session_id = ?3) AND json_extract(details, '$.request.participant') = ?4"
                 " ORDER BY seq DESC"
               : "SELECT " OUTPUT_COLUMNS " FROM outputs WHERE" OUTPUT_OWNER " AND session_id = ?3 ORDER BY seq DESC");
    rows.bind(kind).bind(filter.room_id).bind(filter.session_id);
    if (of_one)
        rows.bind(filter.participant_id);
    for (; rows.step(); ++result.total)
        if (result.total >= page.offset() && result.total - page.offset() < page.per_page)
            result.items.push_back(read_output(rows));
    return result;
}

std::vector<OutputRecord> OutputStore::running(const std::string &session_id) {
    std::vector<OutputRecord> outputs;
    Query rows = database_.query("SELECT " OUTPUT_COLUMNS " FROM outputs WHERE session_id = ? AND end_at IS NULL"
                                 " ORDER BY created_at, id");
    rows.bind(session_id);
    while (rows.step())
        outputs.push_back(read_output(rows));
    return outputs;
}

void OutputStore::remove(OutputKind kind, const std::string &id) {
    database_.query("UPDATE outputs SET deleted = 1 WHERE id = ? AND kind = ?")
        .bind(id)
        .bind(std::string(traits(kind).name))
        .run();
    // What has been forgotten of the session but for this: the history cleaner looks at it again.
    database_
        .query("UPDATE sessions SET pruned = 0 WHERE pruned = 1 AND id = (SELECT session_id FROM outputs WHERE id = ?)")
        .bind(id)
        .run();
}

} // namespace rostrum
