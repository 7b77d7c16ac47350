// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config.h"

#include "tools/rostrum/base/budget.h"
#include "tools/rostrum/base/config_file.h"
#include "tools/rostrum/base/cors.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/ice_servers.h"
#include "tools/rostrum/base/networks.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace rostrum {
namespace {

std::string default_state() {
    return std::string(g_get_user_state_dir()) + "/rostrum";
}

bool is_count(const std::string &value) {
    return !value.empty() && value.size() < 9 && value.find_first_not_of("0123456789") == std::string::npos;
}

bool is_http_url(const std::string &value) {
    GUri *uri = g_uri_parse(value.c_str(), G_URI_FLAGS_NONE, nullptr);
    const bool good = uri && g_uri_get_host(uri) && *g_uri_get_host(uri) &&
                      (g_str_equal(g_uri_get_scheme(uri), "http") || g_str_equal(g_uri_get_scheme(uri), "https"));
    if (uri)
        g_uri_unref(uri);
    return good;
}

bool are_http_urls(const std::string &value) {
    const auto urls = split_list(value);
    return !urls.empty() && std::all_of(urls.begin(), urls.end(), is_http_url);
}

bool is_port_range(const std::string &value) {
    const size_t dash = value.find('-');
    if (dash == std::string::npos || !is_count(value.substr(0, dash)) || !is_count(value.substr(dash + 1)))
        return false;
    const int low = std::atoi(value.c_str()), high = std::atoi(value.c_str() + dash + 1);
    return 0 < low && low <= high && high <= 65535;
}

bool is_address_list(const std::string &value) {
    std::istringstream words(value);
    for (std::string word; std::getline(words, word, ',');)
        if (!g_hostname_is_ip_address(g_strstrip(word.data())))
            return false;
    return true;
}

/// What is wrong with a value, and what to write instead; "" when it is right.
/// An address may have a password or a token in it.
bool may_hold_secret(const ConfigKey &key) {
    return key.secret || key.kind == KeyKind::HttpUrl;
}

std::string fault_of(const ConfigKey &key, const std::string &value) {
    if (value.empty())
        return "";
    switch (key.kind) {
    case KeyKind::Flag:
        return value == "true" || value == "false" ? "" : "write true or false";
    case KeyKind::Count:
        return is_count(value) ? "" : "write a whole number";
    case KeyKind::HttpUrl:
        return is_http_url(value) ? "" : "write a URL such as http://127.0.0.1:8080";
    case KeyKind::HttpUrls:
        return are_http_urls(value) ? "" : "write URLs such as https://0.0.0.0:8443,http://127.0.0.1:8080";
    case KeyKind::Networks:
        return Networks::parse(value) ? "" : "write addresses and networks such as 127.0.0.1,10.0.0.0/8,fd00::/8";
    case KeyKind::Origins:
        return Cors::parse(value) ? "" : "write * or origins such as https://app.example.org,https://*.example.org";
    case KeyKind::ProxyHeaders:
        return value == "x-forwarded" || value == "forwarded" ? "" : "write x-forwarded or forwarded";
    case KeyKind::Budget:
        return parse_budget(value) ? ""
                                   : "write two numbers, a second and at once, such as 500,10000, or 0 for no limit";
    case KeyKind::Addresses:
        return is_address_list(value) ? "" : "write IP addresses such as 203.0.113.7,2001:db8::7";
    case KeyKind::IceServers:
        return parse_ice_servers(value).fault;
    case KeyKind::PortRange:
        return is_port_range(value) ? "" : "write two ports such as 40000-40100";
    case KeyKind::Path:
    case KeyKind::Text:
        return "";
    }
    return "";
}

/// Gathers values from places of falling rank: the first one that sets a key wins, every one is checked.
class Reader {
  public:
    explicit Reader(const std::vector<ConfigKey> &extra) : keys_(config_keys()) {
        keys_.insert(keys_.end(), extra.begin(), extra.end());
    }

    void read_flags(const std::vector<std::string> &arguments) {
        for (size_t i = 0; i < arguments.size(); ++i) {
            const std::string &argument = arguments[i];
            if (argument.rfind("--", 0) != 0) {
                result.arguments.push_back(argument);
                continue;
            }
            const size_t equals = argument.find('=');
            const std::string name = argument.substr(2, equals == std::string::npos ? equals : equals - 2);
            const ConfigKey *key = find(name);
            if (key && key->secret) {
                fail("--" + name, "a secret on the command line can be read by every user of the machine; set " +
                                      environment_name(name) + " or write it into rostrum.conf");
                i += equals == std::string::npos;
            } else if (!key) {
                unknown("--" + name, name, "--");
                i += equals == std::string::npos && i + 1 < arguments.size() && arguments[i + 1].rfind("--", 0) != 0;
            } else if (equals != std::string::npos) {
                take(*key, "--" + name, argument.substr(equals + 1));
            } else if (key->kind == KeyKind::Flag) {
                take(*key, "--" + name, "true");
            } else if (i + 1 < arguments.size()) {
                take(*key, "--" + name, arguments[++i]);
            } else {
                fail("--" + name, "a value has to follow");
            }
        }
    }

