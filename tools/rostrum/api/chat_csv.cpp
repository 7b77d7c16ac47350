// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/chat_csv.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

std::string row_of(std::initializer_list<std::string> fields) {
    std::string row;
    for (const auto &field : fields)
        row += (row.empty() ? "" : ",") + csv_field(field);
    return row + "\r\n";
}

} // namespace

std::string csv_field(const std::string &text) {
    const bool formula = !text.empty() && std::string("=+-@\t\r\n").find(text[0]) != std::string::npos;
    const std::string safe = formula ? "'" + text : text;
    if (safe.find_first_of(",\"\r\n\t'") == std::string::npos &&
        (safe.empty() || (safe[0] != ' ' && safe.back() != ' ')))
        return safe;
    std::string quoted = "\"";
    for (const char c : safe)
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

std::string csv_header() {
    return row_of({"id", "timestamp", "topic", "senderId", "senderName", "message", "payload", "sendOnly"});
}

std::string csv_row(const ChatMessage &message) {
    return row_of({message.id, iso_time(message.sent_at), message.topic, message.sender_id, message.sender_name,
                   message.message, message.payload, message.recipients});
}

} // namespace rostrum
