// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/participant_json.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

Json span(int64_t start, const std::optional<int64_t> &end) {
    return Json::object({{"start", iso_time(start)}, {"end", end ? Json(iso_time(*end)) : Json()}});
}

Json spans_of(const Attendance &attendance, const char *kind) {
    Json list = Json::array();
    for (const auto &one : attendance.spans)
        if (one.kind == kind)
            list.push(span(one.start, one.end));
    return list;
}

Json mode_history(const Attendance &attendance) {
    Json list = Json::array();
    for (const auto &one : attendance.spans)
        if (one.kind == attendance::kMode)
            list.push(Json::object(
                {{"mode", one.value}, {"timelog", Json::array({span(one.start, one.end)})}, {"_id", one.document_id}}));
    return list;
}

} // namespace

Json describe(const ParticipantRecord &participant) {
    Json timelog = Json::array();
    for (const auto &stay : participant.timelog)
        timelog.push(span(stay.start, stay.end));
    return Json::object({{"participantId", participant.participant_id},
                         {"name", participant.name},
                         {"mode", participant.mode},
                         {"timelog", timelog}});
}

Json describe(const ParticipantRecord &participant, const Attendance &attendance) {
    Json events = Json::object();
    for (const char *kind : attendance::kMedia)
        events.set(kind, spans_of(attendance, kind));
    Json json = describe(participant);
    json.set("_id", attendance.document_id)
        .set("changeModeHistory", mode_history(attendance))
        .set("events", events)
        .set("initTime", participant.timelog.empty() ? Json() : Json(iso_time(participant.timelog.front().start)))
        .set("deviceInfo", parse_json(attendance.device).value_or(Json()))
        .set("geoLocation", Json::object({{"city", Json()}, {"region", Json()}, {"country", Json()}}));
    return json;
}

} // namespace rostrum
