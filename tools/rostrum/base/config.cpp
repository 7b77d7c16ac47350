// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config.h"

#include "tools/rostrum/base/config_file.h"
#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/base/ice_servers.h"

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
            fail(place, (key.secret ? "the value" : "'" + value + "'") + " will not do; " + fault);
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

const std::vector<ConfigKey> &config_keys() {
    static const std::vector<ConfigKey> keys = {
        {"config", KeyKind::Path, "", false, "a rostrum.conf to read"},
        {"state", KeyKind::Path, "", false, "directory of the database, recordings and generated keys"},
        {"runtime", KeyKind::Path, "", false,
         "directory of the sessions' sockets; default: run in the state directory"},
        {"listen", KeyKind::HttpUrl, "http://127.0.0.1:8080", false,
         "where HTTP is answered; port 0 takes any free port"},
        {"public-url", KeyKind::HttpUrl, "", false, "how clients reach this server; default: where it listens"},
        {"public-address", KeyKind::Addresses, "127.0.0.1", false,
         "IPv4 and IPv6 addresses that media is sent to, comma-separated"},
        {"port-range", KeyKind::PortRange, "", false, "ports for media; default: any free port"},
        {"ice-tcp", KeyKind::Flag, "true", false, "offer media over TCP too, for networks that block UDP"},
        {"shards", KeyKind::Count, "0", false,
         "threads, each with a port, that serve the viewers of a session; 0 = one per processor, at most 4"},
        {"slate-text", KeyKind::Text, "We'll be right back", false, "what viewers read while no host is there"},
        {"slate-grace", KeyKind::Count, "2", false, "seconds that the last picture of the last host stays before that"},
        {"slate-time", KeyKind::Count, "300", false, "seconds that it is shown at most; 0 = not at all"},
        {"allow-private-destinations", KeyKind::Flag, "false", false,
         "livestreams may be pushed to loopback, private and link-local addresses"},
        {"api-key", KeyKind::Text, "", false, "the `apikey` claim of tokens; generated when absent"},
        {"api-secret", KeyKind::Text, "", true, "signs tokens (HS256); generated when absent"},
        {"webhook-url", KeyKind::HttpUrl, "", false, "receives every webhook of every room"},
        {"webhook-secret", KeyKind::Text, "", true, "`whsec_…`, signs webhooks (HMAC); generated when absent"},
        {"webhook-key", KeyKind::Path, "", false, "PEM file of the RSA key that signs webhooks; generated when absent"},
        {"ice-servers", KeyKind::IceServers, "", false,
         "STUN and TURN servers that clients are told, comma-separated: stun:HOST, turn:HOST:PORT?transport=tcp"},
        {"turn-secret", KeyKind::Text, "", true, "what the TURN servers have as static-auth-secret"},
        {"turn-lifetime", KeyKind::Count, "86400", false, "seconds that TURN credentials are good for"},
        {"recording-link-lifetime", KeyKind::Count, "86400", false,
         "seconds that links to recorded files are good for"},
        {"recording-split-minutes", KeyKind::Count, "0", false,
         "minutes after which a recording goes on in a new part"},
        {"recording-split-mib", KeyKind::Count, "0", false, "MiB after which a recording goes on in a new part"},
        {"hls-dvr-minutes", KeyKind::Count, "0", false,
         "minutes that viewers of a live HLS stream may go back; 0 = to its begin"},
        {"hls-keep", KeyKind::Flag, "true", false,
         "keep what is older than that, for watching when the stream is over"},
        {"job-processes", KeyKind::Count, "1", false, "recordings that are finalised or merged at once"},
        {"s3-endpoint", KeyKind::HttpUrl, "", false, "S3-compatible storage that recordings are uploaded to"},
        {"s3-bucket", KeyKind::Text, "", false, "bucket in it"},
        {"s3-region", KeyKind::Text, "us-east-1", false, "region that requests are signed for"},
        {"s3-access-key-id", KeyKind::Text, "", false, "whose requests they are"},
        {"s3-secret-access-key", KeyKind::Text, "", true, "signs them"},
        {"s3-prefix", KeyKind::Text, "", false, "what the keys of all objects begin with"},
        {"s3-keep-local", KeyKind::Flag, "false", false, "keep the files here when the bucket has them"},
        {"cors-origin", KeyKind::Text, "*", false, "origin that browsers may call the API from"},
        {"empty-timeout", KeyKind::Count, "10", false, "seconds after which a session without participants ends"},
        {"max-sessions", KeyKind::Count, "100", false, "sessions that may run at once"},
        {"max-participants", KeyKind::Count, "5000", false, "participants that may be in one session"},
        {"max-connections", KeyKind::Count, "20000", false, "HTTP and WebSocket connections that may be open at once"},
        {"request-timeout", KeyKind::Count, "30", false, "seconds in which a request has to arrive"},
        {"end-sessions-on-exit", KeyKind::Flag, "false", false,
         "end the sessions on SIGTERM instead of leaving them running"},
    };
    return keys;
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
