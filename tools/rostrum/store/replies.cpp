// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/replies.h"

namespace rostrum {

std::optional<KeptReply> ReplyStore::find(const std::string &api_key, const std::string &key, int64_t now) {
    Query row = database_.query("SELECT fingerprint, status, content_type, body FROM replies WHERE api_key = ? AND"
                                " idempotency_key = ? AND created_at > ?");
    if (!row.bind(api_key).bind(key).bind(now - kKeepMs).step())
        return std::nullopt;
    return KeptReply{row.text(0), row.integer(1), row.text(2), row.text(3)};
}

void ReplyStore::keep(const std::string &api_key, const std::string &key, const KeptReply &reply, int64_t now) {
    if (!count_) {
        Query row = database_.query("SELECT count(*) FROM replies");
        row.run();
        count_ = row.integer(0);
    }
    database_.query("DELETE FROM replies WHERE created_at <= ?").bind(now - kKeepMs).run();
    *count_ -= database_.changes();
    if (*count_ >= max_) {
        database_
            .query("DELETE FROM replies WHERE (api_key, idempotency_key) IN"
                   " (SELECT api_key, idempotency_key FROM replies ORDER BY created_at LIMIT 1)")
            .run();
        *count_ -= database_.changes();
    }
    database_
        .query("INSERT INTO replies (api_key, idempotency_key, fingerprint, status, content_type, body, created_at)"
               " VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(api_key)
        .bind(key)
        .bind(reply.fingerprint)
        .bind(reply.status)
        .bind(reply.content_type)
        .bind(reply.body)
        .bind(now)
        .run();
    ++*count_;
}

} // namespace rostrum
