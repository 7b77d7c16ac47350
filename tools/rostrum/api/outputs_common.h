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
/// What was told of a recording, livestream, HLS stream or merge, and what of that arrived.
Json webhook_summary(Api &api, const std::string &id);
/// Asks the session whether its compositor takes the layout that `config` describes, then goes on; without a
/// description at once. `path` leads to the description in the body. `then` may throw Refusal.
void with_checked_layout(Api &api, const ExchangePtr &exchange, LiveSession &session, const Json &config,
                         std::initializer_list<std::string_view> path, std::function<void(LiveSession &)> then);
/// What VideoSDK's bodies of starts may ask for and this server does not do: a picture from a web page, transcription,
/// watermarks, uploads to a given URL. Refused, because what came out would not be what was asked for.
void refuse_unsupported(const Json &body);
/// `webhookUrl` of a start body, checked.
std::string webhook_url_of(const Json &body);
/// `expires` and `signature` of a link to `path`. Throws Refusal: 403.
void demand_signature(const Api &api, const Exchange &exchange, const std::string &path);
/// What a start or an end replies, in other words for the resource pool.
using ReplyShape = Json (*)(const Json &reply);
inline Json as_it_is(const Json &reply) {
    return reply;
}
using StartHandler = void (*)(Api &, const ExchangePtr &, ReplyShape);
using StopHandler = void (*)(Api &, Exchange &, ReplyShape);
void start_room_recording(Api &api, const ExchangePtr &exchange, ReplyShape shape);
void stop_room_recording(Api &api, Exchange &exchange, ReplyShape shape);
void start_livestream(Api &api, const ExchangePtr &exchange, ReplyShape shape);
void stop_livestream(Api &api, Exchange &exchange, ReplyShape shape);
void start_hls(Api &api, const ExchangePtr &exchange, ReplyShape shape);
void stop_hls(Api &api, Exchange &exchange, ReplyShape shape);
/// The reply to a start.
Json started(const std::string &message, const std::string &id, const LiveSession &session);

} // namespace rostrum
