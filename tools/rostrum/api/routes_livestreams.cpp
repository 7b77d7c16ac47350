// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/live/destination_list.h"
#include "tools/rostrum/live/destinations.h"

namespace rostrum {
namespace {

/// As VideoSDK shows them: with a key that says only whether there is one.
Json outputs_of(const OutputRecord &livestream) {
    Json outputs = describe_destinations(livestream);
    for (Json output : outputs.items()) {
        const bool has_key = !find_destination(livestream, output.text("id")).text("streamKey").empty();
        output.set("streamKey", has_key ? "********" : "");
    }
    return outputs;
}

/// A running one is what the session has of it: its numbers are newer than the store's.
Json describe(Api &api, const OutputRecord &stored) {
    const OutputRecord *output = &stored;
    if (LiveSession *session = api.sessions.find(stored.session_id))
        for (const auto &live : session->outputs())
            if (live->record.id == stored.id)
                output = &live->record;
    Json json = describe_output(api, *output);
    const Json warnings = output->details.get("warnings");
    return json.set("outputs", outputs_of(*output)).set("warnings", warnings.is_array() ? warnings : Json::array());
}

bool allow_private(const Api &api) {
    return api.sessions.services().settings.launch.allow_private;
}

} // namespace

void start_livestream(Api &api, const ExchangePtr &exchange, ReplyShape shape) {
    const Claims claims = api.claims(*exchange);
    const Json body = exchange->json_body();
    const Room room = api.room_to_moderate(claims, body);
    refuse_unsupported(body);
    const auto destinations = parse_destinations(body.get("outputs"), allow_private(api));
    if (auto *refusal = std::get_if<Refusal>(&destinations))
        throw *refusal;
    LiveSession &session = api.live(room, code::kStartLivestreamFailed);
    const auto go = [exchange, shape, resource = body.text("resourceId"), config = body.get("config"),
                     outputs = std::get<Json>(destinations), webhook_url = webhook_url_of(body)](LiveSession &live) {
        const auto result = live.start_livestream(outputs, config, webhook_url, resource);
        if (auto *refusal = std::get_if<Refusal>(&result))
            throw *refusal;
        const auto &id = std::get<std::string>(result);
        exchange->reply(
            200, shape(started("Livestream started successfully", id, live).set("warnings", live.warnings_of(id))));
    };
    with_checked_layout(api, exchange, session, body.get("config"), {"config", "layout", "description"}, go);
}

void stop_livestream(Api &api, Exchange &exchange, ReplyShape shape) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    const Room room = api.room_to_moderate(claims, body);
    LiveSession &session = api.live(room, code::kStopLivestreamFailed);
    demand(session.stop_outputs(OutputKind::Livestream, body.text("id")));
    exchange.reply(200, shape(Json("Livestream ended successfully")));
}

namespace {

/// The running session of the livestream that the path names, for whoever may moderate it.
LiveSession &session_of(Api &api, const Exchange &exchange) {
    const OutputRecord output = readable_output(api, exchange, OutputKind::Livestream);
    demand(check_moderate(api.claims(exchange), output.room_id));
    LiveSession *session = api.sessions.find(output.session_id);
    if (!session || !session->accepting())
        throw Refusal{404, "this livestream is not running"};
    return *session;
}

void add_output(Api &api, Exchange &exchange) {
    LiveSession &session = session_of(api, exchange);
    const auto destination = parse_destination(exchange.json_body(), allow_private(api));
    if (auto *refusal = std::get_if<Refusal>(&destination))
        throw *refusal;
    const std::string id = exchange.param("id");
    const auto added = session.add_destination(id, std::get<Json>(destination));
    if (auto *refusal = std::get_if<Refusal>(&added))
        throw *refusal;
    exchange.reply(200, Json::object({{"message", "Output added successfully"},
                                      {"id", id},
                                      {"output", std::get<Json>(added)},
                                      {"warnings", session.warnings_of(id)}}));
}

void remove_output(Api &api, Exchange &exchange) {
    LiveSession &session = session_of(api, exchange);
    if (const auto refusal = session.remove_destination(exchange.param("id"), exchange.param("outputId")))
        throw *refusal;
    exchange.reply(200, Json("Output removed successfully"));
}

} // namespace

void add_livestream_routes(Router &router, Api &api) {
    router.add("POST", "/v2/livestreams/start",
               [&api](const ExchangePtr &exchange) { start_livestream(api, exchange, as_it_is); });
    for (const char *path : {"/v2/livestreams/end", "/v2/livestreams/stop"})
        router.add("POST", path,
                   api.handler([](Api &a, Exchange &exchange) { stop_livestream(a, exchange, as_it_is); }));
    router.add("GET", "/v2/livestreams", api.handler([](Api &a, Exchange &exchange) {
        list_outputs(a, exchange, OutputKind::Livestream, describe);
    }));
    router.add("GET", "/v2/livestreams/{id}", api.handler([](Api &a, Exchange &exchange) {
        exchange.reply(200, describe(a, readable_output(a, exchange, OutputKind::Livestream)));
    }));
    router.add("POST", "/v2/livestreams/{id}/outputs", api.handler(add_output));
    router.add("DELETE", "/v2/livestreams/{id}/outputs/{outputId}", api.handler(remove_output));
}

} // namespace rostrum
