// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/api.h"

#include "tools/rostrum/base/ids.h"

#include <charconv>

namespace rostrum {
namespace {

constexpr int64_t kMaxPerPage = 100;

int64_t count_of(const Exchange &exchange, const char *name, int64_t fallback, int64_t max) {
    const std::string text = exchange.query(name);
    if (text.empty())
        return fallback;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > max)
        throw Refusal{400, std::string(name) + " has to be a whole number from 1 to " + std::to_string(max)};
    return value;
}

} // namespace

const Claims &Api::claims(const Exchange &exchange, bool in_query) const {
    if (exchange.claims)
        return *exchange.claims;
    std::string token = exchange.header("Authorization");
    if (token.empty() && in_query)
        token = exchange.query("token");
    const int64_t now = now_ms();
    auto result = verify_token(token, keys.ring(now), now / 1000);
    if (auto *refusal = std::get_if<Refusal>(&result)) {
        if (!token.empty())
            demand(rates.failure(exchange.client(), now));
        throw *refusal;
    }
    demand(rates.call(std::get<Claims>(result).api_key, now));
    keys.used(std::get<Claims>(result).api_key, now);
    return exchange.claims.emplace(std::get<Claims>(std::move(result)));
}

Room Api::room(const std::string &any_id) const {
    if (auto room = store.rooms.find(any_id))
        return *room;
    throw Refusal{404, code::kInvalidRoomId, "there is no such room"};
}

Room Api::room_to_moderate(const Claims &claims, const Json &body) const {
    const std::string id = body.has("roomId") ? body.text("roomId") : body.text("meetingId");
    if (id.empty())
        throw Refusal{400, code::kInvalidRoomId, "roomId is missing"};
    demand(check_api(claims));
    Room found = room(id);
    demand(check_moderate(claims, found.room_id));
    return found;
}

SessionRecord Api::session(const std::string &id) const {
    if (auto session = store.sessions.find(id))
        return *session;
    throw Refusal{404, "there is no such session"};
}

SessionRecord Api::readable_session(const Exchange &exchange) const {
    const Claims &caller = claims(exchange);
    demand(check_api(caller));
    SessionRecord found = session(exchange.param("sessionId"));
    demand(check_read(caller, found.room_id));
    return found;
}

LiveSession &Api::live(const Room &room, int code) const {
    if (LiveSession *session = sessions.in_room(room.room_id))
        return *session;
    throw Refusal{404, code, "nobody is in this room: there is no session"};
}

PageRequest page_request(const Exchange &exchange) {
    return {count_of(exchange, "page", 1, 1000000), count_of(exchange, "perPage", 20, kMaxPerPage)};
}

Json paged(const PageRequest &request, int64_t total, const Json &data) {
    const int64_t last = std::max<int64_t>(1, (total + request.per_page - 1) / request.per_page);
    return Json::object(
        {{"pageInfo",
          Json::object(
              {{"currentPage", request.page}, {"perPage", request.per_page}, {"lastPage", last}, {"total", total}})},
         {"data", data}});
}

} // namespace rostrum
