// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/commands.h"

#include <cstdio>

namespace {

struct Command {
    const char *name;
    int (*run)(const rostrum::Arguments &);
};

constexpr Command kCommands[] = {{"serve", rostrum::run_serve},    {"token", rostrum::run_token},
                                 {"key", rostrum::run_key},        {"webhook", rostrum::run_webhook},
                                 {"graph", rostrum::run_graph},    {"help", rostrum::run_help},
                                 {"version", rostrum::run_version}};

std::string without_dashes(std::string word) {
    if (word == "-h" || word == "--help")
        return "help";
    return word == "--version" ? "version" : word;
}

} // namespace

int main(int argc, char **argv) {
    const rostrum::Arguments all(argv + 1, argv + argc);
    const std::string name = all.empty() ? "help" : without_dashes(all[0]);
    const rostrum::Arguments rest(all.empty() ? all.begin() : all.begin() + 1, all.end());
    std::vector<std::string> names;
    for (const auto &command : kCommands) {
        if (name == command.name) {
            for (const auto &word : rest)
                if (word == "--help" || (word == "help" && &word == &rest.front()))
                    return rostrum::run_help({name});
            return command.run(rest);
        }
        names.emplace_back(command.name);
    }
    const std::string guess = rostrum::did_you_mean(name, names);
    std::fprintf(stderr, "rostrum: unknown command '%s'%s\n", name.c_str(),
                 guess.empty() ? "; `rostrum help` lists them" : (", did you mean '" + guess + "'?").c_str());
    return 2;
}
