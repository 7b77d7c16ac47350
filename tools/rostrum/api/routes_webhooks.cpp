// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Webhooks on their way, and where to.

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/webhook_secrets.h"

#include <cstdlib>

namespace rostrum {
namespace {

Json time_or_null(const std::optional<int64_t> &ms) {
    return ms ? Json(iso_time(*ms)) : Json();
}

Json text_or_null(const std::string &text) {
    return text.empty() ? Json() : Json(text);
}

Json describe(Api &api, const WebhookOutbox &outbox, const WebhookEndpoint &endpoint) {
    auto &deliveries = api.store.webhook_deliveries;
    const EndpointStatus status = outbox.status(endpoint.id);
    Json failure;
    if (endpoint.failed_at)
        failure = Json::object(
            {{"at", iso_time(*endpoint.failed_at)}, {"status", endpoint.status}, {"error", endpoint.error}});
    return Json::object({{"id", endpoint.id},
                         {"url", endpoint.url},
                         {"enabled", endpoint.enabled},
                         {"disabledReason", text_or_null(endpoint.disabled_why)},
                         {"trusted", outbox.trusts(endpoint)},
                         {"breaker", to_string(status.breaker)},
                         {"failures", status.failures},
                         {"inFlight", status.in_flight},
                         {"waiting", deliveries.count(endpoint.id, "waiting")},
                         {"dead", deliveries.count(endpoint.id, "dead")},
                         {"createdAt", iso_time(endpoint.created_at)},
                         {"lastDeliveredAt", time_or_null(deliveries.last_delivered_at(endpoint.id))},
                         {"lastFailure", failure}});
}

Json describe(const WebhookDelivery &delivery, const Claims &claims, const std::string &url) {
    const bool waiting = delivery.state == "waiting";
    return Json::object({{"id", delivery.id},
                         {"endpointId", delivery.endpoint},
                         {"url", claims.room_id.empty() ? Json(url) : Json()},
                         {"roomId", delivery.room_id},
                         {"sessionId", delivery.session_id},
                         {"outputId", text_or_null(delivery.output_id)},
                         {"type", delivery.type},
                         {"sequence", delivery.sequence},
                         {"state", delivery.state},
                         {"createdAt", iso_time(delivery.created_at)},
                         {"dueAt", waiting ? Json(iso_time(delivery.due_at)) : Json()},
                         {"settledAt", time_or_null(delivery.settled_at)},
                         {"attempts", delivery.attempts},
                         {"lastStatus", delivery.status},
                         {"lastError", text_or_null(delivery.error)}});
}

/// Receivers are everybody's: a token for one room does not see them. Their addresses may hold secrets.
void demand_control(const Claims &claims) {
    demand(check_api(claims));
    if (!claims.room_id.empty())
        throw Refusal{403, code::kUnauthorizedRoomId, "this token is for one room; receivers are of all of them"};
    demand(check_moderate(claims, ""));
}

/// A host's token must not be able to read a secret.
void demand_crawler(const Claims &claims) {
    demand_control(claims);
    if (std::find(claims.roles.begin(), claims.roles.end(), "crawler") == claims.roles.end())
        throw Refusal{403, code::kUnauthorizedRole, "secrets need a token with the role `crawler`"};
}

WebhookEndpoint endpoint_of(Api &api, const std::string &id) {
    const auto endpoint = api.store.webhook_endpoints.find(std::atoll(id.c_str()));
    if (!endpoint || std::to_string(endpoint->id) != id)
        throw Refusal{404, "there is no such receiver; GET /v2/webhooks/endpoints lists them"};
    return *endpoint;
}

void list_endpoints(Api &api, const WebhookOutbox &outbox, Exchange &exchange) {
    demand_control(api.claims(exchange));
    const PageRequest page = page_request(exchange);
    const auto endpoints = api.store.webhook_endpoints.list(page);
    Json data = Json::array();
    for (const auto &endpoint : endpoints.items)
        data.push(describe(api, outbox, endpoint));
    exchange.reply(200, paged(page, endpoints.total, data));
}

void get_endpoint(Api &api, const WebhookOutbox &outbox, Exchange &exchange) {
    demand_control(api.claims(exchange));
    exchange.reply(200, describe(api, outbox, endpoint_of(api, exchange.param("id"))));
}

void enable(Api &api, WebhookOutbox &outbox, Exchange &exchange, bool enabled) {
    demand_control(api.claims(exchange));
    const WebhookEndpoint endpoint = endpoint_of(api, exchange.param("id"));
    if (enabled && !endpoint.enabled)
        outbox.enable(endpoint);
    else if (!enabled && endpoint.enabled)
        outbox.disable(endpoint.id, "by request");
    exchange.reply(200, describe(api, outbox, endpoint_of(api, exchange.param("id"))));
}

void list_deliveries(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    WebhookFilter filter{exchange.query("state"), exchange.query("roomId"), 0};
    if (!filter.state.empty() && filter.state != "waiting" && filter.state != "delivered" && filter.state != "dead")
        throw Refusal{400, "state has to be waiting, delivered or dead"};
    if (!filter.room_id.empty())
        filter.room_id = api.room(filter.room_id).room_id;
    demand(check_moderate(claims, filter.room_id.empty() ? claims.room_id : filter.room_id));
    if (!claims.room_id.empty())
        filter.room_id = claims.room_id;
    if (const std::string endpoint = exchange.query("endpointId"); !endpoint.empty())
        filter.endpoint = endpoint_of(api, endpoint).id;
    const PageRequest page = page_request(exchange);
    const auto deliveries = api.store.webhook_deliveries.list(filter, page);
    std::map<int64_t, std::string> urls;
    Json data = Json::array();
    for (const auto &delivery : deliveries.items) {
        std::string &url = urls[delivery.endpoint];
        if (url.empty())
            url = api.store.webhook_endpoints.find(delivery.endpoint)->url;
        data.push(describe(delivery, claims, url));
    }
    exchange.reply(200, paged(page, deliveries.total, data));
}

WebhookDelivery delivery_of(Api &api, const Exchange &exchange) {
    const auto delivery = api.store.webhook_deliveries.find(exchange.param("id"));
    if (!delivery)
        throw Refusal{404, "there is no such delivery; it may have been removed, see webhook-history-hours"};
    return *delivery;
}

void reply_delivery(Api &api, const Claims &claims, Exchange &exchange) {
    const WebhookDelivery delivery = delivery_of(api, exchange);
    const auto endpoint = api.store.webhook_endpoints.find(delivery.endpoint);
    exchange.reply(200, describe(delivery, claims, endpoint->url).set("body", delivery.body));
}

void get_delivery(Api &api, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    demand(check_moderate(claims, delivery_of(api, exchange).room_id));
    reply_delivery(api, claims, exchange);
}

void resend(Api &api, WebhookOutbox &outbox, Exchange &exchange) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const WebhookDelivery delivery = delivery_of(api, exchange);
    demand(check_moderate(claims, delivery.room_id));
    if (!api.store.webhook_endpoints.find(delivery.endpoint)->enabled)
        throw Refusal{409, "its receiver is disabled; enable that first"};
    if (!outbox.send_again(delivery))
        throw Refusal{409, "it is waiting to be delivered already"};
    reply_delivery(api, claims, exchange);
}

void resend_dead(Api &api, WebhookOutbox &outbox, Exchange &exchange) {
    demand_control(api.claims(exchange));
    const Json body = exchange.json_body();
    const WebhookEndpoint endpoint = endpoint_of(api, std::to_string(body.get("endpointId").as_integer()));
    if (!endpoint.enabled)
        throw Refusal{409, "this receiver is disabled; enable it first"};
    std::string room = body.text("roomId");
    if (!room.empty())
        room = api.room(room).room_id;
    const int64_t count = outbox.send_dead_again(endpoint.id, room);
    const auto left = api.store.webhook_deliveries.list({"dead", room, endpoint.id}, {1, 1}).total;
    exchange.reply(200, Json::object({{"count", count}, {"left", left}}));
}

void rotate_secret(Api &api, WebhookSecrets &secrets, Exchange &exchange) {
    demand_crawler(api.claims(exchange));
    const auto rotated = secrets.rotate();
    if (auto *refusal = std::get_if<Refusal>(&rotated))
        throw *refusal;
    exchange.set_header("Cache-Control", "no-store");
    exchange.reply(200, Json::object({{"secret", std::get<std::string>(rotated)}, {"valid", secrets.count()}}));
}

void retire_secret(Api &api, WebhookSecrets &secrets, Exchange &exchange) {
    demand_crawler(api.claims(exchange));
    demand(secrets.retire());
    exchange.reply(200, Json::object({{"valid", secrets.count()}}));
}

} // namespace

