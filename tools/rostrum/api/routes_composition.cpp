// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"
#include "tools/rostrum/live/composition.h"

namespace rostrum {
namespace {

Json describe(const LiveSession &session) {
    return Json::object(
        {{"roomId", session.room_id()}, {"sessionId", session.id()}, {"composition", session.composition()}});
}

void get(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const Room room = api.room(exchange.param("roomId"));
    demand(check_read(claims, room.room_id));
    exchange.reply(200, describe(api.live(room, 404)));
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
                            if (const auto refusal = live.change_composition(config))
                                throw *refusal;
                            exchange->reply(200, describe(live));
                        });
}

} // namespace

void add_composition_routes(Router &router, Api &api) {
    const std::string path = "/v2/rooms/{roomId}/composition";
    router.add(
        "GET", path, [&api](const ExchangePtr &exchange) { get(api, *exchange); },
        "How the picture of a running session is composed");
    router.add(
        "PATCH", path, [&api](const ExchangePtr &exchange) { change(api, exchange); },
        "Change how the picture of a running session is composed; outputs go on", "application/json");
}

} // namespace rostrum
