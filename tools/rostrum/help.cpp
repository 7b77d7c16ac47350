// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/version.h"
#include "tools/rostrum/commands.h"
#include "tools/rostrum/key_flags.h"
#include "tools/rostrum/token_flags.h"
#include "tools/rostrum/webhook_flags.h"

#include <cstdio>

namespace rostrum {
namespace {

constexpr char kOverview[] = "Self-hosted interactive live streaming.\n"
                             "\n"
                             "  rostrum serve     answers HTTP and WebSocket, runs one process per live session\n"
                             "  rostrum token     prints an access token\n"
                             "  rostrum key       makes, rotates and ends API keys\n"
                             "  rostrum webhook   what waits to be delivered, dead letters, receivers, secrets\n"
                             "  rostrum graph     prints the pipeline of a session\n"
                             "  rostrum version\n"
                             "\n"
                             "`rostrum help COMMAND` tells more.\n";

constexpr char kWebhook[] =
    "rostrum webhook endpoints                receivers: state, what waits, dead letters, last failure\n"
    "rostrum webhook enable|disable ENDPOINT\n"
    "rostrum webhook list                     what waits, was delivered, was given up; newest first\n"
    "rostrum webhook show ID                  one of them with its body\n"
    "rostrum webhook resend ID                once more, with the same id and number\n"
    "rostrum webhook resend --endpoint ID     all dead letters of a receiver\n"
    "rostrum webhook rotate-secret            prints a new secret, once; the former one signs as well\n"
    "rostrum webhook retire-secret            only the newest one signs\n"
    "rostrum webhook verify                   which signature of a received webhook holds, and why another does not:\n"
    "    --request FILE                       the whole HTTP request as it came, or\n"
    "    --body FILE --header 'NAME: VALUE'…  its body (`-`: standard input, the default) and its headers\n"
    "    --secret-file FILE                   the secret; else of the environment, ROSTRUM_WEBHOOK_SECRET\n"
    "    --public-key FILE|URL                PEM, or http://SERVER/v2/public/rsa-public-key\n"
    "    --at TIME, --tolerance SECONDS       compare the timestamp with that time; 300 s apart are allowed\n"
    "\n"
    "All but verify ask the running server; settings such as --state and --listen lead to it.\n";

constexpr char kGraph[] =
    "rostrum graph --url http://127.0.0.1:8080 --session ID [--format text|dot|running]\n"
    "    the pipeline of a running session; takes its token from ROSTRUM_TOKEN, or mints one with the key in --state\n"
    "rostrum graph --plan FILE\n"
    "    what the session described in FILE (JSON, `-` for standard input) would run\n";

constexpr char kKey[] =
    "rostrum key create [--name TEXT]         prints a new pair; its secret is shown this once\n"
    "rostrum key list\n"
    "rostrum key rotate KEY [--keep 24h]      prints a new secret; the old one is taken for so long\n"
    "rostrum key retire-old KEY               the old one is taken no more\n"
    "rostrum key disable|enable|delete KEY\n"
    "\n"
    "A running server goes by it at once. Who is in a session stays there.\n"
    "\n";

} // namespace

int run_help(const Arguments &arguments) {
    const std::string about = arguments.empty() ? "" : arguments[0];
    if (about == "serve")
        std::printf(
            "rostrum serve [settings]\n\nA setting is a flag, a line of rostrum.conf and an environment variable "
            "(--listen, listen, ROSTRUM_LISTEN); a secret is no flag:\n%s",
            describe_keys(config_keys()).c_str());
    else if (about == "token")
        std::printf("rostrum token [--room ROOM] [options]\n\n%s", describe_keys(token_flags()).c_str());
    else if (about == "key")
        std::printf("%s%s", kKey, describe_keys(key_flags()).c_str());
    else if (about == "webhook")
        std::printf("%s\n%s", kWebhook, describe_keys(webhook_flags()).c_str());
    else if (about == "graph")
        std::fputs(kGraph, stdout);
    else if (about.empty() || about == "help" || about == "version")
        std::fputs(kOverview, stdout);
    else
        return report_config_errors({"there is no command '" + about + "'; `rostrum help` lists them"});
    return 0;
}

int run_version(const Arguments &) {
    std::printf("rostrum %s\n", kVersion);
    return 0;
}

} // namespace rostrum
