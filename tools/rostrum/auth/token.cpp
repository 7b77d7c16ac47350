// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/token.h"

#include "tools/rostrum/base/base64url.h"
#include "tools/rostrum/base/digest.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/json.h"

#include <algorithm>
#include <cmath>
#include <glib.h>

namespace rostrum {
namespace {

constexpr size_t kMaxTokenBytes = 8192; // an ordinary token has 300

constexpr double kMostSeconds = 1e15; // what a double holds exactly, and 30 million years

constexpr int64_t kClockSkewS = 30; // an app server's clock may be ahead of this one by so much

Refusal invalid(const std::string &why) {
    return {401, code::kInvalidToken, "Token is invalid or expired: " + why};
}

std::string_view without_scheme(std::string_view text) {
    auto trim = [](std::string_view view) {
        const size_t first = view.find_first_not_of(" \t");
        return first == view.npos ? std::string_view() : view.substr(first, view.find_last_not_of(" \t") - first + 1);
    };
    text = trim(text);
    if (text.size() > 7 && g_ascii_strncasecmp(text.data(), "Bearer ", 7) == 0)
        return trim(text.substr(7));
    return text;
}

/// A compact JWS, RFC 7515 section 7.1, in the parts that it is sent in.
struct Parts {
    std::string_view header, claims, signature;
    std::string_view signed_text; ///< header and claims, as signed
};

std::optional<Parts> split(std::string_view token) {
    const size_t first = token.find('.'), second = first == token.npos ? token.npos : token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos)
        return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                 token.substr(0, second)};
}

std::optional<Json> json_part(std::string_view part) {
    const auto text = base64url_decode(part);
    const auto json = text ? parse_json(*text) : std::nullopt;
    return json && json->is_object() ? json : std::nullopt;
}

/// The algorithm is ours to choose, never the token's: `none` and public keys taken for secrets get no further.
std::optional<Refusal> check_header(const Parts &parts) {
    const auto header = json_part(parts.header);
    if (!header || header->text("alg").empty())
        return invalid("its header cannot be read");
    if (header->text("alg") != "HS256")
        return invalid("its algorithm is not allowed, only HS256 is");
    if (header->has("crit")) // RFC 7515 section 4.1.11
        return invalid("its header demands extensions (`crit`) that are not known here");
    return std::nullopt;
}

std::string signature_of(std::string_view signed_text, const std::string &secret) {
    return base64url_encode(hmac_sha256(secret, std::string(signed_text)));
}

std::optional<Refusal> check_signature(const Parts &parts, const KeyPair &pair, int64_t now_s) {
    bool good = false;
    for (const KeySecret &secret : pair.secrets)
        good |= now_s < secret.until_s &&
                equal_constant_time(parts.signature, signature_of(parts.signed_text, secret.text));
    if (!good)
        return invalid("its signature does not match");
    if (pair.disabled)
        return Refusal{401, code::kApiKeyDisabled, "the API key of this token is disabled"};
    return std::nullopt;
}

std::optional<Refusal> read_permissions(const Json &claims, Claims &out) {
    for (const auto &permission : claims.get("permissions").strings()) {
        out.allow_join |= permission == "allow_join";
        out.ask_join |= permission == "ask_join";
        out.allow_mod |= permission == "allow_mod";
    }
    if (out.ask_join && (out.allow_join || out.allow_mod))
        return Refusal{403, code::kInvalidPermissions,
                       "the permission ask_join cannot be combined with allow_join or allow_mod"};
    return std::nullopt;
}

std::optional<Refusal> read_times(const Json &claims, int64_t now_s, Claims &out) {
    auto seconds = [&](const char *name) -> std::optional<int64_t> {
        const Json value = claims.get(name);
        if (value.is_integer())
            return value.as_integer();
        const double fractional = value.as_number(kMostSeconds); // RFC 7519 section 2
        return std::abs(fractional) < kMostSeconds ? std::optional(static_cast<int64_t>(std::floor(fractional)))
                                                   : std::nullopt;
    };
    const auto exp = seconds("exp");
    if (!exp)
        return invalid("it has no `exp` claim (seconds since 1970)");
    if (*exp <= now_s)
        return invalid("it expired at " + iso_time(std::clamp<int64_t>(*exp, 0, now_s) * 1000));
    if (claims.has("nbf") && seconds("nbf").value_or(INT64_MAX) > now_s + kClockSkewS)
        return invalid("it is not valid yet (`nbf`)");
    out.expires_at = *exp;
    out.issued_at = seconds("iat").value_or(0);
    return std::nullopt;
}

