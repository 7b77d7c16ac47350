// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/auth/api_keys.h"
#include "tools/rostrum/base/duration.h"
#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/base/keys.h"
#include "tools/rostrum/commands.h"
#include "tools/rostrum/key_flags.h"
#include "tools/rostrum/store/store.h"

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>

namespace rostrum {
namespace {

constexpr size_t kMaxNameBytes = 256;

struct Request {
    Store &store;
    const Config &config;
    std::string api_key;
    int64_t keep_ms;
};

/// The only place where a secret is shown; in the form of rostrum.conf.
void print_pair(const Request &request, const TokenKey &key) {
    request.store.database.flush();
    std::printf("api-key = %s\napi-secret = %s\n", key.api_key.c_str(), key.secret.c_str());
}

std::string day_of(int64_t ms) {
    return ms ? iso_time(ms).substr(0, 16) + "Z" : "-";
}

void print_row(const char *key, const char *state, const std::string &created, const std::string &used,
               const std::string &old, const char *name) {
    std::printf("%-24s %-10s %-18s %-18s %-18s %s\n", key, state, created.c_str(), used.c_str(), old.c_str(), name);
}

void list(const Request &request) {
    print_row("KEY", "STATE", "CREATED", "LAST USED", "OLD SECRET UNTIL", "NAME");
    const bool has_old = request.config.has("old-api-secret");
    print_row(request.config.text("api-key").c_str(), "enabled", "-", "-", has_old ? "configured" : "-",
              "(of the configuration)");
    for (const auto &key : request.store.api_keys.all())
        print_row(key.api_key.c_str(), key.disabled ? "disabled" : "enabled", day_of(key.created_at),
                  day_of(key.used_at), day_of(key.old_until > now_ms() ? key.old_until : 0), key.name.c_str());
}

void create(const Request &request) {
    const std::string name = request.config.text("name");
    if (name.size() > kMaxNameBytes || std::any_of(name.begin(), name.end(), [](char c) { return uint8_t(c) < ' '; }))
        throw ApiKeyError("--name: at most 256 bytes on one line");
    print_pair(request, ApiKeys(request.store.api_keys, request.config).create(name, now_ms()));
}

void rotate(const Request &request) {
    const auto record = stored_key(request.store.api_keys, request.config, request.api_key);
    print_pair(request, ApiKeys(request.store.api_keys, request.config).rotate(record, request.keep_ms, now_ms()));
}

void retire_old(const Request &request) {
    auto record = stored_key(request.store.api_keys, request.config, request.api_key);
    if (record.old_secret.empty())
        throw ApiKeyError("the key " + request.api_key + " has no old secret");
    record.old_secret.clear();
    record.old_until = 0;
    request.store.api_keys.update(record);
}

void set_disabled(const Request &request, bool disabled) {
    auto record = stored_key(request.store.api_keys, request.config, request.api_key);
    record.disabled = disabled;
    request.store.api_keys.update(record);
}

void remove(const Request &request) {
    request.store.api_keys.remove(stored_key(request.store.api_keys, request.config, request.api_key).api_key);
}

struct Action {
    const char *name;
    bool takes_key;
    void (*run)(const Request &);
};
constexpr Action kActions[] = {{"create", false, create},
                               {"list", false, list},
                               {"rotate", true, rotate},
                               {"retire-old", true, retire_old},
                               {"disable", true, [](const Request &request) { set_disabled(request, true); }},
                               {"enable", true, [](const Request &request) { set_disabled(request, false); }},
                               {"delete", true, remove}};

const Action *find_action(const Arguments &words, std::vector<std::string> &errors) {
    std::vector<std::string> names;
    for (const auto &action : kActions) {
        names.emplace_back(action.name);
        if (words.empty() || words[0] != action.name)
            continue;
        if (words.size() != (action.takes_key ? 2u : 1u))
            errors.push_back(std::string("write `rostrum key ") + action.name + (action.takes_key ? " KEY`" : "`"));
        return &action;
    }
    const std::string guess = words.empty() ? "" : did_you_mean(words[0], names);
    errors.push_back(guess.empty() ? "write what to do with keys; `rostrum help key` tells it"
                                   : "there is no `rostrum key " + words[0] + "`, did you mean '" + guess + "'?");
    return nullptr;
}

} // namespace

const std::vector<ConfigKey> &key_flags() {
    static const std::vector<ConfigKey> flags = {
        {"name", KeyKind::Text, "", false, "create: what the key is for, shown by list"},
        {"keep", KeyKind::Text, "24h", false, "rotate: how long the old secret is still taken: 0, 30m, 24h, 7d"},
        {"state", KeyKind::Path, "", false, "state directory of the server"},
        {"config", KeyKind::Path, "", false, "a rostrum.conf of the server"},
    };
    return flags;
}

int run_key(const Arguments &arguments) {
    ConfigResult result = read_config(arguments, {key_flags().begin(), key_flags().end() - 2});
    std::vector<std::string> errors = std::move(result.errors);
    const Action *action = find_action(result.arguments, errors);
    const auto keep_s = parse_duration(result.config.text("keep"));
    if (!keep_s)
        errors.push_back("--keep: write a time such as 30m or 24h");
    ::umask(077);
    if (errors.empty())
        if (const std::string error = ensure_keys(result.config); !error.empty())
            errors.push_back(error);
    if (!errors.empty())
        return report_config_errors(errors);
    try {
        Store store(result.config.state_path("rostrum.db"));
        action->run({store, result.config, result.arguments.size() > 1 ? result.arguments[1] : "", *keep_s * 1000});
        store.database.flush();
    } catch (const std::runtime_error &failure) {
        std::fprintf(stderr, "rostrum: %s\n", failure.what());
        return 1;
    }
    return 0;
}

} // namespace rostrum
