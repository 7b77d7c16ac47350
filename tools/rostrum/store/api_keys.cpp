// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/api_keys.h"

namespace rostrum {
namespace {

ApiKeyRecord read(const Query &row) {
    return {row.text(0),         row.text(1),    row.text(2),    row.text(3),   row.integer(4),
            row.integer(5) != 0, row.integer(6), row.integer(7), row.integer(8)};
}

} // namespace

std::vector<ApiKeyRecord> ApiKeyStore::all() {
    std::vector<ApiKeyRecord> records;
    Query rows =
        database_.query("SELECT api_key, name, secret, old_secret, old_until, disabled, created_at, rotated_at, "
                        "used_at FROM api_keys ORDER BY created_at, api_key");
    while (rows.step())
        records.push_back(read(rows));
    return records;
}

std::optional<ApiKeyRecord> ApiKeyStore::find(const std::string &api_key) {
    Query row =
        database_.query("SELECT api_key, name, secret, old_secret, old_until, disabled, created_at, rotated_at, "
                        "used_at FROM api_keys WHERE api_key = ?");
    row.bind(api_key);
    return row.step() ? std::optional(read(row)) : std::nullopt;
}

void ApiKeyStore::insert(const ApiKeyRecord &record) {
    database_
        .query("INSERT INTO api_keys (api_key, name, secret, old_secret, old_until, disabled, created_at, rotated_at, "
               "used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(record.api_key)
        .bind(record.name)
        .bind(record.secret)
        .bind(record.old_secret)
        .bind(record.old_until)
        .bind(int64_t(record.disabled))
        .bind(record.created_at)
        .bind(record.rotated_at)
        .bind(record.used_at)
        .run();
}

bool ApiKeyStore::update(const ApiKeyRecord &record) {
    database_
        .query("UPDATE api_keys SET name = ?, secret = ?, old_secret = ?, old_until = ?, disabled = ?, rotated_at = ? "
               "WHERE api_key = ?")
        .bind(record.name)
        .bind(record.secret)
        .bind(record.old_secret)
        .bind(record.old_until)
        .bind(int64_t(record.disabled))
        .bind(record.rotated_at)
        .bind(record.api_key)
        .run();
    return database_.changes() > 0;
}

bool ApiKeyStore::remove(const std::string &api_key) {
    database_.query("DELETE FROM api_keys WHERE api_key = ?").bind(api_key).run();
    return database_.changes() > 0;
}

void ApiKeyStore::used(const std::string &api_key, int64_t now) {
    database_.query("UPDATE api_keys SET used_at = ? WHERE api_key = ?").bind(now).bind(api_key).run();
}

int64_t ApiKeyStore::version() {
    Query row = database_.query("PRAGMA data_version");
    row.run();
    return row.integer(0);
}

} // namespace rostrum
