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
/// `webhookUrl` of a start body, checked.
std::string webhook_url_of(const Json &body);
/// The reply to a start.
Json started(const std::string &message, const std::string &id, const LiveSession &session);

} // namespace rostrum
