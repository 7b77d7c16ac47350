// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/outputs_common.h"

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/json_member.h"

namespace rostrum {

void list_outputs(Api &api, Exchange &exchange, OutputKind kind, Json (*describe)(Api &, const OutputRecord &)) {
    const Claims claims = api.claims(exchange);
    demand(check_api(claims));
    OutputFilter filter{exchange.query("roomId"), exchange.query("sessionId"), exchange.query("participantId")};
    if (!filter.room_id.empty())
        filter.room_id = api.room(filter.room_id).room_id;
    if (!claims.room_id.empty()) {
        demand(check_read(claims, filter.room_id.empty() ? claims.room_id : filter.room_id));
        filter.room_id = claims.room_id;
    }
    const PageRequest page = page_request(exchange);
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

Json describe_output(Api &api, const OutputRecord &output) {
    Json json =
        Json::object({{"id", output.id},
                      {"userId", api.token_key.api_key},
                      {"sessionId", output.session_id},
                      {"roomId", output.room_id},
                      {"status", output.state},
                      {"createdAt", iso_time(output.created_at)},
                      {"start", output.start ? Json(iso_time(*output.start)) : Json()},
                      {"end", output.end ? Json(iso_time(*output.end)) : Json()},
                      {"links", Json::object({{"get_room", api.url("/v2/rooms/" + output.room_id)},
                                              {"get_session", api.url("/v2/sessions/" + output.session_id)}})}});
    if (const std::string reason = output.details.text("reason"); !reason.empty())
        json.set("reason", reason);
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

std::string webhook_url_of(const Json &body) {
    const std::string url = body.text("webhookUrl");
    const bool web = url.starts_with("http://") || url.starts_with("https://");
    if (!url.empty() && (!web || url.size() > 512 || !g_uri_is_valid(url.c_str(), G_URI_FLAGS_NONE, nullptr)))
        throw Refusal{400, "webhookUrl has to be an http:// or https:// URL of at most 512 bytes"};
    return url;
}

Json started(const std::string &message, const std::string &id, const LiveSession &session) {
    return Json::object({{"message", message}, {"id", id}, {"sessionId", session.id()}, {"roomId", session.room_id()}});
}

} // namespace rostrum
