// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/recording_request.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/composition.h"
#include "webhooks/http_post.h"

namespace rostrum {
namespace {

constexpr size_t kMaxCustomIdBytes = 128, kMaxEndpointBytes = 512, kMaxEvents = 100, kMaxAllowed = 10000;
constexpr int64_t kMaxDuration = 100'000'000;

Refusal bad(const std::string &text) {
    return {400, text};
}

void check_webhook(const Json &webhook) {
    const std::string url = webhook.text("endPoint");
    if (!webhook.is_object() || url.size() > kMaxEndpointBytes || !is_http_url(url))
        throw bad("webhook has to be {\"endPoint\": \"https://…\", \"events\": [\"recording-*\"]}, endPoint at most "
                  "512 bytes");
    const auto events = webhook.get("events").strings();
    if (webhook.has("events") && (!webhook.get("events").is_array() || events.size() > kMaxEvents))
        throw bad("webhook.events has to be a list of at most 100 names");
    for (const auto &event : events)
        if (event.size() > 64)
            throw bad("webhook.events: a name is too long");
}

void check_auto_close(const Json &config) {
    const std::string type = config.text("type", "session-ends");
    if (!config.is_object() || (type != "session-ends" && type != "session-end-and-deactivate"))
        throw bad("autoCloseConfig.type has to be session-ends or session-end-and-deactivate");
    const int64_t duration = config.get("duration").as_integer(config.has("duration") ? -1 : 1);
    if (duration < 1 || duration > kMaxDuration)
        throw bad("autoCloseConfig.duration has to be a whole number of minutes from 1 to 100000000");
}

/// What would be refused when the session begins is refused while somebody reads the answer.
void check_auto_start(const Json &wanted) {
    if (!wanted.is_object())
        throw bad("autoStartConfig has to be an object");
    for (const char *name : {"recording", "hls", "composite"}) {
        if (!wanted.get(name).text("templateUrl").empty() ||
            wanted.get(name).get("transcription").get("enabled").as_bool())
            throw Refusal{501,
                          std::string("autoStartConfig.") + name + ": templateUrl and transcription are not supported"};
        const Json config = wanted.get(name).get("config");
        const auto composition = parse_composition(config.is_null() ? Json::object() : config, default_composition());
        if (const auto *refusal = std::get_if<Refusal>(&composition))
            throw Refusal{refusal->status, std::string("autoStartConfig.") + name + ": " + refusal->message};
    }
    for (const auto &[name, kind] :
         {std::pair("recording", OutputKind::Recording), std::pair("composite", OutputKind::CompositeRecording)})
        try {
            if (const Json recording = wanted.get(name); !recording.is_null())
                parse_recording(kind, recording);
        } catch (const Refusal &refusal) {
            throw Refusal{refusal.status, std::string("autoStartConfig.") + name + ": " + refusal.message};
        }
}

void check_allowed(const Json &allowed) {
    const auto ids = allowed.strings();
    if (!allowed.is_array() || ids.size() != allowed.items().size() || ids.size() > kMaxAllowed)
        throw bad("allowedParticipantIds has to be a list of participant ids");
    for (const auto &id : ids)
        if (!is_participant_id(id))
            throw Refusal{400, code::kInvalidParticipantId,
                          "allowedParticipantIds: '" + id + "' is not a participant id"};
}

/// The part of a create body that is kept.
Json read_settings(const Json &body) {
    Json settings = Json::object();
    for (const char *name :
         {"webhook", "autoCloseConfig", "autoStartConfig", "multiComposition", "geoFence", "allowedParticipantIds"}) {
        const Json value = body.get(name);
        if (value.is_null())
            continue;
        const std::string key = name;
        if (key == "webhook")
            check_webhook(value);
        else if (key == "autoCloseConfig")
            check_auto_close(value);
        else if (key == "autoStartConfig")
            check_auto_start(value);
        else if (key == "allowedParticipantIds")
            check_allowed(value);
        else if (key == "geoFence" ? !value.is_string() : !value.is_object())
            throw bad(key + (key == "geoFence" ? " has to be a string" : " has to be an object"));
        settings.set(name, value);
    }
    return settings;
}

std::optional<std::string> read_custom_id(const Json &body) {
    const Json value = body.get("customRoomId");
    if (value.is_null())
        return std::nullopt;
    std::string id = value.as_string();
    if (id.empty() || id.size() > kMaxCustomIdBytes || id.find_first_of(" \t\r\n/") != std::string::npos)
        throw Refusal{400, code::kInvalidRoomId, "customRoomId has to be 1 to 128 bytes without blanks or slashes"};
    return id;
}

/// A single server is in one place: a fence around another cannot be kept.
void check_fence(const Api &api, const Json &settings) {
    const std::string fence = settings.text("geoFence"), region = api.sessions.services().settings.region;
    if (!fence.empty() && region != "local" && fence != region)
        throw bad("geoFence: this server is in '" + region + "'");
}

/// What an app server wrote for itself, such as addresses of its own: not for tokens that can only read or join.
bool is_private(const std::string &setting) {
    return setting == "webhook" || setting == "autoStartConfig" || setting == "allowedParticipantIds";
}

Json describe(const Api &api, const Claims &claims, const Room &room) {
    Json json =
        Json::object({{"roomId", room.room_id},
                      {"customRoomId", room.custom_room_id ? Json(*room.custom_room_id) : Json()},
                      {"userId", api.user_id()},
                      {"disabled", room.disabled},
                      {"createdAt", iso_time(room.created_at)},
                      {"updatedAt", iso_time(room.updated_at)},
                      {"id", room.id},
                      {"links", Json::object({{"get_room", api.url("/v2/rooms/" + room.room_id)},
                                              {"get_session", api.url("/v2/sessions?roomId=" + room.room_id)}})}});
    for (const auto &key : room.settings.keys())
        if (claims.allow_mod || !is_private(key))
            json.set(key, room.settings.get(key.c_str()));
    return json;
}

void create_room(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    if (!claims.room_id.empty())
        throw Refusal{403, code::kUnauthorizedRoomId, "a token for one room cannot create another"};
    const Json body = exchange.json_body();
    const Json settings = read_settings(body);
    check_fence(api, settings);
    exchange.reply(200, describe(api, claims, api.store.rooms.create(read_custom_id(body), settings, now_ms())));
}

void list_rooms(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const PageRequest page = page_request(exchange);
    const auto rooms = api.store.rooms.list(claims.room_id.empty() ? exchange.query("query") : claims.room_id, page);
    Json data = Json::array();
    for (const auto &room : rooms.items)
        data.push(describe(api, claims, room));
    exchange.reply(200, paged(page, rooms.total, data));
}

void get_room(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const Room room = api.room(exchange.param("roomId"));
    demand(check_read(claims, room.room_id));
    Json json = describe(api, claims, room);
    exchange.reply(200, json.set("user", Json::object({{"email", Json()},
                                                       {"name", claims.api_key},
                                                       {"discontinuedReason", Json()},
                                                       {"id", claims.api_key}})));
}

/// Like get, but open to tokens that can only join, and a deactivated room is refused.
void validate_room(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Room room = api.room(exchange.param("roomId"));
    if (!claims.room_id.empty() && claims.room_id != room.room_id)
        throw Refusal{403, code::kUnauthorizedRoomId, "this token is for another room"};
    if (room.disabled)
        throw Refusal{400, code::kRoomDisabled, "this room was deactivated"};
    exchange.reply(200, describe(api, claims, room));
}

void set_disabled(Api &api, Exchange &exchange, const Room &room, bool disabled) {
    const Claims &claims = api.claims(exchange);
    api.store.rooms.set_disabled(room.room_id, disabled, now_ms());
    if (LiveSession *session = api.sessions.in_room(room.room_id); session && disabled)
        session->end(leave_reason::kEnded);
    const Room now = api.room(room.room_id);
    Json json = describe(api, claims, now);
    json.set("meetingId", now.room_id)
        .set("userMeetingId", now.custom_room_id ? Json(*now.custom_room_id) : Json())
        .set("status", disabled ? "disabled" : "enabled");
    exchange.reply(200, json);
}

void deactivate_room(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    set_disabled(api, exchange, api.room_to_moderate(claims, exchange.json_body()), true);
}

void update_room(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    const Room room = api.room_to_moderate(claims, Json::object({{"roomId", exchange.param("roomId")}}));
    const std::string status = body.text("status");
    if (status != "enabled" && status != "disabled")
        throw bad("status has to be enabled or disabled");
    set_disabled(api, exchange, room, status == "disabled");
}

} // namespace

void add_room_routes(Router &router, Api &api) {
    router.add("POST", "/v2/rooms", api.handler(create_room));
    router.add("GET", "/v2/rooms", api.handler(list_rooms));
    router.add("POST", "/v2/rooms/deactivate", api.handler(deactivate_room));
    router.add("GET", "/v2/rooms/validate/{roomId}", api.handler(validate_room));
    router.add("POST", "/v2/rooms/validate/{roomId}", api.handler(validate_room));
    router.add("GET", "/v2/rooms/{roomId}", api.handler(get_room));
    router.add("POST", "/v2/rooms/{roomId}", api.handler(update_room));
}

} // namespace rostrum
