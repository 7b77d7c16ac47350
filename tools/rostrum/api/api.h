// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/http_server.h"
#include "tools/rostrum/api/ice_links.h"
#include "tools/rostrum/api/rate_limits.h"
#include "tools/rostrum/auth/access.h"
#include "tools/rostrum/auth/api_keys.h"
#include "tools/rostrum/live/sessions.h"

namespace rostrum {

class WebhookSecrets;

/// What the routes work on. Outlives them. Thread-bound: main thread.
struct Api {
    Store &store;
    Sessions &sessions;
    ApiKeys &keys;
    RateLimits &rates;
    std::string webhook_public_key; ///< PEM
    IceLinks ice_links;

    /// What a route calls: the function, with this API. The second kind keeps the exchange, to answer later.
    Handler handler(void (*answer)(Api &, Exchange &)) {
        return [this, answer](const ExchangePtr &exchange) { answer(*this, *exchange); };
    }
    Handler handler(void (*answer)(Api &, const ExchangePtr &)) {
        return [this, answer](const ExchangePtr &exchange) { answer(*this, exchange); };
    }

    /// Below, everything throws Refusal.

    /// Of the Authorization header, or of `?token=` where `in_query` allows it (pages, WebSocket). An exchange is
    /// counted once, however often it is asked.
    const Claims &claims(const Exchange &exchange, bool in_query = false) const;
    /// By roomId, customRoomId or id.
    Room room(const std::string &any_id) const;
    /// The room that a body or query names as `roomId` (or `meetingId`), readable with these claims.
    Room room_to_moderate(const Claims &claims, const Json &body) const;
    SessionRecord session(const std::string &id) const;
    /// The session that the path names, readable with the token of the exchange.
    SessionRecord readable_session(const Exchange &exchange) const;
    /// The running session of a room, or 404.
    LiveSession &live(const Room &room, int code) const;

    /// Whose all resources are: one organisation, called by the first of its keys.
    const std::string &user_id() const { return keys.first(); }
    std::string url(const std::string &path) const { return sessions.services().settings.public_url + path; }
};

inline void demand(const Verdict &verdict) {
    if (verdict)
        throw *verdict;
}

/// `page` and `perPage` of the query.
PageRequest page_request(const Exchange &exchange);
/// {pageInfo, data}.
Json paged(const PageRequest &request, int64_t total, const Json &data);

void add_room_routes(Router &router, Api &api);
void add_session_routes(Router &router, Api &api);
/// Where the kept messages of a session are; the link is signed.
std::string chat_path(const std::string &session_id);
void add_chat_routes(Router &router, Api &api);
/// What the quality was, minute by minute.
void add_stats_routes(Router &router, Api &api);
void add_composition_routes(Router &router, Api &api);
void add_livestream_routes(Router &router, Api &api);
/// Before those of recordings, whose `{id}` would take them.
void add_merge_routes(Router &router, Api &api);
void add_recording_routes(Router &router, Api &api);
void add_hls_routes(Router &router, Api &api);
void add_resource_routes(Router &router, Api &api);
void add_hls_file_routes(Router &router, Api &api);
void add_webrtc_routes(Router &router, Api &api);
void add_whep_event_routes(Router &router, Api &api);
void add_event_routes(Router &router, Api &api);
void add_page_routes(Router &router, Api &api);
void add_webhook_routes(Router &router, Api &api, WebhookOutbox &outbox, WebhookSecrets &secrets);
void add_absent_routes(Router &router);
void add_operation_routes(Router &router, Api &api, const HttpServer *const &server, const WebhookOutbox &outbox);
void add_openapi_routes(Router &router, Api &api);

} // namespace rostrum
