// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Messages among participants, by topic: chat, raised hands, polls, whatever an app makes of them.

#include "tools/rostrum/base/ids.h"
#include "tools/rostrum/live/live_session.h"
#include "tools/rostrum/live/pubsub_command.h"

#include <algorithm>

namespace rostrum {
namespace {

constexpr size_t kMessagesPerEvent = 50;
constexpr size_t kMaxHistoryBytes = EventStream::kMaxUnreadBytes / 2;      // of one answer, which is sent at once
constexpr size_t kMaxUnreadHistory = EventStream::kMaxUnreadBytes * 3 / 4; // of all that is asked for at once
constexpr int64_t kMaxKept = 100'000; // of a session: a million bytes of chat an hour for a working day

/// The same for whoever may have asked several things at once.
Json answering(const Json &command, Json data) {
    const std::string id = command.text("requestId");
    if (!id.empty() && id.size() <= 64)
        data.set("requestId", id);
    return data;
}

/// The newest that fit into one answer, the oldest of them first.
std::vector<Json> fitting(const std::vector<ChatMessage> &messages, size_t room) {
    std::vector<Json> fit;
    room = std::min(room, kMaxHistoryBytes);
    for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
        Json json = describe(*message);
        const size_t size = json.dump().size();
        if (size > room)
            break;
        room -= size;
        fit.push_back(std::move(json));
    }
    std::reverse(fit.begin(), fit.end());
    return fit;
}

} // namespace

bool LiveSession::run_pubsub_command(Participant &participant, const std::string &name, const Json &command) {
    std::optional<Refusal> refusal;
    if (name == "publish")
        refusal = publish_message(participant, command);
    else if (name == "subscribe")
        refusal = subscribe(participant, command);
    else if (name == "unsubscribe")
        refusal = unsubscribe(participant, command);
    else
        return false;
    if (refusal)
        send_to(participant, "error",
                answering(command, Json::object({{"code", refusal->code}, {"message", refusal->message}})));
    return true;
}

std::optional<Refusal> LiveSession::publish_message(Participant &participant, const Json &command) {
    auto parsed = parse_publish(command);
    if (auto *refusal = std::get_if<Refusal>(&parsed))
        return *refusal;
    PublishCommand &publish = std::get<PublishCommand>(parsed);
    ChatMessage &message = publish.message;
    std::vector<const Participant *> readers;
    for (const auto &[id, reader] : roster_.all())
        if (reader.events && reader.topics.count(message.topic) &&
            (publish.send_only.empty() || publish.send_only.count(id) || id == participant.id))
            readers.push_back(&reader);
    const int64_t now = now_ms();
    if (!participant.messages.take(now))
        return Refusal{429, code::kPublishFailed, "too many messages: 20 at once, 10 a second"};
    if (!deliveries_.take(now, static_cast<double>(readers.size())))
        return Refusal{429, code::kPublishFailed, "this session has too many messages at the moment; try again"};
    if (publish.persist && !services_.store.database.fault().empty())
        return Refusal{503, code::kPublishFailed,
                       "the server cannot write to its disk at the moment; try again, or publish without persist"};
    if (publish.persist && kept_messages_ >= kMaxKept)
        return Refusal{403, code::kPublishFailed,
                       "no more messages of this session can be kept; publish without persist"};

    message.id = new_document_id();
    message.sender_id = participant.id;
    message.sender_name = participant.name;
    message.sent_at = now;
    if (publish.persist) {
        services_.store.chat.add(id_, message);
        ++kept_messages_;
    }
    const std::string text = envelope("pubsub-message", describe(message)).dump();
    for (const Participant *reader : readers)
        reader->events->send(text);
    send_to(participant, "pubsub-published",
            answering(command,
                      Json::object(
                          {{"topic", message.topic}, {"id", message.id}, {"timestamp", iso_time(message.sent_at)}})));
    return std::nullopt;
}

std::optional<Refusal> LiveSession::subscribe(Participant &participant, const Json &command) {
    auto parsed = parse_subscribe(command);
    if (auto *refusal = std::get_if<Refusal>(&parsed))
        return *refusal;
    const auto &[topic, old_messages] = std::get<SubscribeCommand>(parsed);
    if (!participant.messages.take(now_ms()))
        return Refusal{429, code::kSubscribeFailed, "too many commands: 20 at once, 10 a second"};
    if (participant.topics.size() >= kMaxTopics && !participant.topics.count(topic))
        return Refusal{403, code::kSubscribeFailed, "a participant may subscribe to 50 topics"};
    const size_t unread = participant.events ? participant.events->unread() : 0;
    const auto messages = fitting(services_.store.chat.newest(id_, topic, participant.id, old_messages),
                                  kMaxUnreadHistory - std::min(unread, kMaxUnreadHistory));
    participant.topics.insert(topic);
    for (size_t at = 0;; at += kMessagesPerEvent) {
        Json batch = Json::array();
        for (size_t i = at; i < std::min(at + kMessagesPerEvent, messages.size()); ++i)
            batch.push(messages[i]);
        const bool last = at + kMessagesPerEvent >= messages.size();
        send_to(participant, "pubsub-history",
                answering(command, Json::object({{"topic", topic}, {"messages", batch}, {"isLast", last}})));
        if (last)
            return std::nullopt;
    }
}

std::optional<Refusal> LiveSession::unsubscribe(Participant &participant, const Json &command) {
    if (participant.topics.erase(command.text("topic")) == 0)
        return Refusal{404, code::kUnsubscribeFailed, "this topic is not subscribed to"};
    return std::nullopt;
}

} // namespace rostrum
