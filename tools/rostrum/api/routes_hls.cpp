// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/hls_capture.h"
#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

const std::string &public_url(const Api &api) {
    return api.sessions.services().settings.public_url;
}

Json describe(Api &api, const OutputRecord &output) {
    Json json = describe_output(api, output);
    const Json urls = hls_urls(output, public_url(api));
    for (const auto &name : urls.keys())
        json.set(name, urls.get(name.c_str()));
    const Json request = output.details.get("request");
    json.set("mode", request.get("mode")).set("playable", output.details.get("playable").as_bool());
    const Json config = output.details.get("config"), captures = output.details.get("captureLog");
    json.set("quality", config.text("quality", "med")).set("orientation", config.text("orientation", "landscape"));
    json.set("captureLog", captures.is_array() ? captures : Json::array());
    if (output.details.has("error"))
        json.set("error", output.details.get("error"));
    if (output.details.has("durationMs"))
        json.set("duration", double(output.details.get("durationMs").as_integer()) / 1000);
    if (output.details.has("recordingId"))
        json.set("recordingId", output.details.get("recordingId"));
    return json;
}

OutputRecord record_of(Api &api, const std::string &id) {
    if (auto record = api.store.outputs.find(OutputKind::Hls, id))
        return *record;
    throw Refusal{404, "there is no such HLS stream"};
}

} // namespace

void start_hls(Api &api, const ExchangePtr &exchange, ReplyShape shape) {
    const Claims claims = api.claims(*exchange);
    const Json body = exchange->json_body();
    const Room room = api.room_to_moderate(claims, body);
    refuse_unsupported(body);
    Json config = body.get("config").is_object() ? body.get("config") : Json::object();
    if (body.get("recording").is_object())
        config.set("recording", body.get("recording"));
    LiveSession &session = api.live(room, traits(OutputKind::Hls).start_failed);
    const auto go = [&api, exchange, config, shape, webhook_url = webhook_url_of(body),
                     resource = body.text("resourceId")](LiveSession &live) {
        const auto result = live.start_hls(config, webhook_url, resource);
        if (auto *refusal = std::get_if<Refusal>(&result))
            throw *refusal;
        exchange->reply(200, shape(describe(api, record_of(api, std::get<std::string>(result)))));
    };
    with_checked_layout(api, exchange, session, config, {"config", "layout", "description"}, go);
}

void stop_hls(Api &api, Exchange &exchange, ReplyShape shape) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    const Room room = api.room_to_moderate(claims, body);
    LiveSession &session = api.live(room, traits(OutputKind::Hls).stop_failed);
    demand(session.stop_outputs(OutputKind::Hls, body.text("id")));
    exchange.reply(200, shape(Json("HLS ended successfully")));
}

namespace {

/// The one that runs in a room; null when there is none.
const LiveOutput *running(Api &api, const Room &room) {
    const LiveSession *session = api.sessions.in_room(room.room_id);
    if (session)
        for (const auto &output : session->outputs())
            if (output->record.kind == OutputKind::Hls && is_wanted(output->machine.state()))
                return output.get();
    return nullptr;
}

void get_active(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const Room room = api.room(exchange.param("id"));
    demand(check_read(claims, room.room_id));
    const LiveOutput *output = running(api, room);
    if (!output)
        throw Refusal{404, "no HLS stream is running in this room"};
    const Json custom_id = room.custom_room_id ? Json(*room.custom_room_id) : Json();
    Json json = describe(api, output->record);
    json.set("customRoomId", custom_id).set("userMeetingId", custom_id);
    exchange.reply(200, Json::object({{"code", 200}, {"data", json}}));
}

void capture(Api &api, const ExchangePtr &exchange) {
    const Claims claims = api.claims(*exchange);
    const Json body = exchange->json_body();
    const Room room = api.room_to_moderate(claims, body);
    const LiveOutput *output = running(api, room);
    if (!output)
        throw Refusal{404, "no HLS stream is running in this room"};
    capture_hls(api, exchange, *api.sessions.services().hls.find(output->record), output->record, body);
}

void remove(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const OutputRecord output = readable_output(api, exchange, OutputKind::Hls);
    demand(check_moderate(claims, output.room_id));
    if (!output.end)
        throw Refusal{409, traits(OutputKind::Hls).stop_failed, "the HLS stream is still running; end it first"};
    api.store.outputs.remove(OutputKind::Hls, output.id);
    api.sessions.services().hls.remove(output);
    exchange.reply(200, Json("Room Hls Recording deleted successfully !"));
}

} // namespace

void add_hls_routes(Router &router, Api &api) {
    router.add("POST", "/v2/hls/start", [&api](const ExchangePtr &exchange) { start_hls(api, exchange, as_it_is); });
    for (const char *path : {"/v2/hls/end", "/v2/hls/stop"})
        router.add("POST", path, api.handler([](Api &a, Exchange &exchange) { stop_hls(a, exchange, as_it_is); }));
    router.add("POST", "/v2/hls/capture", api.handler(capture));
    router.add("GET", "/v2/hls",
               api.handler([](Api &a, Exchange &exchange) { list_outputs(a, exchange, OutputKind::Hls, describe); }));
    router.add("GET", "/v2/hls/{id}/active", api.handler(get_active));
    router.add("GET", "/v2/hls/{id}", api.handler([](Api &a, Exchange &exchange) {
        exchange.reply(200, describe(a, readable_output(a, exchange, OutputKind::Hls)));
    }));
    router.add("DELETE", "/v2/hls/{id}", api.handler(remove));
}

} // namespace rostrum
