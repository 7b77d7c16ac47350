// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/token.h"

#include "tools/rostrum/auth/api_keys.h"
#include "tools/rostrum/base/duration.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/keys.h"
#include "tools/rostrum/commands.h"
#include "tools/rostrum/store/store.h"
#include "tools/rostrum/token_flags.h"

#include <cstdio>
#include <sys/stat.h>

namespace rostrum {
namespace {

std::vector<std::string> split(const std::string &list) {
    std::vector<std::string> words;
    for (size_t from = 0; from < list.size();) {
        const size_t comma = std::min(list.find(',', from), list.size());
        if (comma > from)
            words.push_back(list.substr(from, comma - from));
        from = comma + 1;
    }
    return words;
}

void take_mode(const std::string &name, Claims &claims, std::vector<std::string> &errors) {
    if (name == "host" || name == "viewer" || name == "signalling") {
        claims.allow_join = true;
        claims.allow_mod = name == "host";
        claims.mode = name == "host" ? Mode::SendAndRecv : name == "viewer" ? Mode::RecvOnly : Mode::SignallingOnly;
        return;
    }
    claims.allow_join = true;
    if (const auto mode = parse_mode(name))
        claims.mode = *mode;
    else
        errors.push_back("--mode: choose host, viewer or signalling, not '" + name + "'");
}

void take_permissions(const std::string &list, Claims &claims, std::vector<std::string> &errors) {
    if (list.empty())
        return;
    claims.allow_join = claims.allow_mod = false;
    for (const auto &word : split(list)) {
        claims.allow_join |= word == "allow_join";
        claims.allow_mod |= word == "allow_mod";
        claims.ask_join |= word == "ask_join";
        if (word != "allow_join" && word != "allow_mod" && word != "ask_join")
            errors.push_back("--permissions: there are allow_join, ask_join and allow_mod, not '" + word + "'");
    }
    if (claims.ask_join && (claims.allow_join || claims.allow_mod))
        errors.push_back("--permissions: ask_join stands alone");
}

void take_roles(const std::string &list, Claims &claims, std::vector<std::string> &errors) {
    claims.roles = split(list);
    for (const auto &role : claims.roles)
        if (role != "rtc" && role != "crawler")
            errors.push_back("--roles: there are rtc and crawler, not '" + role + "'");
}

TokenKey signing_key(const Config &config) {
    if (!config.has("key"))
        return {config.text("api-key"), config.text("api-secret")};
    ::umask(077);
    Store store(config.state_path("rostrum.db"));
    return ApiKeys(store.api_keys, config).signing_key(config.text("key"));
}

} // namespace

const std::vector<ConfigKey> &token_flags() {
    static const std::vector<ConfigKey> flags = {
        {"room", KeyKind::Text, "", false, "the room it is for; without, any room"},
        {"mode", KeyKind::Text, "host", false, "host (may publish and moderate), viewer or signalling"},
        {"participant", KeyKind::Text, "", false, "the participant it is for; without, any"},
        {"permissions", KeyKind::Text, "", false, "allow_join,allow_mod or ask_join; default: what the mode needs"},
        {"roles", KeyKind::Text, "", false, "rtc (joining), crawler (the API); default: both"},
        {"ttl", KeyKind::Text, "2h", false, "how long it is good: 90s, 30m, 2h, 7d"},
        {"key", KeyKind::Text, "", false, "the API key that signs; default: api-key"},
        {"state", KeyKind::Path, "", false, "state directory of the server: its key signs"},
        {"config", KeyKind::Path, "", false, "a rostrum.conf with api-key and api-secret"},
    };
    return flags;
}

int run_token(const Arguments &arguments) {
    ConfigResult result = read_config(arguments, {token_flags().begin(), token_flags().end() - 2});
    std::vector<std::string> errors = std::move(result.errors);
    Config &config = result.config;
    for (const auto &word : result.arguments)
        errors.push_back("'" + word + "' is not an option; `rostrum help token` lists them");

    Claims claims;
    claims.room_id = config.text("room");
    claims.participant_id = config.text("participant");
    take_roles(config.text("roles"), claims, errors);
    take_mode(config.text("mode"), claims, errors);
    take_permissions(config.text("permissions"), claims, errors);
    const int64_t ttl = parse_duration(config.text("ttl")).value_or(0);
    if (ttl == 0)
        errors.push_back("--ttl: write a time such as 30m or 2h");
    if (!claims.participant_id.empty() && !is_participant_id(claims.participant_id))
        errors.push_back("--participant: 1 to 128 bytes without blanks or slashes");
    if (errors.empty())
        if (const std::string error = ensure_keys(config); !error.empty())
            errors.push_back(error);
    if (!errors.empty())
        return report_config_errors(errors);

    claims.issued_at = now_ms() / 1000;
    claims.expires_at = claims.issued_at + ttl;
    try {
        std::printf("%s\n", mint_token(claims, signing_key(config)).c_str());
    } catch (const std::runtime_error &failure) {
        std::fprintf(stderr, "rostrum: %s\n", failure.what());
        return 1;
    }
    return 0;
}

} // namespace rostrum
