// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/live/composition.h"

namespace rostrum {
namespace {

/// Of an output, or with "" of the session.
Json describe(const LiveSession &session, const std::string &output_id) {
    Json json = Json::object({{"roomId", session.room_id()}, {"sessionId", session.id()}});
    if (output_id.empty())
        return json.set("composition", session.composition());
    const auto own = session.composition_of(output_id);
    if (auto *refusal = std::get_if<Refusal>(&own))
        throw *refusal;
    return json.set("outputId", output_id).set("composition", std::get<Json>(own));
}

void get(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const Room room = api.room(exchange.param("roomId"));
    demand(check_read(claims, room.room_id));
    exchange.reply(200, describe(api.live(room, 404), exchange.query("outputId")));
}

void change(Api &api, const ExchangePtr &exchange) {
    const Claims claims = api.claims(*exchange);
    const Json config = exchange->json_body();
    const Room room = api.room_to_moderate(claims, Json::object({{"roomId", exchange->param("roomId")}}));
    LiveSession &session = api.live(room, 404);
    if (const auto refusal = check_composition_names(config))
        throw *refusal;
    with_checked_layout(api, exchange, session, config, {"layout", "description"},
                        [exchange, config](LiveSession &live) {
                            const std::string output_id = exchange->query("outputId");
                            const auto refusal = output_id.empty() ? live.change_composition(config)
                                                                   : live.change_composition_of(output_id, config);
                            if (refusal)
                                throw *refusal;
                            exchange->reply(200, describe(live, output_id));
                        });
}

} // namespace

void add_composition_routes(Router &router, Api &api) {
    const std::string path = "/v2/rooms/{roomId}/composition";
    router.add("GET", path, api.handler(get));
    router.add("PATCH", path, api.handler(change));
}

} // namespace rostrum
