// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/store/database.h"

#include <vector>

namespace rostrum {

struct ChatMessage {
    int64_t number = 0; ///< grows with each that is stored
    std::string id, topic, sender_id, sender_name, message;
    std::string payload;    ///< JSON object, or ""
    std::string recipients; ///< JSON list of participant ids, or "" = everybody
    int64_t sent_at = 0;
};

/// Messages that were published to be kept. Thread-bound: main thread.
class ChatStore {
  public:
    explicit ChatStore(Database &database) : database_(database) {}

    void add(const std::string &session, const ChatMessage &message);
    int64_t count(const std::string &session);
    bool any(const std::string &session);
    /// The newest ones of a topic that `reader` may read, in the order in which they were sent.
    std::vector<ChatMessage> newest(const std::string &session, const std::string &topic, const std::string &reader,
                                    int64_t limit);
    /// Of all topics, in the order in which they were sent, from behind `after` on.
    std::vector<ChatMessage> page(const std::string &session, int64_t after, int64_t limit);

  private:
    Database &database_;
};

} // namespace rostrum
