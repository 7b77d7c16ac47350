// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"

namespace rostrum {

/// What was answered to a request that carried an `Idempotency-Key`.
struct KeptReply {
    std::string fingerprint; ///< of the request
    int64_t status = 200;
    std::string content_type, body;
};

/// Kept for a day, and of all of them the newest kMax.
class ReplyStore {
  public:
    static constexpr int64_t kKeepMs = 24 * 3600 * 1000;
    static constexpr int64_t kMax = 100'000;

    explicit ReplyStore(Database &database, int64_t max = kMax) : database_(database), max_(max) {}

    std::optional<KeptReply> find(const std::string &api_key, const std::string &key, int64_t now);
    void keep(const std::string &api_key, const std::string &key, const KeptReply &reply, int64_t now);

  private:
    Database &database_;
    const int64_t max_;
    std::optional<int64_t> count_; ///< nothing until it was counted
};

} // namespace rostrum
