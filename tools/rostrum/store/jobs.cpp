// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/jobs.h"

#include "tools/rostrum/store/pages.h"

namespace rostrum {
namespace {

#define JOB_COLUMNS                                                                                                    \
    "id, kind, state, output_id, session_id, room_id, created_at, updated_at, not_before, attempts, webhook_url, "     \
    "document, resume, result, error"

Json read_json(const std::string &text) {
    return parse_json(text).value_or(Json::object());
}

JobRecord read_job(const Query &row) {
    JobRecord job;
    job.id = row.text(0);
    job.kind = row.text(1);
    job.state = row.text(2);
    job.output_id = row.text(3);
    job.session_id = row.text(4);
    job.room_id = row.text(5);
    job.created_at = row.integer(6);
    job.updated_at = row.integer(7);
    job.not_before = row.integer(8);
    job.attempts = row.integer(9);
    job.webhook_url = row.text(10);
    job.document = read_json(row.text(11));
    job.resume = read_json(row.text(12));
    job.result = read_json(row.text(13));
    job.error = row.text(14);
    return job;
}

std::vector<JobRecord> read_all(Query &rows) {
    std::vector<JobRecord> jobs;
    while (rows.step())
        jobs.push_back(read_job(rows));
    return jobs;
}

} // namespace

void JobStore::create(const JobRecord &job) {
    database_.query("INSERT INTO jobs (" JOB_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(job.id)
        .bind(job.kind)
        .bind(job.state)
        .bind(job.output_id)
        .bind(job.session_id)
        .bind(job.room_id)
        .bind(job.created_at)
        .bind(job.updated_at)
        .bind(job.not_before)
        .bind(job.attempts)
        .bind(job.webhook_url)
        .bind(job.document.dump())
        .bind(job.resume.dump())
        .bind(job.result.dump())
        .bind(job.error)
        .run();
}

void JobStore::update(const JobRecord &job) {
    database_
        .query("UPDATE jobs SET state = ?, updated_at = ?, not_before = ?, attempts = ?, resume = ?, result = ?,"
               " error = ? WHERE id = ?")
        .bind(job.state)
        .bind(job.updated_at)
        .bind(job.not_before)
        .bind(job.attempts)
        .bind(job.resume.dump())
        .bind(job.result.dump())
        .bind(job.error)
        .bind(job.id)
        .run();
}

std::optional<JobRecord> JobStore::find(const std::string &id) {
    Query row = database_.query("SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?");
    return row.bind(id).step() ? std::optional(read_job(row)) : std::nullopt;
}

Page<JobRecord> JobStore::list(const JobFilter &filter, const PageRequest &page) {
    struct Narrowed {
        const std::string &value;
        const char *sql;
    };
#define JOB_PAGE " kind = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT ?3 OFFSET ?4"
    const Narrowed ways[] = {
        {filter.state, "SELECT " JOB_COLUMNS " FROM jobs WHERE state = ?5 AND" JOB_PAGE},
        {filter.room_id, "SELECT " JOB_COLUMNS " FROM jobs WHERE room_id = ?5 AND" JOB_PAGE},
        {filter.session_id, "SELECT " JOB_COLUMNS " FROM jobs WHERE session_id = ?5 AND" JOB_PAGE}};
    const Narrowed *narrowed = nullptr;
    int filters = !filter.id.empty() || filter.kinds.front() != filter.kinds.back() ? 2 : 0;
    for (const auto &way : ways)
        if (!way.value.empty()) {
            narrowed = &way;
            ++filters;
        }
    if (filters > 1)
        return search(filter, page);
    const std::string &kind = filter.kinds.front();
    const PageStart start =
        find_page(database_, narrowed ? kind + "/" + narrowed->value : kind, page, Order::NewestFirst);
    Query rows = database_.query(narrowed ? narrowed->sql : "SELECT " JOB_COLUMNS " FROM jobs WHERE" JOB_PAGE);
    rows.bind(kind).bind(start.seq).bind(page.per_page).bind(start.skip);
    if (narrowed)
        rows.bind(narrowed->value);
    return {read_all(rows), start.total};
}

/// Walks over those of the kinds.
Page<JobRecord> JobStore::search(const JobFilter &filter, const PageRequest &page) {
    Page<JobRecord> result;
    Query rows = database_.query("SELECT " JOB_COLUMNS
                                 " FROM jobs WHERE kind IN (?1, ?2) AND (?3 = '' OR room_id = ?3) AND (?4 = '' OR"
                                 " session_id = ?4) AND (?5 = '' OR state = ?5) AND (?6 = '' OR id = ?6)"
                                 " ORDER BY created_at DESC, id DESC");
    rows.bind(filter.kinds.front())
        .bind(filter.kinds.back())
        .bind(filter.room_id)
        .bind(filter.session_id)
        .bind(filter.state)
        .bind(filter.id);
    for (; rows.step(); ++result.total)
        if (result.total >= page.offset() && result.total - page.offset() < page.per_page)
            result.items.push_back(read_job(rows));
    return result;
}

void JobStore::remove(const std::string &id) {
    database_.query("DELETE FROM jobs WHERE id = ?").bind(id).run();
}

int64_t JobStore::count(const std::string &state) {
    Query row = database_.query("SELECT count(*) FROM jobs WHERE state = ?");
    row.bind(state).run();
    return row.integer(0);
}

std::vector<JobRecord> JobStore::pending() {
    Query rows = database_.query("SELECT " JOB_COLUMNS " FROM jobs WHERE state = 'pending' ORDER BY created_at, id");
    return read_all(rows);
}

std::vector<JobRecord> JobStore::unfinished() {
    Query rows = database_.query("SELECT " JOB_COLUMNS " FROM jobs WHERE state IN ('pending', 'processing')");
    return read_all(rows);
}

std::vector<JobRecord> JobStore::untold() {
    Query rows = database_.query("SELECT " JOB_COLUMNS " FROM jobs WHERE state = 'completed'"
                                 " AND kind IN ('process', 'upload')");
    return read_all(rows);
}

void JobStore::release_all(int64_t now) {
    database_.query("UPDATE jobs SET state = 'pending', updated_at = ?, not_before = 0 WHERE state = 'processing'")
        .bind(now)
        .run();
}

} // namespace rostrum
