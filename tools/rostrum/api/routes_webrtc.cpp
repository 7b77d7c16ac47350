// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep), forwarded to the session process. A resource's URL names its
// session, so that it stays good when `serve` is restarted.

#include "tools/rostrum/api/api.h"
#include "tools/rostrum/api/device_info.h"
#include "tools/rostrum/api/viewer_limits.h"

#include "common/whip_http.h"
#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr size_t kMaxNameBytes = 256;

struct Kind {
    const char *name, *role;
    Mode needed;
    Mode joins_as;
    const char *patch_types;
};
constexpr Kind kWhip{"whip", "host", Mode::SendAndRecv, Mode::SendAndRecv, "application/trickle-ice-sdpfrag"};
constexpr Kind kWhep{"whep", "viewer", Mode::RecvOnly, Mode::RecvOnly,
                     "application/trickle-ice-sdpfrag, application/json"};

std::string read_offer(const Exchange &exchange) {
    std::string offer = exchange.text_body(kSdpType);
    if (!accepts(exchange.header("Accept"), kSdpType))
        throw Refusal{406, std::string("an answer is ") + kSdpType + ", which Accept leaves out"};
    if (offer.empty())
        throw Refusal{422, "send an SDP offer: this server answers offers and makes none"};
    if (!offer.starts_with("v=0"))
        throw Refusal{400, "the body is not an SDP offer"};
    return offer;
}

/// Who the token, the query, or else chance says.
JoinRequest read_participant(const Exchange &exchange, const Claims &claims, const Kind &kind) {
    JoinRequest request;
    request.participant_id = exchange.query("participantId");
    if (request.participant_id.empty())
        request.participant_id = claims.participant_id;
    if (request.participant_id.empty())
        request.participant_id = std::string(kind.name) + "-" + random_hex(16);
    if (!is_participant_id(request.participant_id))
        throw Refusal{400, code::kInvalidParticipantId,
                      "participantId has to be 1 to 128 bytes without blanks or slashes"};
    request.name = exchange.query("displayName");
    if (request.name.empty())
        request.name = exchange.query("name");
    if (request.name.size() > kMaxNameBytes)
        throw Refusal{400, "displayName is too long"};
    request.mode = kind.joins_as;
    request.most = claims.mode;
    request.device = device_info(exchange, kind.name).dump();
    request.permissions = claims.permissions();
    return request;
}

/// Who wants to do what in which room; the token allows it.
struct Admission {
    Room room;
    JoinRequest request;
};

Admission admit(const Api &api, const Exchange &exchange, const Kind &kind) {
    const Claims claims = api.claims(exchange);
    const std::string in_path = exchange.param("roomId"),
                      room_id = in_path.empty() ? exchange.query("roomId") : in_path;
    if (room_id.empty())
        throw Refusal{400, code::kInvalidRoomId, "roomId is missing"};
    Admission admission{api.room(room_id), read_participant(exchange, claims, kind)};
    const Room &room = admission.room;
    const RoomAccess access{room.room_id, room.disabled, room.settings.get("allowedParticipantIds").strings()};
    demand(check_join(claims, access, admission.request.participant_id, in_path.empty()));
    demand(check_mode(claims, kind.needed));
    return admission;
}

void add_ice_servers(const Api &api, Exchange &exchange, const std::string &participant_id) {
    for (const auto &link : api.ice_links.values(participant_id, now_ms() / 1000))
        exchange.add_header("Link", link);
}

/// RFC 9725 section 4.6: for those that cannot change their servers once they have made an offer. They need the token
/// that the offer needs; a CORS preflight is not told.
void describe(const Api &api, Exchange &exchange, const Kind &kind) {
    exchange.set_header("Accept-Post", kSdpType);
    exchange.set_header("Access-Control-Allow-Methods", kWhipMethods);
    if (exchange.header("Authorization").empty() || !exchange.header("Access-Control-Request-Method").empty())
        return;
    try {
        add_ice_servers(api, exchange, admit(api, exchange, kind).request.participant_id);
    } catch (const Refusal &) {
        // the POST says why
    }
}

