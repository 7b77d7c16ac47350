// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/token.h"

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/json.h"

#include <algorithm>
#include <cstdlib>
#include <jwt.h>
#include <memory>

namespace rostrum {
namespace {

constexpr size_t kMaxTokenBytes = 8192; // an ordinary token has 300

struct JwtDeleter {
    void operator()(jwt_t *jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, JwtDeleter>;

struct CFreeDeleter {
    void operator()(char *memory) const { std::free(memory); }
};
using CText = std::unique_ptr<char, CFreeDeleter>;

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

/// The `alg` of the JOSE header, read before libjwt so that the refusal can name it; "" when there is no such header.
std::string header_algorithm(std::string_view token) {
    std::string part(token.substr(0, token.find('.')));
    std::replace(part.begin(), part.end(), '-', '+');
    std::replace(part.begin(), part.end(), '_', '/');
    part.resize((part.size() + 3) / 4 * 4, '=');
    gsize size = 0;
    const std::unique_ptr<guchar, GFreeDeleter> bytes(g_base64_decode(part.c_str(), &size));
    const auto header = parse_json({reinterpret_cast<const char *>(bytes.get()), size});
    return header ? header->text("alg") : "";
}

bool has_three_parts(std::string_view token) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    return token.find_first_not_of(kAlphabet) == token.npos && std::count(token.begin(), token.end(), '.') == 2;
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
        return value.is_integer() ? std::optional(value.as_integer()) : std::nullopt;
    };
    const auto exp = seconds("exp");
    if (!exp)
        return invalid("it has no `exp` claim (seconds since 1970)");
    if (*exp <= now_s)
        return invalid("it expired at " + iso_time(std::clamp<int64_t>(*exp, 0, now_s) * 1000));
    if (claims.has("nbf") && seconds("nbf").value_or(INT64_MAX) > now_s)
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

std::variant<Claims, Refusal> verify_token(std::string_view authorization, const TokenKey &key, int64_t now_s) {
    const std::string_view bare = without_scheme(authorization);
    if (bare.empty())
        return Refusal{401, code::kInvalidToken, "there is no token; send one as `Authorization: <jwt>`"};
    if (bare.size() > kMaxTokenBytes)
        return invalid("it is too long");
    if (!has_three_parts(bare))
        return invalid("it is not a JWT");

    const std::string token(bare);
    const std::string algorithm = header_algorithm(token);
    if (algorithm.empty())
        return invalid("its header cannot be read");
    if (algorithm != "HS256")
        return invalid("its algorithm is not allowed, only HS256 is");

    jwt_t *decoded = nullptr;
    const auto *secret = reinterpret_cast<const unsigned char *>(key.secret.data());
    if (jwt_decode(&decoded, token.c_str(), secret, static_cast<int>(key.secret.size())) != 0)
        return invalid("its signature does not match");
    const Jwt jwt(decoded);
    if (jwt_get_alg(jwt.get()) != JWT_ALG_HS256)
        return invalid("its algorithm is not allowed, only HS256 is");

    const CText text(jwt_get_grants_json(jwt.get(), nullptr));
    const auto claims = parse_json(text ? text.get() : "");
    if (!claims || !claims->is_object())
        return invalid("its claims cannot be read");

    Claims out;
    out.api_key = claims->text("apikey");
    if (!equal_constant_time(out.api_key, key.api_key))
        return Refusal{401, code::kInvalidApiKey, "the `apikey` claim is not the API key of this server"};
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

    jwt_t *raw = nullptr;
    if (jwt_new(&raw) != 0)
        return "";
    const Jwt jwt(raw);
    const auto *secret = reinterpret_cast<const unsigned char *>(key.secret.data());
    if (jwt_set_alg(jwt.get(), JWT_ALG_HS256, secret, static_cast<int>(key.secret.size())) != 0 ||
        jwt_add_grants_json(jwt.get(), body.dump().c_str()) != 0)
        return "";
    const CText text(jwt_encode_str(jwt.get()));
    return text ? text.get() : "";
}

} // namespace rostrum
