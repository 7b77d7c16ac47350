// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/json_member.h"
#include "webhooks/http_post.h"

namespace rostrum {

namespace {

/// `roomId`, or `query`, which finds nothing where `roomId` would be refused. Nothing: no room is named like that.
std::optional<std::string> wanted_room(Api &api, const Exchange &exchange) {
    if (const std::string id = exchange.query("roomId"); !id.empty())
        return api.room(id).room_id;
    const std::string searched = exchange.query("query");
    if (searched.empty())
        return "";
    const auto room = api.store.rooms.find(searched);
    return room ? std::optional(room->room_id) : std::nullopt;
}

} // namespace

void list_outputs(Api &api, Exchange &exchange, OutputKind kind, Json (*describe)(Api &, const OutputRecord &)) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const PageRequest page = page_request(exchange);
    const auto room = wanted_room(api, exchange);
    if (!room)
        return exchange.reply(200, paged(page, 0, Json::array()));
    OutputFilter filter{*room, exchange.query("sessionId"), exchange.query("participantId")};
    if (!claims.room_id.empty()) {
        demand(check_read(claims, filter.room_id.empty() ? claims.room_id : filter.room_id));
        filter.room_id = claims.room_id;
    }
    const auto outputs = api.store.outputs.list(kind, filter, page);
    Json data = Json::array();
    for (const auto &output : outputs.items)
        data.push(describe(api, output));
    exchange.reply(200, paged(page, outputs.total, data));
}

OutputRecord readable_output(Api &api, const Exchange &exchange, OutputKind kind) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    const auto output = api.store.outputs.find(kind, exchange.param("id"));
    if (!output)
        throw Refusal{404, std::string("there is no such ") + traits(kind).words};
    demand(check_read(claims, output->room_id));
    return *output;
}

Json webhook_summary(Api &api, const std::string &id) {
    Json data = Json::array();
    int64_t total = 0, successes = 0;
    for (const auto &result : api.store.webhook_deliveries.results(id)) {
        data.push(Json::object({{"type", result.type}, {"success", result.success}}));
        ++total;
        successes += result.success;
    }
    return Json::object({{"totalCount", total}, {"successCount", successes}, {"data", data}});
}

Json describe_output(Api &api, const OutputRecord &output) {
    Json json =
        Json::object({{"id", output.id},
                      {"userId", api.user_id()},
                      {"composerId", output.details.text("compositionId", output.id)},
                      {"sessionId", output.session_id},
                      {"roomId", output.room_id},
                      {"meetingId", output.room_id},
                      {"region", api.sessions.services().settings.region},
                      {"status", output.state},
                      {"createdAt", iso_time(output.created_at)},
                      {"updatedAt", iso_time(output.end.value_or(output.start.value_or(output.created_at)))},
                      {"start", output.start ? Json(iso_time(*output.start)) : Json()},
                      {"end", output.end ? Json(iso_time(*output.end)) : Json()},
                      {"webhook", webhook_summary(api, output.id)},
                      {"links", Json::object({{"get_room", api.url("/v2/rooms/" + output.room_id)},
                                              {"get_session", api.url("/v2/sessions/" + output.session_id)}})}});
    for (const char *name : {"reason", "resourceId"})
        if (const std::string value = output.details.text(name); !value.empty())
            json.set(name, value);
    return json;
}

void with_checked_layout(Api &api, const ExchangePtr &exchange, LiveSession &session, const Json &config,
                         std::initializer_list<std::string_view> path, std::function<void(LiveSession &)> then) {
    const Json description = config.get("layout").get("description");
    if (!description.is_object())
        return then(session);
    std::string text = only_member(exchange->body(), path);
    if (text.empty()) // its names are written with escapes
        text = description.dump();
    auto go_on = [&api, exchange, id = session.id(), then](const std::variant<Done, Refusal> &checked) {
        try {
            if (auto *refusal = std::get_if<Refusal>(&checked))
                throw *refusal;
            LiveSession *live = api.sessions.find(id);
            if (!live || !live->accepting())
                throw Refusal{404, "this session has ended"};
            then(*live);
        } catch (const Refusal &refusal) {
            exchange->refuse(refusal);
        } catch (const std::exception &error) {
            g_warning("request %s failed: %s", exchange->request_id().c_str(), error.what());
            exchange->refuse({500, "something went wrong on the server; it is in its log under this requestId"});
        }
    };
    session.check_layout(text, std::move(go_on));
}

void refuse_unsupported(const Json &body) {
    if (!body.text("templateUrl").empty())
        throw Refusal{501,
                      "templateUrl is not supported: the picture is composed by this server, not by a web page; use "
                      "config.layout (type CUSTOM takes a layout of your own)"};
    if (body.get("transcription").get("enabled").as_bool() || body.get("summary").get("enabled").as_bool())
        throw Refusal{501, "this server does not transcribe; leave transcription out"};
    for (const char *name : {"preSignedUrl", "preSignedURL"})
        if (!body.text(name).empty())
            throw Refusal{501,
                          std::string(name) + " is not supported; configure s3-endpoint to have recordings uploaded"};
    if (!body.get("watermarks").items().empty() || body.get("watermark").is_object())
        throw Refusal{501,
                      "watermarks are not supported; text over the picture is config.lowerThird and config.ticker"};
}

std::string webhook_url_of(const Json &body) {
    const std::string url = body.text("webhookUrl");
    if (!url.empty() && (url.size() > 512 || !is_http_url(url)))
        throw Refusal{400, "webhookUrl has to be an http:// or https:// URL of at most 512 bytes"};
    return url;
}

Json started(const std::string &message, const std::string &id, const LiveSession &session) {
    return Json::object({{"message", message}, {"id", id}, {"sessionId", session.id()}, {"roomId", session.room_id()}});
}

} // namespace rostrum
