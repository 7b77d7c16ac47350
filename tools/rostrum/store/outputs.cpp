// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/outputs.h"

namespace rostrum {
namespace {

constexpr unsigned kWriteAgainMs = 1000;

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
    try {
        write(output);
        unwritten_.erase(output.id);
    } catch (const DatabaseError &error) {
        g_warning("output %s is stored later: %s", output.id.c_str(), error.what());
        unwritten_[output.id] = output;
        again_.once(kWriteAgainMs, [this] { write_again(); });
    }
}

void OutputStore::write_again() {
    for (const auto &[id, output] : std::exchange(unwritten_, {}))
        update(output);
}

void OutputStore::write(const OutputRecord &output) {
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
#define OUTPUT_WHERE                                                                                                   \
    " FROM outputs WHERE kind = ?1 AND (?2 = '' OR room_id = ?2) AND (?3 = '' OR session_id = ?3) AND NOT deleted"     \
    " AND (?4 = '' OR json_extract(details, '$.request.participant') = ?4)"
    Page<OutputRecord> result;
    Query rows =
        database_.query("SELECT " OUTPUT_COLUMNS OUTPUT_WHERE " ORDER BY created_at DESC, id DESC LIMIT ?5 OFFSET ?6");
    rows.bind(std::string(traits(kind).name))
        .bind(filter.room_id)
        .bind(filter.session_id)
        .bind(filter.participant_id)
        .bind(page.per_page)
        .bind(page.offset());
    while (rows.step())
        result.items.push_back(read_output(rows));
    Query total = database_.query("SELECT count(*)" OUTPUT_WHERE);
    total.bind(std::string(traits(kind).name))
        .bind(filter.room_id)
        .bind(filter.session_id)
        .bind(filter.participant_id)
        .run();
    result.total = total.integer(0);
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
}

} // namespace rostrum
