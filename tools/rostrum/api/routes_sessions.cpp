// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/participant_json.h"

#include "tools/rostrum/base/ids.h"

#include <charconv>

namespace rostrum {
namespace {

constexpr PageRequest kFirstHundred{1, 100}; // participants inside a session object; the whole list has its own page

Json describe_briefly(const Page<ParticipantRecord> &participants) {
    Json list = Json::array();
    for (const auto &participant : participants.items)
        list.push(describe(participant));
    return list;
}

/// While the session runs also who is muted.
Json describe(Api &api, const SessionRecord &session, const ParticipantRecord &participant) {
    Json json = describe(participant, api.store.attendance.find(session.id, participant.participant_id));
    if (const LiveSession *live = api.sessions.find(session.id))
        json.set("muted", describe(live->roster().mute_of(participant.participant_id)));
    return json;
}

Json describe_all(Api &api, const SessionRecord &session, const Page<ParticipantRecord> &participants) {
    Json list = Json::array();
    for (const auto &participant : participants.items)
        list.push(describe(api, session, participant));
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
                              {"userId", api.user_id()},
                              {"userMeetingId", session.custom_room_id ? Json(*session.custom_room_id) : Json()},
                              {"region", api.sessions.services().settings.region},
                              {"start", iso_time(session.start)},
                              {"end", session.end ? Json(iso_time(*session.end)) : Json()},
                              {"status", session.end ? "ended" : "ongoing"},
                              {"participants", participants},
                              {"links", links(api, session)}});
    if (session.end && !session.reason.empty())
        json.set("reason", session.reason);
    return json;
}

