// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/minutes.h"

#include <charconv>

namespace rostrum {
namespace {

/// Decimal, comma-separated, without the zeros at the end: most of them are.
std::string packed(const std::vector<int64_t> &numbers) {
    size_t count = numbers.size();
    while (count > 0 && numbers[count - 1] == 0)
        --count;
    std::string text;
    for (size_t i = 0; i < count; ++i)
        text += (i > 0 ? "," : "") + (numbers[i] == 0 ? std::string() : std::to_string(numbers[i]));
    return text;
}

std::vector<int64_t> unpacked(const std::string &text) {
    std::vector<int64_t> numbers;
    for (size_t at = 0; at <= text.size() && !text.empty();) {
        const size_t end = std::min(text.find(',', at), text.size());
        int64_t value = 0;
        std::from_chars(text.data() + at, text.data() + end, value);
        numbers.push_back(value);
        at = end + 1;
    }
    return numbers;
}

} // namespace

void MinuteStore::put(const std::string &session, const std::string &participant, const StoredMinute &minute) {
    database_
        .query("INSERT OR REPLACE INTO participant_minutes (participant, minute, numbers)"
               " SELECT number, ?3, ?4 FROM participant_details WHERE session_id = ?1 AND participant_id = ?2")
        .bind(session)
        .bind(participant)
        .bind(minute.minute)
        .bind(packed(minute.numbers))
        .run();
}

std::vector<StoredMinute> MinuteStore::list(const std::string &session, const std::string &participant) {
    std::vector<StoredMinute> minutes;
    Query rows = database_.query("SELECT m.minute, m.numbers FROM participant_details d JOIN participant_minutes m"
                                 " ON m.participant = d.number WHERE d.session_id = ? AND d.participant_id = ?"
                                 " ORDER BY m.minute");
    rows.bind(session).bind(participant);
    while (rows.step())
        minutes.push_back({rows.integer(0), unpacked(rows.text(1))});
    return minutes;
}

} // namespace rostrum
