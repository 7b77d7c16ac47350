// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/pubsub_command.h"

#include "tools/rostrum/base/ids.h"

#include <algorithm>

namespace rostrum {
namespace {

bool is_topic(const std::string &text) {
    return !text.empty() && text.size() <= kMaxTopicBytes &&
           std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

Refusal bad(int code, const std::string &text) {
    return {400, code, text};
}

Refusal bad_topic(int code) {
    return bad(code, "topic has to be a text of 1 to 128 bytes");
}

} // namespace

std::variant<PublishCommand, Refusal> parse_publish(const Json &command) {
    constexpr int kCode = code::kPublishFailed;
    PublishCommand publish;
    ChatMessage &message = publish.message;
    message.topic = command.text("topic");
    if (!is_topic(message.topic))
        return bad_topic(kCode);
    if (!command.get("message").is_string())
        return bad(kCode, "message has to be a text");
    message.message = command.text("message");
    if (message.message.size() > kMaxMessageBytes)
        return bad(code::kPayloadTooLarge, "message may have at most 8192 bytes");
    if (const Json payload = command.get("payload"); !payload.is_null()) {
        if (!payload.is_object())
            return bad(kCode, "payload has to be an object");
        message.payload = payload.dump();
        if (message.payload.size() > kMaxMessageBytes)
            return bad(code::kPayloadTooLarge, "payload may have at most 8192 bytes of JSON");
    }
    const Json options = command.get("options"), send_only = options.get("sendOnly");
    if (!options.is_null() && !options.is_object())
        return bad(kCode, "options has to be an object");
    publish.persist = options.get("persist").as_bool();
    if (send_only.is_null())
        return publish;
    const auto ids = send_only.strings();
    if (!send_only.is_array() || ids.empty() || ids.size() > kMaxRecipients || ids.size() != send_only.items().size() ||
        !std::all_of(ids.begin(), ids.end(), is_participant_id))
        return bad(kCode, "options.sendOnly has to be a list of 1 to 100 participant ids");
    publish.send_only = {ids.begin(), ids.end()};
    message.recipients = send_only.dump();
    return publish;
}

std::variant<SubscribeCommand, Refusal> parse_subscribe(const Json &command) {
    constexpr int kCode = code::kSubscribeFailed;
    SubscribeCommand subscribe;
    subscribe.topic = command.text("topic");
    if (!is_topic(subscribe.topic))
        return bad_topic(kCode);
    if (const Json limit = command.get("oldMessageLimit"); !limit.is_null()) {
        subscribe.old_messages = limit.as_integer(-1);
        if (subscribe.old_messages < 0 || subscribe.old_messages > kMaxOldMessages)
            return bad(kCode, "oldMessageLimit has to be a whole number from 0 to 1000");
    }
    return subscribe;
}

Json describe(const ChatMessage &message) {
    return Json::object({{"id", message.id},
                         {"message", message.message},
                         {"senderId", message.sender_id},
                         {"senderName", message.sender_name},
                         {"timestamp", iso_time(message.sent_at)},
                         {"topic", message.topic},
                         {"payload", parse_json(message.payload).value_or(Json())}});
}

} // namespace rostrum
