// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/json.h"
#include "tools/rostrum/store/chat.h"

#include <set>
#include <variant>

namespace rostrum {

constexpr size_t kMaxTopicBytes = 128, kMaxMessageBytes = 8192, kMaxRecipients = 100, kMaxTopics = 50;
constexpr int64_t kMaxOldMessages = 1000;

struct PublishCommand {
    ChatMessage message;             ///< topic, message, payload and recipients are filled in
    std::set<std::string> send_only; ///< empty: everybody
    bool persist = false;
};

/// Read what a participant sends; untrusted. The codes of the refusals are VideoSDK's.
std::variant<PublishCommand, Refusal> parse_publish(const Json &command);
struct SubscribeCommand {
    std::string topic;
    int64_t old_messages = 100;
};
std::variant<SubscribeCommand, Refusal> parse_subscribe(const Json &command);

/// VideoSDK's message object.
Json describe(const ChatMessage &message);

} // namespace rostrum