void answer(const Api &api, Exchange &exchange, const Kind &kind, const std::string &session_id,
            const std::string &participant_id, const Negotiated &negotiated) {
    const std::string location =
        std::string("/v2/") + kind.name + "/sessions/" + session_id + "-" + negotiated.resource;
    exchange.set_header("Location", location);
    exchange.set_header("ETag", entity_tag(ice_ufrag_of(negotiated.answer)));
    exchange.set_header("Accept-Patch", kind.patch_types);
    add_ice_servers(api, exchange, participant_id);
    if (kind.role == kWhep.role)
        exchange.add_header(
            "Link", "<" + location + "/events>; rel=\"urn:ietf:params:whep:ext:core:server-sent-events\"; events=\"" +
                        whep_event::kAll + "\"");
    exchange.reply(201, kSdpType, negotiated.answer);
}

void offer(Api &api, const ExchangePtr &exchange, const Kind &kind, const std::string &feed, bool needs_session) {
    const auto [room, request] = admit(api, *exchange, kind);
    const std::string sdp = read_offer(*exchange);
    const ViewerLimits limits = limits_of_query(*exchange);
    if (needs_session)
        api.live(room, code::kInvalidRoomId);
    const auto opened = api.sessions.open(room);
    if (auto *refusal = std::get_if<Refusal>(&opened))
        throw *refusal;
    LiveSession &session = *std::get<LiveSession *>(opened);
    demand(session.check_room_for(request.participant_id));

    auto reply = [&api, exchange, kind, id = session.id(),
                  participant = request.participant_id](std::variant<Negotiated, Refusal> result) {
        if (auto *refusal = std::get_if<Refusal>(&result))
            exchange->refuse(*refusal);
        else
            answer(api, *exchange, kind, id, participant, std::get<Negotiated>(result));
    };
    if (kind.role == kWhip.role)
        session.publish(request, sdp, reply);
    else
        session.play(request, feed.empty() ? "program" : feed, sdp, limits, reply);
}

struct Target {
    LiveSession *session;
    std::vector<std::string> resources;
    bool exact; ///< named as Location says
};

/// `{sessionId}-{resource}` as Location says, or, as VideoSDK's own SDK does it, a session id with `?participantId=`.
Target find_target(Api &api, const Exchange &exchange, const Kind &kind) {
    const Claims claims = api.claims(exchange);
    const std::string id = exchange.param("id"), session_id = id.substr(0, 24);
    LiveSession *session = api.sessions.find(session_id);
    if (!session || (id.size() > 24 && id[24] != '-'))
        throw Refusal{404, "there is no such resource"};
    Target target{session, {}, id.size() > 25};
    if (target.exact)
        target.resources.push_back(id.substr(25));
    else
        target.resources = session->roster().resources_of(exchange.query("participantId"), kind.role);
    if (target.resources.empty())
        throw Refusal{404, "there is no such resource"};
    for (const auto &resource : target.resources) {
        const Peer *peer = session->roster().peer(resource);
        if (!peer || peer->role != kind.role)
            throw Refusal{404, "there is no such resource"};
        demand(check_peer(claims, session->room_id(), peer->participant_id, target.exact));
    }
    return target;
}

void remove(Api &api, const ExchangePtr &exchange, const Kind &kind) {
    const Target target = find_target(api, *exchange, kind);
    const auto left = std::make_shared<size_t>(target.resources.size());
    for (const auto &resource : target.resources)
        target.session->remove_peer(resource, [exchange, left](std::variant<Done, Refusal> result) {
            if (auto *refusal = std::get_if<Refusal>(&result); refusal && refusal->status != 404)
                exchange->refuse(*refusal); // gone already is as good as removed
            else if (--*left == 0)
                exchange->reply(200, "text/plain", "");
        });
}

