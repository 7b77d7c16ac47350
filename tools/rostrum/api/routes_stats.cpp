// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/participant_json.h"
#include "tools/rostrum/api/stats_json.h"

namespace rostrum {
namespace {

Json stats_of(const std::vector<MinuteRow> &minutes) {
    Json list = Json::array();
    for (const auto &minute : minutes)
        list.push(stats_entry(minute));
    return list;
}

void get_session_stats(Api &api, Exchange &exchange) {
    const SessionRecord session = api.readable_session(exchange);
    const auto minutes = api.sessions.services().quality.minutes(session.id, kWholeSession);
    exchange.reply(200, Json::object({{"sessionId", session.id},
                                      {"meetingId", session.room_id},
                                      {"roomId", session.room_id},
                                      {"stats", stats_of(minutes)}}));
}

void get_participant_stats(Api &api, Exchange &exchange) {
    const SessionRecord session = api.readable_session(exchange);
    const auto participant = api.store.sessions.participant(session.id, exchange.param("participantId"));
    if (!participant)
        throw Refusal{404, code::kInvalidParticipantId, "this participant was never in the session"};
    const std::string &id = participant->participant_id;
    const Json whole = describe(*participant, api.store.attendance.find(session.id, id));
    const auto minutes = api.sessions.services().quality.minutes(session.id, id);
    Json usage = Json::array();
    for (const auto &minute : minutes)
        usage.push(resolution_entry(minute));
    exchange.reply(200, Json::object({{"sessionId", session.id},
                                      {"meetingId", session.room_id},
                                      {"roomId", session.room_id},
                                      {"participantId", id},
                                      {"name", participant->name},
                                      {"deviceInfo", whole.get("deviceInfo")},
                                      {"geoLocation", whole.get("geoLocation")},
                                      {"stats", stats_of(minutes)},
                                      {"resolutionUsage", usage}}));
}

} // namespace

void add_stats_routes(Router &router, Api &api) {
    router.add("GET", "/v2/sessions/{sessionId}/stats", api.handler(get_session_stats));
    for (const char *spelling : {"participant", "participants"})
        router.add("GET", std::string("/v2/sessions/{sessionId}/") + spelling + "/{participantId}/stats",
                   api.handler(get_participant_stats));
}

} // namespace rostrum
