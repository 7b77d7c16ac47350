// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/idempotency.h"

#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/base/ids.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr size_t kMaxKeyBytes = 255;

/// The header is a quoted string in the draft, and bare in most clients.
std::string read_key(const Exchange &exchange) {
    std::string key = exchange.header("Idempotency-Key");
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"')
        key = key.substr(1, key.size() - 2);
    const bool visible = std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
    if (key.empty() || key.size() > kMaxKeyBytes || !visible)
        throw Refusal{400, "Idempotency-Key has to be 1 to 255 visible ASCII characters, such as a UUID"};
    return key;
}

/// Of all that decides what is done: also of what the token allows, for whoever has a lesser one may not read the
/// reply.
std::string fingerprint_of(const Exchange &exchange, const Claims &claims) {
    std::string text = exchange.method();
    for (const auto &segment : exchange.path())
        text += "/" + segment;
    for (const auto &[name, value] : exchange.queries())
        text += "\n" + name + "=" + value;
    text += "\n" + claims.room_id + "\n" + claims.participant_id + "\n" + mode_name(claims.mode);
    for (const auto &words : {claims.permissions(), claims.roles})
        for (const auto &word : words)
            text += " " + word;
    return sha256_hex(text + "\n\n" + exchange.body());
}

/// WHIP and WHEP do not: the headers of their replies matter, and these are not kept. What tells a secret does not:
/// replies are kept as they are.
bool takes_part(const Route &route) {
    const auto &pattern = route.pattern;
    return route.method == "POST" && std::none_of(pattern.begin(), pattern.end(), [](const std::string &segment) {
               return segment == "whip" || segment == "whep" || segment == "secret";
           });
}

} // namespace

bool Idempotency::answer(const Route &route, const ExchangePtr &exchange) {
    if (!takes_part(route) || exchange->header("Idempotency-Key").empty())
        return false;
    const Claims claims = api_.claims(*exchange);
    const Scope scope{claims.api_key, read_key(*exchange)};
    const std::string fingerprint = fingerprint_of(*exchange, claims);
    if (const auto kept = api_.store.replies.find(scope.first, scope.second, now_ms())) {
        if (kept->fingerprint != fingerprint)
            throw Refusal{422, "this Idempotency-Key was used for another request; take a new one"};
        exchange->set_header("Idempotent-Replayed", "true");
        exchange->reply(static_cast<int>(kept->status), kept->content_type, kept->body);
        return true;
    }
    if (!under_way_->insert(scope).second)
        throw Refusal{409, 409, "the first request with this Idempotency-Key is still being done; ask again", 1};
    exchange->on_reply = [under_way = under_way_, &replies = api_.store.replies, scope,
                          fingerprint](int status, const std::string &type, std::string_view body) {
        under_way->erase(scope);
        if (status < 200 || status > 299)
            return;
        try {
            replies.keep(scope.first, scope.second, {fingerprint, status, type, std::string(body)}, now_ms());
        } catch (const DatabaseError &error) {
            g_warning("a reply is not kept for its Idempotency-Key: %s", error.what());
        }
    };
    return false;
}

} // namespace rostrum