void limit(const Target &target, const ExchangePtr &exchange) {
    const ViewerLimits limits = limits_of_body(exchange->json_body());
    target.session->limit(target.resources.front(), limits, [exchange](std::variant<Done, Refusal> result) {
        if (auto *refusal = std::get_if<Refusal>(&result))
            return exchange->refuse(*refusal);
        exchange->reply_empty(204);
    });
}

/// Of If-Match; there are clients that send it back as they got it.
std::string wanted_tag_of(const Exchange &exchange) {
    const std::string if_match = exchange.header("If-Match");
    return if_match.empty() ? exchange.header("ETag") : if_match;
}

void patch(Api &api, const ExchangePtr &exchange, const Kind &kind) {
    const Target target = find_target(api, *exchange, kind);
    if (kind.role == kWhep.role && exchange->content_type() == "application/json")
        return limit(target, exchange);
    if (exchange->content_type() != kFragmentType)
        exchange->set_header("Accept-Patch", kind.patch_types); // RFC 5789 section 2.2
    const std::string fragment = exchange->text_body(kFragmentType), wanted_tag = wanted_tag_of(*exchange);
    if (wanted_tag.empty() && target.exact) // VideoSDK's own resources know no entity tags
        throw Refusal{428, "say by If-Match which ICE session the fragment is for: the ETag, or * for a restart"};
    target.session->patch(target.resources.front(), wanted_tag, fragment,
                          [exchange](std::variant<std::string, Refusal> result) {
                              if (auto *refusal = std::get_if<Refusal>(&result))
                                  return exchange->refuse(*refusal);
                              const std::string &restarted = std::get<std::string>(result);
                              if (restarted.empty())
                                  return exchange->reply_empty(204);
                              exchange->set_header("ETag", entity_tag(ice_ufrag_of(restarted)));
                              exchange->reply(200, kFragmentType, restarted);
                          });
}

/// RFC 9725 section 4.1: neither endpoints nor resources have a representation. By the type of the empty answer players
/// know a WHEP endpoint (WHEP draft, "Endpoint URL Discoverability"); who asks is not told whether there is such a
/// room.
void show_endpoint(const ExchangePtr &exchange) {
    exchange->reply(200, kSdpType, "");
}

} // namespace

void add_webrtc_routes(Router &router, Api &api) {
    const auto add_endpoint = [&](const char *path, const Kind &kind, Handler handler) {
        router.add("POST", path, std::move(handler)).describe = [&api, &kind](Exchange &e) { describe(api, e, kind); };
        router.add("GET", path, show_endpoint);
    };
    add_endpoint("/v2/whip", kWhip, [&api](const ExchangePtr &e) { offer(api, e, kWhip, "", false); });
    add_endpoint("/v2/whep", kWhep,
                 [&api](const ExchangePtr &e) { offer(api, e, kWhep, e->query("remotePeerId"), true); });
    add_endpoint("/whip/{roomId}", kWhip, [&api](const ExchangePtr &e) { offer(api, e, kWhip, "", false); });
    add_endpoint("/whep/{roomId}", kWhep, [&api](const ExchangePtr &e) { offer(api, e, kWhep, "", false); });
    add_endpoint("/whep/{roomId}/{feed}", kWhep,
                 [&api](const ExchangePtr &e) { offer(api, e, kWhep, e->param("feed"), false); });
    for (const Kind *kind : {&kWhip, &kWhep}) {
        const std::string path = std::string("/v2/") + kind->name + "/sessions/{id}";
        router.add("DELETE", path, [&api, kind](const ExchangePtr &e) { remove(api, e, *kind); });
        router.add("PATCH", path, [&api, kind](const ExchangePtr &e) { patch(api, e, *kind); }).describe =
            [kind](Exchange &e) { e.set_header("Accept-Patch", kind->patch_types); };
        router.add("GET", path, [&api, kind](const ExchangePtr &e) {
            find_target(api, *e, *kind);
            e->reply_empty(204);
        });
    }
}

} // namespace rostrum
