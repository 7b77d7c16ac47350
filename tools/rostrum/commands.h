// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The subcommands of `rostrum`. Each takes what follows its name and returns the exit status: 0, 1 when it failed, 2
// when it was called wrongly.

#pragma once

#include <string>
#include <vector>

namespace rostrum {

using Arguments = std::vector<std::string>;

int run_serve(const Arguments &arguments);
int run_token(const Arguments &arguments);
int run_key(const Arguments &arguments);
int run_webhook(const Arguments &arguments);
int run_webhook_verify(const Arguments &arguments); // what follows `webhook verify`
int run_graph(const Arguments &arguments);
int run_help(const Arguments &arguments);
int run_version(const Arguments &arguments);

} // namespace rostrum
