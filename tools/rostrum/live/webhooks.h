// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/live/webhook_outbox.h"

namespace rostrum {

/// Whether a room's list of events names this one: exact, `*`, or with wildcards (`recording-*`). An absent or empty
/// list takes everything.
bool webhook_wanted(const Json &events, const std::string &type);

/// Decides who is told. Thread-bound: main thread.
class Webhooks {
  public:
    Webhooks(WebhookOutbox &outbox, std::string global_url) : outbox_(outbox), global_url_(std::move(global_url)) {}

    /// Call it in the turn that stores what is told. Each URL is told once, whoever names it. `data`: with meetingId
    /// and sessionId; `room_webhook`: the room's {endPoint, events} or null; `extra_url`: that of one recording or
    /// livestream, or ""; `output_id`: which one it is about, or "".
    void post(const std::string &type, const Json &data, const Json &room_webhook, const std::string &extra_url = {},
              const std::string &output_id = {});

  private:
    WebhookOutbox &outbox_;
    const std::string global_url_;
};

} // namespace rostrum