std::optional<Refusal> read_bindings(const Json &claims, Claims &out) {
    out.roles = claims.get("roles").strings();
    out.room_id = claims.text("roomId");
    out.participant_id = claims.text("participantId");
    if (claims.has("roomId") && out.room_id.empty())
        return invalid("the `roomId` claim is not a room id");
    if (claims.has("participantId") && !is_participant_id(out.participant_id))
        return Refusal{401, code::kInvalidParticipantId, "the `participantId` claim is not a participant id"};
    if (claims.has("version") && claims.get("version").as_integer() != 2)
        return invalid("the `version` claim has to be 2");
    if (claims.has("mode")) {
        const auto mode = parse_mode(claims.text("mode"));
        if (!mode)
            return invalid("the `mode` claim has to be SEND_AND_RECV, RECV_ONLY or SIGNALLING_ONLY");
        out.mode = *mode;
    }
    return std::nullopt;
}

} // namespace

std::optional<Mode> parse_mode(std::string_view name) {
    if (name == "SEND_AND_RECV" || name == "CONFERENCE")
        return Mode::SendAndRecv;
    if (name == "RECV_ONLY")
        return Mode::RecvOnly;
    if (name == "SIGNALLING_ONLY" || name == "VIEWER")
        return Mode::SignallingOnly;
    return std::nullopt;
}

const char *mode_name(Mode mode) {
    switch (mode) {
    case Mode::SendAndRecv:
        return "SEND_AND_RECV";
    case Mode::RecvOnly:
        return "RECV_ONLY";
    case Mode::SignallingOnly:
        return "SIGNALLING_ONLY";
    }
    return "";
}

std::vector<std::string> Claims::permissions() const {
    std::vector<std::string> names;
    if (allow_join)
        names.emplace_back("allow_join");
    if (ask_join)
        names.emplace_back("ask_join");
    if (allow_mod)
        names.emplace_back("allow_mod");
    return names;
}

std::variant<Claims, Refusal> verify_token(std::string_view authorization, const KeyRing &ring, int64_t now_s) {
    const std::string_view token = without_scheme(authorization);
    if (token.empty())
        return Refusal{401, code::kInvalidToken, "there is no token; send one as `Authorization: <jwt>`"};
    if (token.size() > kMaxTokenBytes)
        return invalid("it is too long");
    const auto parts = split(token);
    if (!parts)
        return invalid("it is not a JWT");
    if (auto refusal = check_header(*parts))
        return *refusal;
    const auto claims = json_part(parts->claims);
    if (!claims)
        return invalid("its claims cannot be read");

    Claims out;
    out.api_key = claims->text("apikey");
    const KeyPair *pair = ring.find(out.api_key);
    if (!pair)
        return Refusal{401, code::kInvalidApiKey, "the `apikey` claim is not an API key of this server"};
    if (auto refusal = check_signature(*parts, *pair, now_s))
        return *refusal;
    if (auto refusal = read_times(*claims, now_s, out))
        return *refusal;
    if (auto refusal = read_permissions(*claims, out))
        return *refusal;
    if (auto refusal = read_bindings(*claims, out))
        return *refusal;
    return out;
}

std::string mint_token(const Claims &claims, const TokenKey &key) {
    Json body = Json::object({{"apikey", key.api_key}, {"permissions", claims.permissions()}, {"version", 2}});
    if (!claims.roles.empty())
        body.set("roles", claims.roles);
    if (!claims.room_id.empty())
        body.set("roomId", claims.room_id);
    if (!claims.participant_id.empty())
        body.set("participantId", claims.participant_id);
    body.set("mode", mode_name(claims.mode)).set("iat", claims.issued_at).set("exp", claims.expires_at);
    const std::string text = base64url_encode(R"({"alg":"HS256","typ":"JWT"})") + "." + base64url_encode(body.dump());
    return text + "." + signature_of(text, key.secret);
}

} // namespace rostrum