Json describe(Api &api, const SessionRecord &session) {
    return describe(api, session, describe_briefly(api.store.sessions.participants(session.id, false, kFirstHundred)));
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

/// Nothing when no session can match.
std::optional<SessionFilter> read_filter(Api &api, const Claims &claims, const Exchange &exchange) {
    SessionFilter filter;
    if (const std::string user = exchange.query("userId"); !user.empty() && user != api.user_id())
        return std::nullopt;
    std::string room = exchange.query("roomId");
    if (room.empty())
        room = exchange.query("customRoomId");
    if (!room.empty())
        filter.room_id = api.room(room).room_id;
    if (const std::string query = exchange.query("query"); !query.empty()) {
        const auto found = api.store.rooms.find(query);
        if (!found || (!filter.room_id.empty() && filter.room_id != found->room_id))
            return std::nullopt;
        filter.room_id = found->room_id;
    }
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
    const auto filter = read_filter(api, claims, exchange);
    const auto sessions = filter ? api.store.sessions.list(*filter, page) : Page<SessionRecord>();
    Json data = Json::array();
    for (const auto &session : sessions.items)
        data.push(describe(api, session));
    exchange.reply(200, paged(page, sessions.total, data));
}

/// The HLS streams of a session, the newest first.
Json hls_log(Api &api, const SessionRecord &session) {
    Json log = Json::array();
    for (const auto &stream : api.store.outputs.list(OutputKind::Hls, {session.room_id, session.id}, {1, 100}).items)
        log.push(Json::object({{"id", stream.id},
                               {"start", stream.start ? Json(iso_time(*stream.start)) : Json()},
                               {"end", stream.end ? Json(iso_time(*stream.end)) : Json()}}));
    return log;
}

void get_session(Api &api, Exchange &exchange) {
    const SessionRecord session = api.readable_session(exchange);
    const auto participants = api.store.sessions.participants(session.id, false, kFirstHundred);
    Json json = describe(api, session, describe_all(api, session, participants));
    json.set("hlsLog", hls_log(api, session));
    json.set("activeDuration", api.store.attendance.active_ms(session.id, now_ms()) / 1000);
    const auto &links = api.sessions.services().settings.recordings.links;
    const bool moderates = !check_moderate(api.claims(exchange), session.room_id);
    json.set("chatLink", moderates && api.store.chat.any(session.id)
                             ? Json(api.url(links.sign(chat_path(session.id), now_ms() / 1000)))
                             : Json());
    exchange.reply(200, json);
}

void list_participants(Api &api, Exchange &exchange) {
    const SessionRecord session = api.readable_session(exchange);
    const PageRequest page = page_request(exchange);
    const auto participants = api.store.sessions.participants(session.id, false, page);
    const Json data = Json::object({{"id", session.id},
                                    {"roomId", session.room_id},
                                    {"customRoomId", session.custom_room_id ? Json(*session.custom_room_id) : Json()},
                                    {"participants", describe_all(api, session, participants)},
                                    {"links", links(api, session)}});
    exchange.reply(200, paged(page, participants.total, data));
}

/// VideoSDK's shape: data is a list with this one session.
void list_active(Api &api, Exchange &exchange) {
    const SessionRecord session = api.readable_session(exchange);
    const PageRequest page = page_request(exchange);
    const auto participants = api.store.sessions.participants(session.id, true, page);
    const Json whole = describe(api, session, describe_all(api, session, participants));
    exchange.reply(200, paged(page, participants.total, Json::array({whole})));
}

void get_participant(Api &api, Exchange &exchange) {
    const SessionRecord session = api.readable_session(exchange);
    const auto participant = api.store.sessions.participant(session.id, exchange.param("participantId"));
    if (!participant)
        throw Refusal{404, code::kInvalidParticipantId, "this participant was never in the session"};
    exchange.reply(200, describe(api, session, *participant));
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

/// The last session of a room that has none now.
std::optional<SessionRecord> closed_session(Api &api, const Claims &claims, const Json &body) {
    if (const std::string id = body.text("sessionId"); !id.empty()) {
        const SessionRecord record = api.session(id);
        demand(check_moderate(claims, record.room_id));
        const LiveSession *live = api.sessions.find(id);
        return live && live->accepting() ? std::nullopt : std::optional(record);
    }
    const Room room = api.room_to_moderate(claims, body);
    if (api.sessions.in_room(room.room_id))
        return std::nullopt;
    SessionFilter filter;
    filter.room_id = room.room_id;
    const auto last = api.store.sessions.list(filter, {1, 1}).items;
    return last.empty() ? std::nullopt : std::optional(last.front());
}

/// For everybody it is over with the reply; what it sends out is still being brought to its end.
Json describe_ended(Api &api, SessionRecord session) {
    session.end = session.end.value_or(now_ms());
    return describe(api, session);
}

void end_session(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    if (body.get("ignoreClosed").as_bool())
        if (const auto closed = closed_session(api, claims, body))
            return exchange.reply(200, describe_ended(api, *closed));
    LiveSession &session = session_to_moderate(api, claims, body);
    const std::string id = session.id();
    session.end(leave_reason::kEnded);
    if (body.get("vsdkForceKill").as_bool())
        session.kill();
    exchange.reply(200, describe_ended(api, api.session(id)));
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
    exchange.reply(200, Json("Participant removed successfully"));
}

/// Both kinds where none is named.
void mute_participant(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    LiveSession &session = session_to_moderate(api, claims, body);
    const std::string participant = body.text("participantId"), kind = body.text("kind");
    if (participant.empty())
        throw Refusal{400, code::kInvalidParticipantId, "participantId is missing"};
    if (body.has("kind") && kind != "audio" && kind != "video")
        throw Refusal{400, code::kRemoteMediaFailed, "kind has to be audio or video; without it both are meant"};
    if (!body.get("muted").is_bool())
        throw Refusal{400, code::kRemoteMediaFailed, "muted has to be true or false"};
    const std::optional<bool> muted = body.get("muted").as_bool();
    demand(session.mute(participant, kind == "video" ? std::nullopt : muted, kind == "audio" ? std::nullopt : muted));
    exchange.reply(200, Json::object({{"roomId", session.room_id()},
                                      {"sessionId", session.id()},
                                      {"participantId", participant},
                                      {"muted", describe(session.roster().mute_of(participant))}}));
}

void get_graph(Api &api, const ExchangePtr &exchange) {
    const SessionRecord record = api.readable_session(*exchange);
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
    router.add("GET", "/v2/sessions", api.handler(list_sessions));
    router.add("POST", "/v2/sessions/end", api.handler(end_session));
    router.add("POST", "/v2/sessions/participants/remove", api.handler(remove_participant));
    router.add("POST", "/v2/sessions/participants/mute", api.handler(mute_participant));
    router.add("GET", "/v2/sessions/{sessionId}", api.handler(get_session));
    router.add("GET", "/v2/sessions/{sessionId}/participants", api.handler(list_participants));
    router.add("GET", "/v2/sessions/{sessionId}/participants/active", api.handler(list_active));
    router.add("GET", "/v2/sessions/{sessionId}/participants/{participantId}", api.handler(get_participant));
    router.add("GET", "/v2/sessions/{sessionId}/graph", api.handler(get_graph));
}

} // namespace rostrum
