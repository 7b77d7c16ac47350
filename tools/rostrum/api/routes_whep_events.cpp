// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The extension urn:ietf:params:whep:ext:core:server-sent-events of the WHEP draft: a player asks for a stream of some
// types of events at the URL that a Link of the answer to its offer names, and follows it with an EventSource.

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/event_connections.h"
#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

/// A viewer's resource, as `{sessionId}-{resource}` of Location.
struct Viewing {
    LiveSession *session;
    std::string resource;
};

/// EventSource sends no headers: the token may be in the query.
Viewing find_viewing(Api &api, const Exchange &exchange) {
    const Claims claims = api.claims(exchange, true);
    const std::string id = exchange.param("id");
    const size_t dash = id.find('-');
    const std::string resource = dash == std::string::npos ? "" : id.substr(dash + 1);
    LiveSession *session = api.sessions.find(id.substr(0, dash));
    const Peer *peer = session ? session->roster().peer(resource) : nullptr;
    if (!peer || peer->role != "viewer")
        throw Refusal{404, "there is no such resource"};
    demand(check_peer(claims, session->room_id(), peer->participant_id, true));
    return {session, resource};
}

/// No body is all of them.
std::set<std::string> read_types(const Exchange &exchange) {
    static const std::set<std::string> kKnown{whep_event::kActive, whep_event::kInactive, whep_event::kReconnect,
                                              whep_event::kViewerCount};
    if (exchange.body().empty())
        return kKnown;
    const auto body = parse_json(exchange.text_body("application/json"));
    if (!body || !body->is_array())
        throw Refusal{400, "the body has to be a JSON array of the types of events that are wanted"};
    std::set<std::string> types;
    for (const Json &type : body->items())
        if (!type.is_string() || !kKnown.count(type.as_string()))
            throw Refusal{400, std::string("there are events of the types ") + whep_event::kAll + ", and no others"};
        else
            types.insert(type.as_string());
    return types;
}

void open_stream(Api &api, Exchange &exchange) {
    const Viewing viewing = find_viewing(api, exchange);
    const std::string stream = viewing.session->open_whep_events(viewing.resource, read_types(exchange));
    if (stream.empty())
        throw Refusal{409, "this resource has " + std::to_string(WhepEvents::kMaxStreams) +
                               " event streams; DELETE one first"};
    exchange.set_header("Location", "/v2/whep/sessions/" + exchange.param("id") + "/events/" + stream);
    exchange.reply_empty(201);
}

void follow(Api &api, const ExchangePtr &exchange) {
    const Viewing viewing = find_viewing(api, *exchange);
    const std::string stream = exchange->param("stream");
    if (!viewing.session->whep_events().has(viewing.resource, stream))
        throw Refusal{404, "there is no such event stream"};
    if (exchange->method() == "HEAD") { // whoever follows it goes on
        exchange->set_header("Cache-Control", "no-store");
        return exchange->reply(200, "text/event-stream", "");
    }
    viewing.session->whep_events().connect(viewing.resource, stream, open_sse_of_lines(exchange));
}

void close_stream(Api &api, Exchange &exchange) {
    const Viewing viewing = find_viewing(api, exchange);
    if (!viewing.session->whep_events().close(viewing.resource, exchange.param("stream")))
        throw Refusal{404, "there is no such event stream"};
    exchange.reply(200, "text/plain", "");
}

} // namespace

void add_whep_event_routes(Router &router, Api &api) {
    router.add("POST", "/v2/whep/sessions/{id}/events", api.handler(open_stream));
    router.add("GET", "/v2/whep/sessions/{id}/events/{stream}", api.handler(follow));
    router.add("DELETE", "/v2/whep/sessions/{id}/events/{stream}", api.handler(close_stream));
}

} // namespace rostrum
