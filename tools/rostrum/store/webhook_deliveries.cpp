// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/webhook_deliveries.h"

#include "tools/rostrum/store/pages.h"

namespace rostrum {
namespace {

#define DELIVERY_COLUMNS                                                                                               \
    "row, id, endpoint, room_id, session_id, output_id, type, sequence, state, created_at, queued_at, due_at, "        \
    "settled_at, attempts, status, error"

WebhookDelivery read_delivery(const Query &row) {
    WebhookDelivery delivery;
    delivery.row = row.integer(0);
    delivery.id = row.text(1);
    delivery.endpoint = row.integer(2);
    delivery.room_id = row.text(3);
    delivery.session_id = row.text(4);
    delivery.output_id = row.text(5);
    delivery.type = row.text(6);
    delivery.sequence = row.integer(7);
    delivery.state = row.text(8);
    delivery.created_at = row.integer(9);
    delivery.queued_at = row.integer(10);
    delivery.due_at = row.integer(11);
    if (!row.null(12))
        delivery.settled_at = row.integer(12);
    delivery.attempts = row.integer(13);
    delivery.status = row.integer(14);
    delivery.error = row.text(15);
    return delivery;
}

WebhookDelivery read_whole(const Query &row) {
    WebhookDelivery delivery = read_delivery(row);
    delivery.body = row.text(16);
    return delivery;
}

/// As migration_deliveries.h names them.
std::string list_of(int64_t endpoint, const std::string &state) {
    if (endpoint)
        return "deliveries/" + state + "/" + std::to_string(endpoint);
    return state.empty() ? "deliveries" : "deliveries/" + state;
}

/// One per combination of filters, so that each has its index.
std::string text_of(const WebhookFilter &filter, const char *rest) {
    std::string text = "SELECT " DELIVERY_COLUMNS " FROM webhook_deliveries WHERE TRUE";
    if (!filter.state.empty())
        text += " AND state = ?";
    if (!filter.room_id.empty())
        text += " AND room_id = ?";
    if (filter.endpoint)
        text += " AND endpoint = ?";
    return text + rest;
}

void bind(Query &rows, const WebhookFilter &filter) {
    if (!filter.state.empty())
        rows.bind(filter.state);
    if (!filter.room_id.empty())
        rows.bind(filter.room_id);
    if (filter.endpoint)
        rows.bind(filter.endpoint);
}

} // namespace

WebhookDeliveryStore::WebhookDeliveryStore(Database &database) : database_(database) {
    Query row = database_.query("SELECT max(row) FROM webhook_deliveries");
    row.run();
    last_row_ = row.integer(0);
    Query kept = database_.query("SELECT seq FROM sqlite_sequence WHERE name = 'webhook_deliveries'");
    if (kept.step()) // of what has been removed since
        last_row_ = std::max(last_row_, kept.integer(0));
}

/// What is written while the disk is in the way cannot be read back: so both numbers are counted here, too.
void WebhookDeliveryStore::add(WebhookDelivery &delivery, const std::function<std::string(int64_t)> &body) {
    int64_t &last = unstored_sequences_[{delivery.endpoint, delivery.room_id}];
    {
        Query row = database_.query("SELECT sequence FROM webhook_lanes WHERE endpoint = ? AND room_id = ?");
        if (row.bind(delivery.endpoint).bind(delivery.room_id).step())
            last = std::max(last, row.integer(0));
    }
    delivery.sequence = ++last;
    delivery.row = ++last_row_;
    delivery.body = body(delivery.sequence);
    insert(delivery);
    database_
        .query("INSERT INTO webhook_lanes (endpoint, room_id, sequence) VALUES (?1, ?2, ?3)"
               " ON CONFLICT DO UPDATE SET sequence = ?3")
        .bind(delivery.endpoint)
        .bind(delivery.room_id)
        .bind(delivery.sequence)
        .run();
    if (delivery.state == "waiting")
        database_
            .query("UPDATE webhook_lanes SET head = ?1, due_at = ?2 WHERE endpoint = ?3 AND room_id = ?4"
                   " AND head IS NULL")
            .bind(delivery.row)
            .bind(delivery.due_at)
            .bind(delivery.endpoint)
            .bind(delivery.room_id)
            .run();
    if (!delivery.output_id.empty())
        database_.query("INSERT INTO webhook_results (output_id, row, type) VALUES (?, ?, ?)")
            .bind(delivery.output_id)
            .bind(delivery.row)
            .bind(delivery.type)
            .run();
}

void WebhookDeliveryStore::insert(const WebhookDelivery &delivery) {
    database_
        .query(
            "INSERT INTO webhook_deliveries (row, id, endpoint, room_id, session_id, output_id, type, sequence, state,"
            " created_at, queued_at, due_at, settled_at, error, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(delivery.row)
        .bind(delivery.id)
        .bind(delivery.endpoint)
        .bind(delivery.room_id)
        .bind(delivery.session_id)
        .bind(delivery.output_id)
        .bind(delivery.type)
        .bind(delivery.sequence)
        .bind(delivery.state)
        .bind(delivery.created_at)
        .bind(delivery.queued_at)
        .bind(delivery.due_at)
        .bind(delivery.settled_at)
        .bind(delivery.error)
        .bind(delivery.body)
        .run();
}

std::vector<WebhookDelivery> WebhookDeliveryStore::heads(int64_t endpoint, const std::set<std::string> &busy,
                                                         size_t limit, int64_t last_row) {
    std::vector<WebhookDelivery> deliveries;
    Query rows = database_.query(
        "SELECT d.row, d.id, d.endpoint, d.room_id, d.session_id, d.output_id, d.type, d.sequence, d.state,"
        " d.created_at, d.queued_at, d.due_at, d.settled_at, d.attempts, d.status, d.error, d.body"
        " FROM webhook_lanes l JOIN webhook_deliveries d ON d.row = l.head"
        " WHERE l.endpoint = ?1 AND l.head IS NOT NULL AND l.head <= ?2 ORDER BY l.due_at, l.head LIMIT ?3");
    rows.bind(endpoint).bind(last_row).bind(static_cast<int64_t>(limit + busy.size()));
    while (deliveries.size() < limit && rows.step())
        if (!busy.count(rows.text(3)))
            deliveries.push_back(read_whole(rows));
    return deliveries;
}

std::optional<WebhookDeliveryStore::Place> WebhookDeliveryStore::place_of(int64_t row, bool waiting) {
    Query query = database_.query("SELECT endpoint, room_id, output_id FROM webhook_deliveries"
                                  " WHERE row = ? AND (state = 'waiting') = ?");
    if (!query.bind(row).bind(int64_t{waiting}).step())
        return std::nullopt;
    return Place{query.integer(0), query.text(1), query.text(2)};
}

void WebhookDeliveryStore::postpone(int64_t row, int64_t attempts, int64_t due_at, const std::string &error,
                                    int64_t status) {
    const auto lane = place_of(row, true);
    if (!lane)
        return;
    database_.query("UPDATE webhook_deliveries SET attempts = ?, due_at = ?, error = ?, status = ? WHERE row = ?")
        .bind(attempts)
        .bind(due_at)
        .bind(error)
        .bind(status)
        .bind(row)
        .run();
    find_head(*lane);
}

void WebhookDeliveryStore::settle(int64_t row, const char *state, std::optional<int64_t> attempts,
                                  const std::string &error, std::optional<int64_t> status, int64_t now) {
    const auto lane = place_of(row, true);
    if (!lane)
        return;
    database_
        .query("UPDATE webhook_deliveries SET state = ?, attempts = ifnull(?, attempts), error = ?,"
               " status = ifnull(?, status), settled_at = ? WHERE row = ?")
        .bind(std::string(state))
        .bind(attempts)
        .bind(error)
        .bind(status)
        .bind(now)
        .bind(row)
        .run();
    find_head(*lane);
    if (!lane->output_id.empty() && state == std::string("delivered"))
        database_.query("UPDATE webhook_results SET success = 1 WHERE output_id = ? AND row = ?")
            .bind(lane->output_id)
            .bind(row)
            .run();
}

/// Rows grow with sequence numbers, so that the first row that waits is the first in order.
void WebhookDeliveryStore::find_head(const Place &lane) {
    database_
        .query("UPDATE webhook_lanes SET (head, due_at) = (SELECT row, due_at FROM webhook_deliveries"
               " WHERE endpoint = ?1 AND room_id = ?2 AND state = 'waiting' ORDER BY row LIMIT 1)"
               " WHERE endpoint = ?1 AND room_id = ?2")
        .bind(lane.endpoint)
        .bind(lane.room_id)
        .run();
}

std::vector<int64_t> WebhookDeliveryStore::rows_of(int64_t endpoint, const char *state, const std::string &room_id,
                                                   int64_t limit) {
    std::vector<int64_t> found;
    Query rows = database_.query("SELECT row FROM webhook_deliveries WHERE endpoint = ?1 AND state = ?2"
                                 " AND (?3 = '' OR room_id = ?3) ORDER BY row LIMIT ?4");
    rows.bind(endpoint).bind(std::string(state)).bind(room_id).bind(limit);
    while (rows.step())
        found.push_back(rows.integer(0));
    return found;
}

int64_t WebhookDeliveryStore::give_up(int64_t endpoint, const std::string &error, int64_t limit, int64_t now) {
    const auto waiting = rows_of(endpoint, "waiting", "", limit);
    for (const int64_t row : waiting)
        settle(row, "dead", std::nullopt, error, std::nullopt, now);
    return static_cast<int64_t>(waiting.size());
}

bool WebhookDeliveryStore::send_again(int64_t row, int64_t now) {
    const auto lane = place_of(row, false);
    if (!lane)
        return false;
    database_
        .query("UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, queued_at = ?1, due_at = ?1,"
               " settled_at = NULL WHERE row = ?2")
        .bind(now)
        .bind(row)
        .run();
    find_head(*lane);
    return true;
}

int64_t WebhookDeliveryStore::send_dead_again(int64_t endpoint, const std::string &room_id, int64_t limit,
                                              int64_t now) {
    const auto dead = rows_of(endpoint, "dead", room_id, limit);
    for (const int64_t row : dead)
        send_again(row, now);
    return static_cast<int64_t>(dead.size());
}

std::optional<WebhookDelivery> WebhookDeliveryStore::find(const std::string &id) {
    Query row = database_.query("SELECT " DELIVERY_COLUMNS ", body FROM webhook_deliveries WHERE id = ?");
    return row.bind(id).step() ? std::optional(read_whole(row)) : std::nullopt;
}

/// Those of a room are few, and are walked over.
Page<WebhookDelivery> WebhookDeliveryStore::list(const WebhookFilter &filter, const PageRequest &page) {
    if (!filter.room_id.empty())
        return search(filter, page);
    const PageStart start = find_page(database_, list_of(filter.endpoint, filter.state), page, Order::NewestFirst);
    Query rows = database_.query(text_of(filter, " AND row <= ? ORDER BY row DESC LIMIT ? OFFSET ?").c_str());
    bind(rows, filter);
    rows.bind(start.seq).bind(page.per_page).bind(start.skip);
    Page<WebhookDelivery> result{{}, start.total};
    while (rows.step())
        result.items.push_back(read_delivery(rows));
    return result;
}

Page<WebhookDelivery> WebhookDeliveryStore::search(const WebhookFilter &filter, const PageRequest &page) {
    Page<WebhookDelivery> result;
    Query rows = database_.query(text_of(filter, " ORDER BY row DESC").c_str());
    for (bind(rows, filter); rows.step(); ++result.total)
        if (result.total >= page.offset() && result.total - page.offset() < page.per_page)
            result.items.push_back(read_delivery(rows));
    return result;
}

int64_t WebhookDeliveryStore::count(int64_t endpoint, const char *state) {
    Query row = database_.query("SELECT ifnull(sum(n), 0) FROM listed WHERE list = ?");
    row.bind(list_of(endpoint, state)).run();
    return row.integer(0);
}

std::optional<int64_t> WebhookDeliveryStore::last_delivered_at(int64_t endpoint) {
    Query row = database_.query("SELECT settled_at FROM webhook_deliveries WHERE endpoint = ? AND state = 'delivered'"
                                " ORDER BY row DESC LIMIT 1");
    return row.bind(endpoint).step() ? std::optional(row.integer(0)) : std::nullopt;
}

std::vector<WebhookResult> WebhookDeliveryStore::results(const std::string &output_id) {
    std::vector<WebhookResult> results;
    Query rows = database_.query("SELECT type, success FROM webhook_results WHERE output_id = ? ORDER BY row");
    rows.bind(output_id);
    while (rows.step())
        results.push_back({rows.text(0), rows.integer(1) != 0});
    return results;
}

int64_t WebhookDeliveryStore::purge(const WebhookRetention &retention, int64_t limit, int64_t now) {
    return purge_state("delivered", now - retention.delivered_ms, retention.most, limit) +
           purge_state("dead", now - retention.dead_ms, retention.most, limit);
}

/// From the oldest on, up to the first that is to be kept.
int64_t WebhookDeliveryStore::purge_state(const char *state, int64_t before, int64_t most, int64_t limit) {
    int64_t last_over = 0; // those up to this row are too many
    {
        Query row = database_.query("SELECT row FROM webhook_deliveries WHERE state = ? ORDER BY row DESC"
                                    " LIMIT 1 OFFSET ?");
        if (row.bind(std::string(state)).bind(most).step())
            last_over = row.integer(0);
    }
    int64_t last = 0;
    {
        Query rows = database_.query("SELECT row, settled_at FROM webhook_deliveries WHERE state = ? ORDER BY row"
                                     " LIMIT ?");
        rows.bind(std::string(state)).bind(limit);
        while (rows.step() && (rows.integer(0) <= last_over || rows.integer(1) < before))
            last = rows.integer(0);
    }
    database_.query("DELETE FROM webhook_deliveries WHERE state = ? AND row <= ?")
        .bind(std::string(state))
        .bind(last)
        .run();
    return database_.changes();
}

} // namespace rostrum
