// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Messages that are kept, and what is forgotten when it is old.

#include "tools/rostrum/store/history_cleaner.h"
#include "tools/rostrum/store/store.h"

#include <glib.h>

using rostrum::Json;
using rostrum::Store;

namespace {

/// Of those tables that a session fills.
int64_t rows_of_history(Store &store) {
    int64_t rows = 0;
    for (const char *count : {"SELECT count(*) FROM participants", "SELECT count(*) FROM timelog",
                              "SELECT count(*) FROM participant_details", "SELECT count(*) FROM participant_events",
                              "SELECT count(*) FROM participant_minutes", "SELECT count(*) FROM chat_messages"}) {
        rostrum::Query query = store.database.query(count);
        query.run();
        rows += query.integer(0);
    }
    return rows;
}

void fill(Store &store, const std::string &session, const std::string &room) {
    store.sessions.begin(session, room, 1000);
    for (int i = 0; i < 300; ++i) {
        const std::string participant = std::to_string(i);
        store.sessions.join(session, participant, "", "RECV_ONLY", 1000);
        store.attendance.enter(session, participant, "");
        store.attendance.begin(session, participant, "mode", "RECV_ONLY", 1000);
        store.minutes.put(session, participant, {1, {1, 2}});
    }
    rostrum::ChatMessage message;
    message.id = session;
    store.chat.add(session, message);
}

void old_sessions() {
    Store store(":memory:");
    const auto room = store.rooms.create("mine", Json::object(), 1);
    for (const char *id : {"old", "recorded", "young", "running"})
        fill(store, id, room.room_id);
    rostrum::OutputRecord recording;
    recording.id = "r";
    recording.kind = rostrum::OutputKind::Recording;
    recording.session_id = "recorded";
    recording.room_id = room.room_id;
    recording.state = "stopped";
    store.outputs.create(recording);
    rostrum::OutputRecord livestream = recording;
    livestream.id = "l";
    livestream.kind = rostrum::OutputKind::Livestream;
    livestream.session_id = "old";
    store.outputs.create(livestream);
    store.database.execute("INSERT INTO webhook_results (output_id, row, type) VALUES ('l', 1, ''), ('r', 2, '')");
    store.sessions.end("old", "ended", 2000);
    store.sessions.end("recorded", "ended", 2001);
    store.sessions.end("young", "ended", 9000);
    const int64_t all = rows_of_history(store);

    rostrum::HistoryCleaner cleaner(store.database);
    int pieces = 0;
    while (cleaner.clean_some(5000))
        ++pieces;
    g_assert_cmpint(pieces, >, 10); // few rows at a time
    g_assert_cmpint(rows_of_history(store), ==, all / 2);
    g_assert_false(store.sessions.find("old").has_value());
    g_assert_true(store.sessions.find("recorded").has_value()); // its file is still listed
    g_assert_cmpint(store.sessions.participants("recorded", false, {}).total, ==, 0);
    g_assert_cmpint(store.sessions.participants("young", false, {}).total, ==, 300);
    g_assert_true(store.sessions.find("running").has_value());
    g_assert_false(cleaner.clean_some(5000));
    g_assert_true(store.webhook_deliveries.results("l").empty());
    g_assert_cmpuint(store.webhook_deliveries.results("r").size(), ==, 1);
    store.outputs.remove(rostrum::OutputKind::Recording, "r");
    while (cleaner.clean_some(5000)) {
    }
    g_assert_false(store.sessions.find("recorded").has_value());
    g_assert_true(store.webhook_deliveries.results("r").empty());
}

void kept_messages() {
    Store store(":memory:");
    const auto add = [&](const char *id, const char *topic, const char *sender, const char *recipients) {
        rostrum::ChatMessage message;
        message.id = id;
        message.topic = topic;
        message.sender_id = sender;
        message.recipients = recipients;
        store.chat.add("s", message);
    };
    g_assert_false(store.chat.any("s"));
    add("1", "CHAT", "ann", "");
    add("2", "CHAT", "ann", R"(["bob"])");
    add("3", "POLL", "ann", "");
    add("4", "CHAT", "bob", R"(["eve"])");
    const auto ids = [](const std::vector<rostrum::ChatMessage> &messages) {
        std::string text;
        for (const auto &message : messages)
            text += message.id;
        return text;
    };
    g_assert_true(ids(store.chat.newest("s", "CHAT", "ann", 10)) == "12");
    g_assert_true(ids(store.chat.newest("s", "CHAT", "bob", 10)) == "124");
    g_assert_true(ids(store.chat.newest("s", "CHAT", "bob", 2)) == "24");
    g_assert_true(ids(store.chat.newest("s", "CHAT", "eve", 10)) == "14");
    g_assert_true(ids(store.chat.newest("other", "CHAT", "eve", 10)).empty());
    const auto first = store.chat.page("s", 0, 3);
    g_assert_true(ids(first) == "123");
    g_assert_true(ids(store.chat.page("s", first.back().number, 3)) == "4");
    g_assert_cmpint(store.chat.count("s"), ==, 4);
    for (int i = 0; i < 2500; ++i) // one reader's question must not walk over all that others were told
        add("-", "CHAT", "bob", R"(["eve"])");
    g_assert_true(ids(store.chat.newest("s", "CHAT", "ann", 10)).empty());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/history/old-sessions", old_sessions);
    g_test_add_func("/history/kept-messages", kept_messages);
    return g_test_run();
}
