// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/live/destination_url.h"
#include "tools/rostrum/live/destinations.h"

namespace rostrum {
namespace {

/// Stream keys go in but never out.
Json describe(Api &api, const OutputRecord &output) {
    Json destinations = Json::array();
    for (const auto &destination : output.details.get("outputs").items()) {
        const bool has_key = !destination.text("streamKey").empty();
        destinations.push(Json::object({{"id", destination.text("id")},
                                        {"url", public_destination_url(destination.text("url"), has_key)},
                                        {"streamKey", has_key ? "********" : ""}}));
    }
    LiveSession *session = api.sessions.find(output.session_id);
    if (session)
        for (const auto &live : session->outputs())
            if (live->record.id == output.id)
                destinations = describe_parts(*live);
    Json json = describe_output(api, output);
    return json.set("outputs", destinations);
}

void start(Api &api, const ExchangePtr &exchange) {
    const Claims claims = api.claims(*exchange);
    const Json body = exchange->json_body();
    const Room room = api.room_to_moderate(claims, body);
    const auto destinations =
        parse_destinations(body.get("outputs"), api.sessions.services().settings.launch.allow_private);
    if (auto *refusal = std::get_if<Refusal>(&destinations))
        throw *refusal;
    LiveSession &session = api.live(room, code::kStartLivestreamFailed);
    const auto go = [exchange, config = body.get("config"), outputs = std::get<Json>(destinations),
                     webhook_url = webhook_url_of(body)](LiveSession &live) {
        const auto result = live.start_livestream(outputs, config, webhook_url);
        if (auto *refusal = std::get_if<Refusal>(&result))
            throw *refusal;
        exchange->reply(200, started("Livestream started successfully", std::get<std::string>(result), live));
    };
    with_checked_layout(api, exchange, session, body.get("config"), {"config", "layout", "description"}, go);
}

void stop(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    const Json body = exchange.json_body();
    const Room room = api.room_to_moderate(claims, body);
    LiveSession &session = api.live(room, code::kStopLivestreamFailed);
    demand(session.stop_outputs(OutputKind::Livestream, body.text("id")));
    exchange.reply(200, Json("Livestream ended successfully"));
}

} // namespace

void add_livestream_routes(Router &router, Api &api) {
    const std::string json = "application/json";
    auto bind = [&api](void (*handler)(Api &, Exchange &)) {
        return [&api, handler](const ExchangePtr &exchange) { handler(api, *exchange); };
    };
    router.add(
        "POST", "/v2/livestreams/start", [&api](const ExchangePtr &exchange) { start(api, exchange); },
        "Push the composed picture to RTMP servers", json);
    for (const char *path : {"/v2/livestreams/end", "/v2/livestreams/stop"})
        router.add("POST", path, bind(stop), "End a livestream", json);
    router.add("GET", "/v2/livestreams",
               bind([](Api &a, Exchange &exchange) { list_outputs(a, exchange, OutputKind::Livestream, describe); }),
               "List livestreams");
    router.add("GET", "/v2/livestreams/{id}", bind([](Api &a, Exchange &exchange) {
                   exchange.reply(200, describe(a, readable_output(a, exchange, OutputKind::Livestream)));
               }),
               "Get a livestream");
}

} // namespace rostrum
