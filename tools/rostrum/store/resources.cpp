// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/resources.h"

#include <limits>

namespace rostrum {
namespace {

constexpr int64_t kMostReleased = 1000; // are remembered; each start counts the table's rows

#define UNIT_COLUMNS "id, type, mode, quality, webhook_url, state, created_at, updated_at"

ResourceUnit read_unit(const Query &row) {
    return {row.text(0), row.text(1), row.text(2),    row.text(3),
            row.text(4), row.text(5), row.integer(6), row.integer(7)};
}

} // namespace

void ResourceStore::create(const ResourceUnit &unit) {
    database_.query("INSERT INTO resource_units (" UNIT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(unit.id)
        .bind(unit.type)
        .bind(unit.mode)
        .bind(unit.quality)
        .bind(unit.webhook_url)
        .bind(unit.state)
        .bind(unit.created_at)
        .bind(unit.updated_at)
        .run();
}

void ResourceStore::set_state(const std::string &id, const std::string &state, int64_t now) {
    database_.query("UPDATE resource_units SET state = ?, updated_at = ? WHERE id = ?")
        .bind(state)
        .bind(now)
        .bind(id)
        .run();
    if (state == "released")
        database_
            .query("DELETE FROM resource_units WHERE state = 'released' AND (updated_at, id) <="
                   " (SELECT updated_at, id FROM resource_units WHERE state = 'released'"
                   " ORDER BY updated_at DESC, id DESC LIMIT 1 OFFSET ?)")
            .bind(kMostReleased)
            .run();
}

std::optional<ResourceUnit> ResourceStore::find(const std::string &id) {
    Query row = database_.query("SELECT " UNIT_COLUMNS " FROM resource_units WHERE id = ?");
    return row.bind(id).step() ? std::optional(read_unit(row)) : std::nullopt;
}

Page<ResourceUnit> ResourceStore::list(const std::string &state, const PageRequest &page) {
#define UNIT_WHERE " FROM resource_units WHERE (?1 = '' OR state = ?1)"
    Page<ResourceUnit> result;
    Query rows =
        database_.query("SELECT " UNIT_COLUMNS UNIT_WHERE " ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?");
    rows.bind(state).bind(page.per_page).bind(page.offset());
    while (rows.step())
        result.items.push_back(read_unit(rows));
    Query total = database_.query("SELECT count(*)" UNIT_WHERE);
    total.bind(state).run();
    result.total = total.integer(0);
    return result;
}

std::vector<ResourceUnit> ResourceStore::in_state(const std::string &state) {
    return list(state, {1, std::numeric_limits<int64_t>::max()}).items;
}

int64_t ResourceStore::held() {
    Query row = database_.query("SELECT count(*) FROM resource_units WHERE state != 'released'");
    row.run();
    return row.integer(0);
}

} // namespace rostrum
