// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/api.h"

#include <set>

namespace rostrum {

/// `Idempotency-Key` of POST requests (draft-ietf-httpapi-idempotency-key-header): what has been done under a key is
/// not done again but answered again, for a day and across restarts. What was refused did nothing: its key is free.
/// Keys are those of an API key. Thread-bound: main thread.
class Idempotency {
  public:
    explicit Idempotency(Api &api) : api_(api) {}

    /// True: answered with what is kept. False: to be done; its reply is kept. Throws Refusal: 400 for a key that is
    /// none, 409 while the first request is being done, 422 for the key of another request.
    bool answer(const Route &route, const ExchangePtr &exchange);

  private:
    using Scope = std::pair<std::string, std::string>; // API key, idempotency key

    Api &api_;
    const std::shared_ptr<std::set<Scope>> under_way_ = std::make_shared<std::set<Scope>>(); // exchanges may outlive us
};

} // namespace rostrum
