// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/endpoints.h"

namespace rostrum {

void EndpointStore::touch(const std::string &url, int64_t now) {
    database_
        .query("INSERT INTO webhook_endpoints (url, used_at) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET used_at = ?2")
        .bind(url)
        .bind(now)
        .run();
}

std::vector<std::string> EndpointStore::used_since(int64_t time) {
    std::vector<std::string> urls;
    Query rows = database_.query("SELECT url FROM webhook_endpoints WHERE used_at >= ?");
    rows.bind(time);
    while (rows.step())
        urls.push_back(rows.text(0));
    return urls;
}

} // namespace rostrum
