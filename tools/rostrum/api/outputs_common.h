// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/api.h"

namespace rostrum {

/// Answers a list of livestreams or recordings, filtered by roomId and sessionId.
void list_outputs(Api &api, Exchange &exchange, OutputKind kind, Json (*describe)(Api &, const OutputRecord &));
/// One of them, readable with the token of the request. Throws Refusal.
OutputRecord readable_output(Api &api, const Exchange &exchange, OutputKind kind);
/// What both kinds show alike.
Json describe_output(Api &api, const OutputRecord &output);
/// Asks the session whether its compositor takes the layout that `config` describes, then goes on; without a
/// description at once. `path` leads to the description in the body. `then` may throw Refusal.
void with_checked_layout(Api &api, const ExchangePtr &exchange, LiveSession &session, const Json &config,
                         std::initializer_list<std::string_view> path, std::function<void(LiveSession &)> then);
/// `webhookUrl` of a start body, checked.
std::string webhook_url_of(const Json &body);
/// `expires` and `signature` of a link to `path`. Throws Refusal: 403.
void demand_signature(const Api &api, const Exchange &exchange, const std::string &path);
/// The reply to a start.
Json started(const std::string &message, const std::string &id, const LiveSession &session);

} // namespace rostrum
