// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/webhook_endpoints.h"

namespace rostrum {
namespace {

#define ENDPOINT_COLUMNS "id, url, enabled, disabled_why, created_at, failed_at, status, error"

WebhookEndpoint read_endpoint(const Query &row) {
    WebhookEndpoint endpoint;
    endpoint.id = row.integer(0);
    endpoint.url = row.text(1);
    endpoint.enabled = row.integer(2) != 0;
    endpoint.disabled_why = row.text(3);
    endpoint.created_at = row.integer(4);
    if (!row.null(5))
        endpoint.failed_at = row.integer(5);
    endpoint.status = row.integer(6);
    endpoint.error = row.text(7);
    return endpoint;
}

} // namespace

WebhookEndpointStore::WebhookEndpointStore(Database &database) : database_(database) {
    Query row = database_.query("SELECT max(id) FROM webhook_endpoints");
    row.run();
    last_id_ = row.integer(0);
}

/// What is written while the disk is in the way cannot be read back: it is kept here, too.
WebhookEndpoint WebhookEndpointStore::open(const std::string &url, int64_t now) {
    if (const auto fresh = unstored_.find(url); fresh != unstored_.end())
        return fresh->second;
    {
        Query row = database_.query("SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints WHERE url = ?");
        if (row.bind(url).step())
            return read_endpoint(row);
    }
    WebhookEndpoint endpoint;
    endpoint.id = ++last_id_;
    endpoint.url = url;
    endpoint.created_at = now;
    database_.query("INSERT INTO webhook_endpoints (id, url, created_at) VALUES (?, ?, ?)")
        .bind(endpoint.id)
        .bind(url)
        .bind(now)
        .run();
    return unstored_[url] = endpoint;
}

std::optional<WebhookEndpoint> WebhookEndpointStore::find(int64_t id) {
    Query row = database_.query("SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints WHERE id = ?");
    return row.bind(id).step() ? std::optional(read_endpoint(row)) : std::nullopt;
}

Page<WebhookEndpoint> WebhookEndpointStore::list(const PageRequest &page) {
    Page<WebhookEndpoint> result;
    Query rows = database_.query("SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints ORDER BY id LIMIT ? OFFSET ?");
    rows.bind(page.per_page).bind(page.offset());
    while (rows.step())
        result.items.push_back(read_endpoint(rows));
    Query total = database_.query("SELECT count(*) FROM webhook_endpoints");
    total.run();
    result.total = total.integer(0);
    return result;
}

std::vector<WebhookEndpoint> WebhookEndpointStore::with_waiting() {
    std::vector<WebhookEndpoint> endpoints;
    Query rows = database_.query("SELECT " ENDPOINT_COLUMNS " FROM webhook_endpoints e WHERE enabled AND EXISTS"
                                 " (SELECT 1 FROM webhook_lanes l WHERE l.endpoint = e.id AND l.head IS NOT NULL)");
    while (rows.step())
        endpoints.push_back(read_endpoint(rows));
    return endpoints;
}

std::vector<int64_t> WebhookEndpointStore::disabled_with_waiting() {
    std::vector<int64_t> ids;
    Query rows = database_.query("SELECT id FROM webhook_endpoints e WHERE NOT enabled AND EXISTS"
                                 " (SELECT 1 FROM webhook_lanes l WHERE l.endpoint = e.id AND l.head IS NOT NULL)");
    while (rows.step())
        ids.push_back(rows.integer(0));
    return ids;
}

void WebhookEndpointStore::note_enabled(int64_t id, bool enabled, const std::string &why) {
    for (auto &[url, endpoint] : unstored_)
        if (endpoint.id == id) {
            endpoint.enabled = enabled;
            endpoint.disabled_why = why;
        }
}

void WebhookEndpointStore::enable(int64_t id) {
    note_enabled(id, true, {});
    database_.query("UPDATE webhook_endpoints SET enabled = 1, disabled_why = '' WHERE id = ?").bind(id).run();
}

void WebhookEndpointStore::disable(int64_t id, const std::string &why) {
    note_enabled(id, false, why);
    database_.query("UPDATE webhook_endpoints SET enabled = 0, disabled_why = ? WHERE id = ?").bind(why).bind(id).run();
}

void WebhookEndpointStore::note_failure_of(int64_t row, const std::string &error, int64_t status, int64_t now) {
    database_
        .query("UPDATE webhook_endpoints SET failed_at = ?, error = ?, status = ?"
               " WHERE id = (SELECT endpoint FROM webhook_deliveries WHERE row = ?)")
        .bind(now)
        .bind(error)
        .bind(status)
        .bind(row)
        .run();
}

} // namespace rostrum
