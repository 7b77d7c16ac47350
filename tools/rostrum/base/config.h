// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The settings of `rostrum serve`: one table of keys, each of which is a line of rostrum.conf, a flag and an
// environment variable (`listen`, `--listen`, `ROSTRUM_LISTEN`). A flag wins over the environment, that over --config,
// that over $STATE/rostrum.conf, that over the default.

#pragma once

#include <map>
#include <string>
#include <vector>

namespace rostrum {

enum class KeyKind {
    Text,
    Flag,
    Count,
    HttpUrl,
    HttpUrls,
    Addresses,
    Networks,
    PortRange,
    IceServers,
    Origins,
    ProxyHeaders,
    Budget,
    Path
};

struct ConfigKey {
    const char *name;
    KeyKind kind;
    const char *fallback;
    bool secret; ///< never a flag: the command line is visible to every user of the machine
    const char *help;
};

const std::vector<ConfigKey> &config_keys();

class Config {
  public:
    std::string text(const char *key) const;
    bool flag(const char *key) const { return text(key) == "true"; }
    unsigned count(const char *key) const;
    bool has(const char *key) const { return !text(key).empty(); }
    void set(const std::string &key, std::string value) { values_[key] = std::move(value); }

    std::string state_path(const std::string &name) const { return text("state") + "/" + name; }

  private:
    std::map<std::string, std::string> values_;
};

struct ConfigResult {
    Config config;
    std::vector<std::string> errors;    ///< every one of them, each with its place and what to do
    std::vector<std::string> arguments; ///< what is left of the command line
};

/// `extra_flags`: further `--name VALUE` options of a subcommand; they land in `config` under their name.
ConfigResult read_config(const std::vector<std::string> &arguments, const std::vector<ConfigKey> &extra_flags = {});

/// `turn-secret` → `ROSTRUM_TURN_SECRET`.
std::string environment_name(const std::string &key);

/// The words of a comma-separated value.
std::vector<std::string> split_list(const std::string &value);

/// The text that --help prints about the keys.
std::string describe_keys(const std::vector<ConfigKey> &keys);

/// The closest of `candidates` when it is close enough to be a slip of the hand, else "".
std::string did_you_mean(const std::string &word, const std::vector<std::string> &candidates);

/// Prints the errors of a configuration on stderr. Returns the exit status, 2.
int report_config_errors(const std::vector<std::string> &errors);

} // namespace rostrum