    void read_environment() {
        for (const auto &key : keys_)
            if (const char *value = std::getenv(environment_name(key.name).c_str()))
                take(key, environment_name(key.name), value);
    }

    void read_file(const std::string &path, bool required) {
        ConfigFile file = read_config_file(path, required);
        result.errors.insert(result.errors.end(), file.errors.begin(), file.errors.end());
        for (const auto &line : file.lines) {
            const std::string place = path + ":" + std::to_string(line.number) + ": " + line.key;
            if (const ConfigKey *key = find(line.key))
                take(*key, place, line.value);
            else
                unknown(place, line.key, "");
        }
    }

    void fill_defaults() {
        for (const auto &key : keys_)
            if (!result.config.has(key.name))
                result.config.set(key.name, key.fallback);
        if (!result.config.has("state"))
            result.config.set("state", default_state());
        if (!result.config.has("runtime"))
            result.config.set("runtime", result.config.state_path("run"));
    }

    ConfigResult result;

  private:
    const ConfigKey *find(const std::string &name) const {
        for (const auto &key : keys_)
            if (name == key.name)
                return &key;
        return nullptr;
    }
    void take(const ConfigKey &key, const std::string &place, const std::string &value) {
        if (const std::string fault = fault_of(key, value); !fault.empty())
            fail(place, (may_hold_secret(key) ? "the value" : "'" + value + "'") + " will not do; " + fault);
        else if (!result.config.has(key.name))
            result.config.set(key.name, value);
    }
    void fail(const std::string &place, const std::string &what) { result.errors.push_back(place + ": " + what); }
    void unknown(const std::string &place, const std::string &name, const std::string &prefix) {
        std::vector<std::string> names;
        for (const auto &key : keys_)
            names.emplace_back(key.name);
        const std::string guess = did_you_mean(name, names);
        fail(place, guess.empty() ? "no such setting; `rostrum help serve` lists them"
                                  : "no such setting; did you mean '" + prefix + guess + "'?");
    }
    std::vector<ConfigKey> keys_;
};

size_t edit_distance(const std::string &a, const std::string &b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = std::exchange(row[0], i);
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
        }
    }
    return row[b.size()];
}

} // namespace

std::string environment_name(const std::string &key) {
    std::string name = "ROSTRUM_" + key;
    for (char &c : name)
        c = c == '-' ? '_' : g_ascii_toupper(c);
    return name;
}

std::string Config::text(const char *key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? "" : found->second;
}

unsigned Config::count(const char *key) const {
    return static_cast<unsigned>(std::atoi(text(key).c_str()));
}

ConfigResult read_config(const std::vector<std::string> &arguments, const std::vector<ConfigKey> &extra_flags) {
    Reader reader(extra_flags);
    reader.read_flags(arguments);
    reader.read_environment();
    if (reader.result.config.has("config"))
        reader.read_file(reader.result.config.text("config"), true);
    const std::string state = reader.result.config.has("state") ? reader.result.config.text("state") : default_state();
    reader.read_file(state + "/rostrum.conf", false);
    reader.fill_defaults();
    return std::move(reader.result);
}

std::vector<std::string> split_list(const std::string &value) {
    std::vector<std::string> list;
    std::istringstream words(value);
    for (std::string word; std::getline(words, word, ',');)
        if (const std::string bare = g_strstrip(word.data()); !bare.empty())
            list.push_back(bare);
    return list;
}

std::string describe_keys(const std::vector<ConfigKey> &keys) {
    std::string text;
    for (const auto &key : keys) {
        std::string name = key.secret ? environment_name(key.name) : "--" + std::string(key.name);
        name.resize(std::max<size_t>(name.size() + 2, 26), ' ');
        text += "  " + name + key.help + (*key.fallback ? " (" + std::string(key.fallback) + ")" : "") + "\n";
    }
    return text;
}

std::string did_you_mean(const std::string &word, const std::vector<std::string> &candidates) {
    std::string best;
    size_t best_distance = word.size() / 3 + 1; // a third of the letters wrong is a guess, not a slip
    for (const auto &candidate : candidates)
        if (const size_t distance = edit_distance(word, candidate); distance <= best_distance) {
            if (distance < best_distance || best.empty())
                best = candidate;
            best_distance = distance;
        }
    return best;
}

int report_config_errors(const std::vector<std::string> &errors) {
    for (const auto &error : errors)
        std::fprintf(stderr, "rostrum: %s\n", error.c_str());
    return 2;
}

} // namespace rostrum
