// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"

#include "tools/rostrum/base/ids.h"

#include <charconv>

namespace rostrum {
namespace {

constexpr PageRequest kFirstHundred{1, 100}; // participants inside a session object; the whole list has its own page

Json describe(const ParticipantRecord &participant) {
    Json timelog = Json::array();
    for (const auto &stay : participant.timelog)
        timelog.push(
            Json::object({{"start", iso_time(stay.start)}, {"end", stay.end ? Json(iso_time(*stay.end)) : Json()}}));
    return Json::object({{"participantId", participant.participant_id},
                         {"name", participant.name},
                         {"mode", participant.mode},
                         {"timelog", timelog}});
}

Json describe_all(const Page<ParticipantRecord> &participants) {
    Json list = Json::array();
    for (const auto &participant : participants.items)
        list.push(describe(participant));
    return list;
}

Json links(const Api &api, const SessionRecord &session) {
    return Json::object({{"get_room", api.url("/v2/rooms/" + session.room_id)},
                         {"get_session", api.url("/v2/sessions/" + session.id)},
                         {"get_all_participants", api.url("/v2/sessions/" + session.id + "/participants")}});
}

Json describe(const Api &api, const SessionRecord &session, const Json &participants) {
    Json json = Json::object({{"id", session.id},
                              {"roomId", session.room_id},
                              {"customRoomId", session.custom_room_id ? Json(*session.custom_room_id) : Json()},
                              {"meetingId", session.room_id},
                              {"userId", api.token_key.api_key},
                              {"start", iso_time(session.start)},
                              {"end", session.end ? Json(iso_time(*session.end)) : Json()},
                              {"status", session.end ? "ended" : "ongoing"},
                              {"participants", participants},
                              {"links", links(api, session)}});
    if (!session.reason.empty())
        json.set("reason", session.reason);
    return json;
}

Json describe(Api &api, const SessionRecord &session) {
    return describe(api, session, describe_all(api.store.sessions.participants(session.id, false, kFirstHundred)));
}

std::optional<int64_t> date_of(const Exchange &exchange, const char *name) {
    const std::string text = exchange.query(name);
    if (text.empty())
        return std::nullopt;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || *end)
        throw Refusal{400, std::string(name) + " has to be milliseconds since 1970"};
    return value;
}

SessionFilter read_filter(Api &api, const Claims &claims, const Exchange &exchange) {
    SessionFilter filter;
    std::string room = exchange.query("roomId");
    if (room.empty())
        room = exchange.query("customRoomId");
    if (!room.empty())
        filter.room_id = api.room(room).room_id;
    if (!claims.room_id.empty()) {
        demand(check_read(claims, filter.room_id.empty() ? claims.room_id : filter.room_id));
        filter.room_id = claims.room_id;
    }
    const std::string status = exchange.query("status");
    if (!status.empty() && status != "ongoing" && status != "ended")
        throw Refusal{400, "status has to be ongoing or ended"};
    if (!status.empty())
        filter.ongoing = status == "ongoing";
    filter.started_from = date_of(exchange, "startDate");
    filter.started_to = date_of(exchange, "endDate");
    return filter;
}

void list_sessions(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const PageRequest page = page_request(exchange);
    const auto sessions = api.store.sessions.list(read_filter(api, claims, exchange), page);
    Json data = Json::array();
    for (const auto &session : sessions.items)
        data.push(describe(api, session));
    exchange.reply(200, paged(page, sessions.total, data));
}

SessionRecord readable_session(Api &api, const Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    SessionRecord session = api.session(exchange.param("sessionId"));
    demand(check_read(claims, session.room_id));
    return session;
}

void get_session(Api &api, Exchange &exchange) {
    const SessionRecord session = readable_session(api, exchange);
    Json json = describe(api, session);
    json.set("activeDuration", (session.end.value_or(now_ms()) - session.start) / 1000);
    exchange.reply(200, json);
}

void list_participants(Api &api, Exchange &exchange) {
    const SessionRecord session = readable_session(api, exchange);
    const PageRequest page = page_request(exchange);
    const auto participants = api.store.sessions.participants(session.id, false, page);
    const Json data = Json::object({{"id", session.id},
                                    {"roomId", session.room_id},
                                    {"customRoomId", session.custom_room_id ? Json(*session.custom_room_id) : Json()},
                                    {"participants", describe_all(participants)},
                                    {"links", links(api, session)}});
    exchange.reply(200, paged(page, participants.total, data));
}

/// VideoSDK's shape: data is a list with this one session.
void list_active(Api &api, Exchange &exchange) {
    const SessionRecord session = readable_session(api, exchange);
    const PageRequest page = page_request(exchange);
    const auto participants = api.store.sessions.participants(session.id, true, page);
    exchange.reply(200,
                   paged(page, participants.total, Json::array({describe(api, session, describe_all(participants))})));
}

void get_participant(Api &api, Exchange &exchange) {
    const SessionRecord session = readable_session(api, exchange);
    const auto participant = api.store.sessions.participant(session.id, exchange.param("participantId"));
    if (!participant)
        throw Refusal{404, code::kInvalidParticipantId, "this participant was never in the session"};
    exchange.reply(200, describe(*participant));
}

/// The running session that a body names by roomId, meetingId or sessionId, open to a moderator's token.
LiveSession &session_to_moderate(Api &api, const Claims &claims, const Json &body) {
    demand(check_api(claims));
    const std::string session_id = body.text("sessionId");
    if (session_id.empty())
        return api.live(api.room_to_moderate(claims, body), 404);
    const SessionRecord record = api.session(session_id);
    demand(check_moderate(claims, record.room_id));
    LiveSession *session = api.sessions.find(session_id);
    if (!session || !session->accepting())
        throw Refusal{404, "this session has ended"};
    return *session;
}

void end_session(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    LiveSession &session = session_to_moderate(api, claims, exchange.json_body());
    const std::string id = session.id();
    session.end(leave_reason::kEnded);
    exchange.reply(200, describe(api, api.session(id)));
}

void remove_participant(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    LiveSession &session = session_to_moderate(api, claims, body);
    const std::string participant = body.text("participantId");
    if (participant.empty())
        throw Refusal{400, code::kInvalidParticipantId, "participantId is missing"};
    if (!session.remove_participant(participant, leave_reason::kRemoved))
        throw Refusal{404, code::kRemoveParticipantFailed, "this participant is not in the session"};
    exchange.reply(200, describe(api, api.session(session.id())));
}

void get_graph(Api &api, const ExchangePtr &exchange) {
    const SessionRecord record = readable_session(api, *exchange);
    LiveSession *session = api.sessions.find(record.id);
    if (!session)
        throw Refusal{404, "this session has ended, it has no graph"};
    const std::string format = exchange->query("format").empty() ? "text" : exchange->query("format");
    if (format != "text" && format != "dot" && format != "running")
        throw Refusal{400, "format has to be text, dot or running"};
    session->graph(format, [exchange](std::variant<std::string, Refusal> result) {
        if (auto *refusal = std::get_if<Refusal>(&result))
            exchange->refuse(*refusal);
        else
            exchange->reply(200, "text/plain; charset=utf-8", std::get<std::string>(result));
    });
}

} // namespace

void add_session_routes(Router &router, Api &api) {
    const std::string json = "application/json";
    auto bind = [&api](void (*handler)(Api &, Exchange &)) {
        return [&api, handler](const ExchangePtr &exchange) { handler(api, *exchange); };
    };
    router.add("GET", "/v2/sessions", bind(list_sessions), "List sessions");
    router.add("POST", "/v2/sessions/end", bind(end_session), "End the running session of a room", json);
    router.add("POST", "/v2/sessions/participants/remove", bind(remove_participant), "Remove a participant", json);
    router.add("GET", "/v2/sessions/{sessionId}", bind(get_session), "Get a session");
    router.add("GET", "/v2/sessions/{sessionId}/participants", bind(list_participants), "List who was in a session");
    router.add("GET", "/v2/sessions/{sessionId}/participants/active", bind(list_active),
               "List who is in a session now");
    router.add("GET", "/v2/sessions/{sessionId}/participants/{participantId}", bind(get_participant),
               "Get a participant of a session");
    router.add(
        "GET", "/v2/sessions/{sessionId}/graph", [&api](const ExchangePtr &exchange) { get_graph(api, exchange); },
        "The pipeline of a running session as text, dot or running elements");
}

} // namespace rostrum
