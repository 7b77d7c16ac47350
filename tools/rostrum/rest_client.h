// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What subcommands ask a running server.

#pragma once

#include "tools/rostrum/base/config.h"
#include "tools/rostrum/base/json.h"

namespace rostrum {

struct RestAnswer {
    std::string error; ///< what is wrong, for a person; "" when it is done
    std::string body;
    Json json() const { return parse_json(body).value_or(Json::object()); }
};

/// Calls the server at `url` of `config`, or where `listen` says, with `token` or one minted with the key of the state
/// directory. `body`: an object, or null for none.
RestAnswer call_server(Config &config, const char *method, const std::string &path, const Json &body = {});

} // namespace rostrum