void add_webhook_routes(Router &router, Api &api, WebhookOutbox &outbox, WebhookSecrets &secrets) {
    const auto add = [&](const char *method, const char *path, auto handler) {
        router.add(method, path, [&api, &outbox, handler](const ExchangePtr &e) { handler(api, outbox, *e); });
    };
    add("GET", "/v2/webhooks/endpoints", list_endpoints);
    add("GET", "/v2/webhooks/endpoints/{id}", get_endpoint);
    add("POST", "/v2/webhooks/endpoints/{id}/enable",
        [](Api &a, WebhookOutbox &o, Exchange &e) { enable(a, o, e, true); });
    add("POST", "/v2/webhooks/endpoints/{id}/disable",
        [](Api &a, WebhookOutbox &o, Exchange &e) { enable(a, o, e, false); });
    add("GET", "/v2/webhooks/deliveries", [](Api &a, WebhookOutbox &, Exchange &e) { list_deliveries(a, e); });
    add("GET", "/v2/webhooks/deliveries/{id}", [](Api &a, WebhookOutbox &, Exchange &e) { get_delivery(a, e); });
    add("POST", "/v2/webhooks/deliveries/{id}/resend", resend);
    add("POST", "/v2/webhooks/resend", resend_dead);
    router.add("POST", "/v2/webhooks/secret/rotate",
               [&api, &secrets](const ExchangePtr &e) { rotate_secret(api, secrets, *e); });
    router.add("POST", "/v2/webhooks/secret/retire",
               [&api, &secrets](const ExchangePtr &e) { retire_secret(api, secrets, *e); });
}

} // namespace rostrum
