// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/version.h"
#include "tools/rostrum/commands.h"
#include "tools/rostrum/token_flags.h"

#include <cstdio>

namespace rostrum {
namespace {

constexpr char kOverview[] = "Self-hosted interactive live streaming.\n"
                             "\n"
                             "  rostrum serve     answers HTTP and WebSocket, runs one process per live session\n"
                             "  rostrum token     prints an access token\n"
                             "  rostrum graph     prints the pipeline of a session\n"
                             "  rostrum version\n"
                             "\n"
                             "`rostrum help COMMAND` tells more.\n";

constexpr char kGraph[] =
    "rostrum graph --url http://127.0.0.1:8080 --session ID [--format text|dot|running]\n"
    "    the pipeline of a running session; takes its token from --token, or mints one with the key in --state\n"
    "rostrum graph --plan FILE\n"
    "    what the session described in FILE (JSON, `-` for standard input) would run\n";

} // namespace

int run_help(const Arguments &arguments) {
    const std::string about = arguments.empty() ? "" : arguments[0];
    if (about == "serve")
        std::printf(
            "rostrum serve [settings]\n\nEvery setting is a flag, a line of rostrum.conf and an environment variable "
            "(--listen, listen, ROSTRUM_LISTEN):\n%s",
            describe_keys(config_keys()).c_str());
    else if (about == "token")
        std::printf("rostrum token --room ROOM [options]\n\n%s", describe_keys(token_flags()).c_str());
    else if (about == "graph")
        std::fputs(kGraph, stdout);
    else
        std::fputs(kOverview, stdout);
    return 0;
}

int run_version(const Arguments &) {
    std::printf("rostrum %s\n", kVersion);
    return 0;
}

} // namespace rostrum
