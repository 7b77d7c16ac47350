// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/exchange.h"
#include "tools/rostrum/live/event_stream.h"

namespace rostrum {

/// Whether a request asks for an upgrade to WebSocket.
bool wants_websocket(const Exchange &exchange);

/// Answers the handshake (RFC 6455); `opened` runs with the stream when it is done, never for a client that goes away
/// before. Throws Refusal 400 for a bad handshake.
void accept_websocket(const ExchangePtr &exchange, std::function<void(std::shared_ptr<EventStream>)> opened);

/// Answers with text/event-stream and keeps the response open. Commands cannot be sent on it.
std::shared_ptr<EventStream> open_sse(const ExchangePtr &exchange);
/// The same; what is sent are the lines of an event, not its data alone.
std::shared_ptr<EventStream> open_sse_of_lines(const ExchangePtr &exchange);

} // namespace rostrum
