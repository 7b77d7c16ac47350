// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// VideoSDK's resource pool: places for compositions that are kept free ahead of a show.

#include "tools/rostrum/api/outputs_common.h"

#include <algorithm>

namespace rostrum {
namespace {

ResourcePool &pool_of(const Api &api) {
    return *api.sessions.services().pool;
}

/// Whose token may reserve for every room.
void demand_pool(const Api &api, const Exchange &exchange) {
    const Claims &claims = api.claims(exchange);
    demand(check_moderate(claims, claims.room_id));
    if (!claims.room_id.empty())
        throw Refusal{403, code::kUnauthorizedRoomId, "resources belong to no room; this token is for one room"};
}

std::string one_of(const Json &body, const char *name, std::initializer_list<const char *> words, bool required) {
    const std::string given = body.text(name);
    if ((given.empty() && !body.has(name) && !required) ||
        std::any_of(words.begin(), words.end(), [&](const char *word) { return given == word; }))
        return given;
    std::string list;
    for (const char *word : words)
        list += (list.empty() ? "" : ", ") + std::string(word);
    throw Refusal{400, std::string(name) + " has to be one of " + list};
}

void acquire(Api &api, Exchange &exchange) {
    demand_pool(api, exchange);
    const Json body = exchange.json_body();
    ResourceUnit wanted;
    wanted.type = one_of(body, "type", {"recording", "hls", "rtmp"}, true);
    wanted.mode = one_of(body, "mode", {"video-and-audio", "audio"}, false);
    wanted.quality = one_of(body, "quality", {"low", "med", "high", "ultra"}, false);
    wanted.webhook_url = webhook_url_of(body);
    if (wanted.webhook_url.empty())
        throw Refusal{400, "webhookUrl is missing: where it is told that the resource is there"};
    const int64_t units = body.has("units") ? body.get("units").as_integer(-1) : 1;
    if (units < 1 || units > 100)
        throw Refusal{400, "units has to be a whole number from 1 to 100"};
    const auto acquired = pool_of(api).acquire(wanted, static_cast<size_t>(units));
    if (auto *refusal = std::get_if<Refusal>(&acquired))
        throw *refusal;
    Json data = Json::array();
    for (const auto &unit : std::get<std::vector<ResourceUnit>>(acquired))
        data.push(pool_of(api).describe(unit));
    exchange.reply(200, Json::object({{"success", true}, {"data", data}}));
}

void release(Api &api, Exchange &exchange) {
    demand_pool(api, exchange);
    const Json body = exchange.json_body();
    const auto ids = body.get("ids").strings();
    if (ids.empty() || ids.size() > 1000)
        throw Refusal{400, "ids has to be a list of 1 to 1000 ids of resources"};
    Json data = Json::array();
    bool all = true;
    for (const auto &id : ids) {
        const std::string why = pool_of(api).release(id);
        all = all && why.empty();
        data.push(Json::object(
            {{"id", id}, {"success", why.empty()}, {"msg", why.empty() ? "Resource released successfully" : why}}));
    }
    exchange.reply(200, Json::object({{"success", all}, {"data", data}}));
}

void list(Api &api, Exchange &exchange) {
    demand_pool(api, exchange);
    const std::string state = exchange.query("status");
    if (!state.empty() && state != "pending" && state != "idle" && state != "composing" && state != "released")
        throw Refusal{400, "status has to be one of pending, idle, composing, released"};
    const PageRequest page = page_request(exchange);
    const auto units = api.store.resources.list(state, page);
    Json data = Json::array();
    for (const auto &unit : units.items)
        data.push(pool_of(api).describe(unit));
    exchange.reply(200, paged(page, units.total, data));
}

void get(Api &api, Exchange &exchange) {
    demand_pool(api, exchange);
    const auto unit = api.store.resources.find(exchange.param("id"));
    if (!unit)
        throw Refusal{404, "there is no such resource"};
    exchange.reply(200, Json::object({{"success", true}, {"data", pool_of(api).describe(*unit)}}));
}

Json shape_of_start(const Json &reply) {
    return Json::object({{"success", true}, {"data", Json::object({{"id", reply.get("id")}})}});
}

Json shape_of_end(const Json &reply) {
    return Json::object({{"success", true}, {"msg", reply}});
}

Handler on_unit(Api &api, StartHandler start) {
    return [&api, start](const ExchangePtr &exchange) {
        demand(check_api(api.claims(*exchange)));
        if (exchange->json_body().text("resourceId").empty())
            throw Refusal{400, "resourceId is missing"};
        start(api, exchange, shape_of_start);
    };
}

Handler end_on_unit(Api &api, StopHandler stop) {
    return [&api, stop](const ExchangePtr &exchange) {
        demand(check_api(api.claims(*exchange)));
        if (exchange->json_body().text("id").empty())
            throw Refusal{400, "id is missing"};
        stop(api, *exchange, shape_of_end);
    };
}

} // namespace

void add_resource_routes(Router &router, Api &api) {
    router.add("POST", "/v2/resource/acquire", api.handler(acquire));
    router.add("POST", "/v2/resource/release", api.handler(release));
    router.add("GET", "/v2/resource", api.handler(list));
    router.add("GET", "/v2/resource/{id}", api.handler(get));
    const std::tuple<const char *, StartHandler, StopHandler> kinds[] = {
        {"recordings", start_room_recording, stop_room_recording},
        {"hls", start_hls, stop_hls},
        {"livestreams", start_livestream, stop_livestream}};
    for (const auto &[name, start, stop] : kinds) {
        const std::string path = std::string("/v2/resource/") + name;
        router.add("POST", path + "/start", on_unit(api, start));
        for (const char *word : {"/end", "/stop"})
            router.add("POST", path + word, end_on_unit(api, stop));
    }
}

} // namespace rostrum
