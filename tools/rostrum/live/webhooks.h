// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/live/outbox.h"
#include "tools/rostrum/store/endpoints.h"

namespace rostrum {

/// Whether a room's list of events names this one: exact, `*`, or with wildcards (`recording-*`). An absent or empty
/// list takes everything.
bool webhook_wanted(const Json &events, const std::string &type);

/// Decides who is told. Thread-bound: main thread.
class Webhooks {
  public:
    Webhooks(Outbox &outbox, EndpointStore &endpoints, std::string global_url)
        : outbox_(outbox), endpoints_(endpoints), global_url_(std::move(global_url)) {}

    /// `room_webhook`: the room's {endPoint, events} or null; `extra_url`: that of one recording or livestream, or "".
    void post(const std::string &type, const Json &data, const Json &room_webhook, const std::string &extra_url = {});

  private:
    Outbox &outbox_;
    EndpointStore &endpoints_;
    const std::string global_url_;
};

} // namespace rostrum
