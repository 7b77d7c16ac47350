// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/device_info.h"
#include "tools/rostrum/api/event_connections.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr size_t kMaxNameBytes = 256;

struct Entry {
    LiveSession *session;
    JoinRequest request;
};

/// Everything that can be wrong, before anyone is let in. Throws Refusal.
Entry admit(Api &api, const Exchange &exchange) {
    if (!api.store.database.fault().empty())
        throw cannot_store(api.store.database);
    const Claims claims = api.claims(exchange, true);
    const Room room = api.room(exchange.param("roomId"));
    Entry entry{nullptr, {}};
    JoinRequest &request = entry.request;
    request.participant_id = exchange.query("participantId");
    if (request.participant_id.empty())
        request.participant_id = claims.participant_id.empty() ? random_hex(16) : claims.participant_id;
    if (!is_participant_id(request.participant_id))
        throw Refusal{400, code::kInvalidParticipantId,
                      "participantId has to be 1 to 128 bytes without blanks or slashes"};
    request.name = exchange.query("name");
    if (request.name.size() > kMaxNameBytes)
        throw Refusal{400, "name is too long"};
    const RoomAccess access{room.room_id, room.disabled, room.settings.get("allowedParticipantIds").strings()};
    demand(check_join(claims, access, request.participant_id));
    const std::string wanted = exchange.query("mode");
    const auto mode = wanted.empty() ? std::optional(claims.mode) : parse_mode(wanted);
    if (!mode)
        throw Refusal{400, code::kModeNotSupported, "mode has to be SEND_AND_RECV, RECV_ONLY or SIGNALLING_ONLY"};
    demand(check_mode(claims, *mode));
    request.mode = *mode;
    request.most = claims.mode;
    request.device = device_info(exchange, "rostrum").dump();
    request.permissions = claims.permissions();

    const auto opened = api.sessions.open(room);
    if (auto *refusal = std::get_if<Refusal>(&opened))
        throw *refusal;
    entry.session = std::get<LiveSession *>(opened);
    demand(entry.session->check_room_for(request.participant_id));
    return entry;
}

/// A browser cannot read the status of a refused handshake: it gets an `error` event and the code as close code.
void refuse_on(EventStream &stream, const Refusal &refusal) {
    const Json event = Json::object({{"event", "error"},
                                     {"seq", 0},
                                     {"timestamp", now_ms()},
                                     {"data", Json::object({{"code", refusal.code}, {"message", refusal.message}})}});
    stream.send(event.dump());
    const bool is_close_code = refusal.code >= 3000 && refusal.code < 5000;
    stream.close(is_close_code ? refusal.code : 4000 + refusal.status, refusal.message.substr(0, 120));
}

void subscribe(Api &api, const ExchangePtr &exchange) {
    if (exchange->method() == "HEAD") { // nobody joins by it
        api.claims(*exchange, true);
        exchange->set_header("Cache-Control", "no-store");
        return exchange->reply(200, "text/event-stream", "");
    }
    if (!wants_websocket(*exchange)) {
        const Entry entry = admit(api, *exchange);
        return entry.session->join(entry.request, open_sse(exchange));
    }
    accept_websocket(exchange, [&api, exchange](const std::shared_ptr<EventStream> &stream) {
        try {
            const Entry entry = admit(api, *exchange);
            entry.session->join(entry.request, stream);
        } catch (const Refusal &refusal) {
            refuse_on(*stream, refusal);
        } catch (const std::exception &error) {
            g_warning("request %s failed: %s", exchange->request_id().c_str(), error.what());
            refuse_on(*stream, {500, "something went wrong on the server"});
        }
    });
}

} // namespace

void add_event_routes(Router &router, Api &api) {
    router.add("GET", "/v2/rooms/{roomId}/events", api.handler(subscribe));
}

} // namespace rostrum
