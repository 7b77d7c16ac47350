// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/chat.h"

#include <algorithm>

namespace rostrum {
namespace {

#define MESSAGE_COLUMNS "number, id, topic, sender_id, sender_name, message, payload, recipients, sent_at"

ChatMessage read_message(const Query &row) {
    return {row.integer(0), row.text(1), row.text(2), row.text(3),   row.text(4),
            row.text(5),    row.text(6), row.text(7), row.integer(8)};
}

constexpr int64_t kMaxLookedAt = 2000; // for one reader: all of them may be for others

std::vector<ChatMessage> read_messages(Query &rows) {
    std::vector<ChatMessage> messages;
    while (rows.step())
        messages.push_back(read_message(rows));
    return messages;
}

} // namespace

void ChatStore::add(const std::string &session, const ChatMessage &message) {
    database_
        .query("INSERT INTO chat_messages (session_id, id, topic, sender_id, sender_name, message, payload, recipients,"
               " sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(session)
        .bind(message.id)
        .bind(message.topic)
        .bind(message.sender_id)
        .bind(message.sender_name)
        .bind(message.message)
        .bind(message.payload)
        .bind(message.recipients)
        .bind(message.sent_at)
        .run();
}

int64_t ChatStore::count(const std::string &session) {
    Query row = database_.query("SELECT count(*) FROM chat_messages WHERE session_id = ?");
    row.bind(session).run();
    return row.integer(0);
}

bool ChatStore::any(const std::string &session) {
    Query row = database_.query("SELECT 1 FROM chat_messages WHERE session_id = ? LIMIT 1");
    return row.bind(session).step();
}

std::vector<ChatMessage> ChatStore::newest(const std::string &session, const std::string &topic,
                                           const std::string &reader, int64_t limit) {
    Query rows = database_.query("SELECT " MESSAGE_COLUMNS " FROM"
                                 " (SELECT * FROM chat_messages WHERE session_id = ?1 AND topic = ?2"
                                 " ORDER BY number DESC LIMIT ?5)"
                                 " WHERE recipients = '' OR sender_id = ?3 OR EXISTS"
                                 " (SELECT 1 FROM json_each(recipients) WHERE value = ?3)"
                                 " ORDER BY number DESC LIMIT ?4");
    rows.bind(session).bind(topic).bind(reader).bind(limit).bind(kMaxLookedAt);
    std::vector<ChatMessage> messages = read_messages(rows);
    std::reverse(messages.begin(), messages.end());
    return messages;
}

std::vector<ChatMessage> ChatStore::page(const std::string &session, int64_t after, int64_t limit) {
    Query rows = database_.query("SELECT " MESSAGE_COLUMNS " FROM chat_messages WHERE session_id = ? AND number > ?"
                                 " ORDER BY number LIMIT ?");
    rows.bind(session).bind(after).bind(limit);
    return read_messages(rows);
}

} // namespace rostrum
