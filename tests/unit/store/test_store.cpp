// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/store.h"

#include <future>
#include <glib.h>
#include <glib/gstdio.h>

using rostrum::Json;
using rostrum::OutputKind;
using rostrum::PageRequest;
using rostrum::Store;

namespace {

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void rooms() {
    Store store(":memory:");
    const Json settings = Json::object({{"webhook", Json::object({{"endPoint", "http://x/"}})}});
    const auto room = store.rooms.create(std::nullopt, settings, 1000);
    g_assert_cmpuint(room.room_id.size(), ==, 14);
    g_assert_true(room.room_id[4] == '-' && room.room_id[9] == '-');
    const auto found = store.rooms.find(room.id);
    g_assert_true(found && found->room_id == room.room_id && !found->custom_room_id && !found->disabled);
    expect_text(found->settings.dump(), settings.dump());
    g_assert_cmpint(found->created_at, ==, 1000);

    const auto first = store.rooms.create("mine", Json::object(), 2000);
    const auto again = store.rooms.create("mine", settings, 3000);
    expect_text(first.room_id, again.room_id);
    g_assert_cmpint(again.created_at, ==, 2000);
    g_assert_true(store.rooms.find("mine")->id == first.id);
    g_assert_false(store.rooms.find("nobody").has_value());

    store.rooms.set_disabled(first.room_id, true, 4000);
    g_assert_true(store.rooms.find("mine")->disabled);
    g_assert_cmpint(store.rooms.find("mine")->updated_at, ==, 4000);
}

void paging() {
    Store store(":memory:");
    for (int i = 0; i < 25; ++i)
        store.rooms.create("room-" + std::to_string(i), Json::object(), 1000 + i);
    const auto first = store.rooms.list("", {1, 10}), last = store.rooms.list("", {3, 10}),
               none = store.rooms.list("", {4, 10});
    g_assert_cmpint(first.total, ==, 25);
    g_assert_cmpuint(first.items.size(), ==, 10);
    g_assert_cmpstr(first.items[0].custom_room_id->c_str(), ==, "room-24");
    g_assert_cmpuint(last.items.size(), ==, 5);
    g_assert_cmpstr(last.items[4].custom_room_id->c_str(), ==, "room-0");
    g_assert_cmpuint(none.items.size(), ==, 0);
    g_assert_cmpint(store.rooms.list("room-7", {1, 10}).total, ==, 1);
}

void sessions() {
    Store store(":memory:");
    const auto room = store.rooms.create("mine", Json::object(), 1);
    store.sessions.begin("s1", room.room_id, 10);
    store.sessions.join("s1", "ann", "Ann", "SEND_AND_RECV", 11);
    store.sessions.join("s1", "bob", "Bob", "RECV_ONLY", 12);
    store.sessions.leave("s1", "ann", 20);
    store.sessions.join("s1", "ann", "Ann", "SEND_AND_RECV", 30);
    store.sessions.leave("s1", "bob", 40);

    const auto everyone = store.sessions.participants("s1", false, {});
    g_assert_cmpint(everyone.total, ==, 2);
    expect_text(everyone.items[0].participant_id, "ann");
    g_assert_cmpuint(everyone.items[0].timelog.size(), ==, 2);
    g_assert_cmpint(*everyone.items[0].timelog[0].end, ==, 20);
    g_assert_true(everyone.items[0].present());
    const auto present = store.sessions.participants("s1", true, {});
    g_assert_cmpint(present.total, ==, 1);
    expect_text(present.items[0].participant_id, "ann");
    expect_text(store.sessions.participant("s1", "bob")->mode, "RECV_ONLY");
    g_assert_false(store.sessions.participant("s1", "eve").has_value());

    g_assert_cmpuint(store.sessions.ongoing().size(), ==, 1);
    expect_text(store.sessions.composition("s1"), "");
    store.sessions.set_composition("s1", R"({"theme":"LIGHT"})");
    expect_text(store.sessions.composition("s1"), R"({"theme":"LIGHT"})");
    expect_text(store.sessions.composition("nobody"), "");
    store.sessions.end("s1", "ended", 50);
    g_assert_cmpuint(store.sessions.ongoing().size(), ==, 0);
    g_assert_cmpint(store.sessions.participants("s1", true, {}).total, ==, 0);
    g_assert_cmpint(*store.sessions.participant("s1", "ann")->timelog[1].end, ==, 50);
    const auto ended = store.sessions.find("s1");
    g_assert_true(ended && ended->end == 50 && ended->reason == "ended" && ended->custom_room_id == "mine");
    store.sessions.end("s1", "again", 60);
    g_assert_cmpint(*store.sessions.find("s1")->end, ==, 50);
}

void session_filters() {
    Store store(":memory:");
    const auto a = store.rooms.create(std::nullopt, Json::object(), 1),
               b = store.rooms.create(std::nullopt, Json::object(), 1);
    store.sessions.begin("s1", a.room_id, 10);
    store.sessions.begin("s2", a.room_id, 20);
    store.sessions.begin("s3", b.room_id, 30);
    store.sessions.end("s1", "ended", 15);
    const struct {
        const char *name;
        rostrum::SessionFilter filter;
        int64_t total;
    } rows[] = {{"all", {}, 3},
                {"room", {a.room_id, {}, {}, {}}, 2},
                {"ongoing", {"", true, {}, {}}, 2},
                {"ended", {"", false, {}, {}}, 1},
                {"ongoing in room", {a.room_id, true, {}, {}}, 1},
                {"from", {"", {}, 20, {}}, 2},
                {"to", {"", {}, {}, 20}, 2},
                {"between", {"", {}, 11, 29}, 1}};
    for (const auto &row : rows) {
        g_test_message("%s", row.name);
        g_assert_cmpint(store.sessions.list(row.filter, {}).total, ==, row.total);
    }
}

/// "o1" of a new room's session "s1", not stored yet.
rostrum::OutputRecord starting_output(Store &store, OutputKind kind) {
    const auto room = store.rooms.create(std::nullopt, Json::object(), 1);
    store.sessions.begin("s1", room.room_id, 10);
    rostrum::OutputRecord output;
    output.id = "o1";
    output.kind = kind;
    output.session_id = "s1";
    output.room_id = room.room_id;
    output.created_at = 11;
    output.state = "starting";
    return output;
}

void outputs() {
    Store store(":memory:");
    rostrum::OutputRecord output = starting_output(store, OutputKind::Recording);
    output.details = Json::object({{"path", "/x.mp4"}});
    store.outputs.create(output);
    g_assert_cmpuint(store.outputs.running("s1").size(), ==, 1);
    g_assert_false(store.outputs.find(OutputKind::Livestream, "o1").has_value());

    output.state = "stopped";
    output.start = 12;
    output.end = 13;
    store.outputs.update(output);
    g_assert_cmpuint(store.outputs.running("s1").size(), ==, 0);
    const auto found = store.outputs.find(OutputKind::Recording, "o1");
    g_assert_true(found && found->start == 12 && found->end == 13 && found->details.text("path") == "/x.mp4");
    g_assert_cmpint(store.outputs.list(OutputKind::Recording, {output.room_id, "s1"}, {}).total, ==, 1);
    g_assert_cmpint(store.outputs.list(OutputKind::Recording, {"", "s2"}, {}).total, ==, 0);
    store.outputs.remove(OutputKind::Recording, "o1");
    g_assert_false(store.outputs.find(OutputKind::Recording, "o1").has_value());
}

void attendance() {
    Store store(":memory:");
    const auto room = store.rooms.create("mine", Json::object(), 1);
    store.sessions.begin("s1", room.room_id, 10);
    store.sessions.join("s1", "ann", "Ann", "SEND_AND_RECV", 1000);
    store.sessions.leave("s1", "ann", 2000);
    store.sessions.join("s1", "bob", "Bob", "RECV_ONLY", 1500);
    store.sessions.leave("s1", "bob", 3000);
    store.sessions.join("s1", "ann", "Ann", "SEND_AND_RECV", 5000);
    g_assert_cmpint(store.attendance.active_ms("s1", 6000), ==, 3000);

    store.attendance.enter("s1", "ann", "{}");
    store.attendance.begin("s1", "ann", "mode", "RECV_ONLY", 10);
    store.attendance.begin("s1", "ann", "mode", "SEND_AND_RECV", 20);
    store.attendance.begin("s1", "ann", "mic", "", 21);
    store.attendance.begin("s1", "eve", "mic", "", 21); // was never in
    store.attendance.enter("s1", "ann", "");            // comes back by something that says less
    const auto open = store.attendance.find("s1", "ann");
    g_assert_cmpuint(open.spans.size(), ==, 3);
    expect_text(open.device, "{}");
    g_assert_cmpint(*open.spans[0].end, ==, 20);
    g_assert_cmpuint(store.attendance.open_kinds("s1", "ann").size(), ==, 2);
    store.attendance.end_all("s1", "ann", 30);
    g_assert_cmpint(*store.attendance.find("s1", "ann").spans[2].end, ==, 30);
    g_assert_true(store.attendance.find("s1", "eve").document_id.empty());
}

void output_kinds() {
    for (const char *name : {"livestream", "recording", "participant-recording", "participant-track-recording",
                             "composite-recording", "hls"}) {
        const auto kind = rostrum::output_kind(name);
        g_assert_true(kind.has_value());
        g_assert_cmpstr(rostrum::traits(*kind).name, ==, name);
    }
    g_assert_false(rostrum::output_kind("film").has_value());
    const std::string status = rostrum::output_status(OutputKind::TrackRecording, "started");
    g_assert_cmpstr(status.c_str(), ==, "PARTICIPANT_TRACK_RECORDING_STARTED");
}

void jobs() {
    Store store(":memory:");
    rostrum::JobRecord job;
    job.id = "j1";
    job.kind = "merge";
    job.state = "processing";
    job.room_id = "r";
    job.created_at = 5;
    job.document = Json::object({{"path", "/x"}});
    store.jobs.create(job);
    g_assert_cmpuint(store.jobs.pending().size(), ==, 0);
    store.jobs.release_all(9);
    const auto waiting = store.jobs.pending();
    g_assert_true(waiting.size() == 1 && waiting[0].updated_at == 9 && waiting[0].document.text("path") == "/x");
    job.state = "completed";
    job.result = Json::object({{"bytes", 7}});
    job.resume = Json::object({{"part", 3}});
    job.error = "once";
    store.jobs.update(job);
    const auto found = store.jobs.find("j1");
    g_assert_true(found && found->state == "completed" && found->result.get("bytes").as_integer() == 7);
    g_assert_true(found->resume.get("part").as_integer() == 3 && found->error == "once");
    g_assert_cmpint(store.jobs.count("completed"), ==, 1);
    g_assert_cmpint(store.jobs.list({{"merge"}, "r", ""}, {}).total, ==, 1);
    g_assert_cmpint(store.jobs.list({{"merge"}, "other", ""}, {}).total, ==, 0);
    g_assert_cmpint(store.jobs.list({{"upload"}, "", ""}, {}).total, ==, 0);
    store.jobs.remove("j1");
    g_assert_false(store.jobs.find("j1").has_value());
}

void unprocessed_recordings() {
    Store store(":memory:");
    const auto room = store.rooms.create(std::nullopt, Json::object(), 1);
    store.sessions.begin("s1", room.room_id, 10);
    rostrum::OutputRecord output;
    output.session_id = "s1";
    output.room_id = room.room_id;
    const struct {
        const char *id;
        OutputKind kind;
        bool ended, looked_at;
    } rows[] = {{"running", OutputKind::Recording, false, false},
                {"ended", OutputKind::TrackRecording, true, false},
                {"done", OutputKind::Recording, true, true},
                {"live", OutputKind::Livestream, true, false}};
    for (const auto &row : rows) {
        output.id = row.id;
        output.kind = row.kind;
        output.end = row.ended ? std::optional<int64_t>(5) : std::nullopt;
        output.details = row.looked_at ? Json::object({{"processing", "completed"}}) : Json::object();
        store.outputs.create(output);
    }
    const auto found = store.outputs.unprocessed();
    g_assert_true(found.size() == 1 && found[0].id == "ended");
    g_assert_true(store.outputs.find_recording("done").has_value());
    g_assert_false(store.outputs.find_recording("live").has_value());
}

void reopening() {
    g_autofree char *directory = g_dir_make_tmp("rostrum-store-XXXXXX", nullptr);
    const std::string path = std::string(directory) + "/rostrum.db";
    { Store(path).rooms.create("kept", Json::object(), 1); }
    g_assert_true(Store(path).rooms.find("kept").has_value());

    // A file of the first version gets what came later.
    {
        Store store(path);
        store.database.execute(
            "DROP TRIGGER deliveries_counted; DROP TRIGGER deliveries_moved; DROP TRIGGER deliveries_forgotten;"
            " DROP TRIGGER sessions_forgotten; DROP TRIGGER ended_forgotten; DROP TRIGGER participants_forgotten;"
            " DROP TRIGGER outputs_forgotten; DROP TRIGGER jobs_forgotten; DROP TABLE listed; DROP TRIGGER "
            "rooms_counted; DROP TRIGGER sessions_counted;"
            " DROP TRIGGER sessions_ended; DROP TRIGGER participants_counted;"
            " DROP TRIGGER outputs_counted; DROP TRIGGER outputs_removed; DROP TRIGGER jobs_counted;"
            " DROP TRIGGER jobs_moved; DROP INDEX rooms_by_seq;"
            " DROP INDEX sessions_by_seq; DROP INDEX sessions_by_room_seq;"
            " DROP INDEX participants_by_seq; DROP INDEX participants_by_session_seq;"
            " DROP INDEX timelog_present; DROP INDEX outputs_by_seq; DROP INDEX outputs_by_kind_seq;"
            " DROP INDEX outputs_by_room_seq; DROP INDEX outputs_by_session_seq; DROP INDEX outputs_by_participant");
        for (const char *table : {"rooms", "sessions", "participants", "outputs"})
            store.database.execute((std::string("ALTER TABLE ") + table + " DROP COLUMN seq").c_str());
        store.database.execute("DROP TABLE participant_details; DROP TABLE participant_events; DROP TABLE"
                               " participant_minutes; DROP TABLE chat_messages; DROP INDEX sessions_to_prune;"
                               " ALTER TABLE sessions DROP COLUMN pruned");
        store.database.execute(
            "ALTER TABLE sessions DROP COLUMN composition; DROP TABLE jobs; DROP TABLE api_keys; DROP TABLE replies; "
            "ALTER TABLE sessions DROP COLUMN mutes; DROP TABLE resource_units; "
            "PRAGMA user_version = 1");
        store.database.execute("DROP TABLE webhook_results; DROP TABLE webhook_deliveries; DROP TABLE webhook_lanes;"
                               " ALTER TABLE webhook_endpoints RENAME COLUMN created_at TO used_at");
    }
    Store upgraded(path);
    expect_text(upgraded.sessions.composition("s1"), "");
    const auto rooms = upgraded.rooms.list("", {});
    g_assert_true(rooms.total == 1 && rooms.items[0].custom_room_id == "kept");

    { Store(path).database.execute("PRAGMA user_version = 99"); }
    bool refused = false;
    try {
        Store newer(path);
    } catch (const rostrum::DatabaseError &) {
        refused = true;
    }
    g_assert_true(refused);
    for (const char *suffix : {"", "-wal", "-shm"})
        g_unlink((path + suffix).c_str());
    g_rmdir(directory);
}

/// `rostrum serve` and `rostrum key`, each the first.
void opened_by_many_at_once() {
    for (int round = 0; round < 10; ++round) {
        char *directory = g_dir_make_tmp("rostrum-store-XXXXXX", nullptr);
        const std::string path = std::string(directory) + "/test.db";
        std::vector<std::future<void>> openings;
        for (int i = 0; i < 4; ++i)
            openings.push_back(std::async(std::launch::async, [&path] { Store store(path); }));
        for (auto &opening : openings)
            opening.get();
        for (const char *suffix : {"", "-wal", "-shm"})
            g_unlink((path + suffix).c_str());
        g_rmdir(directory);
        g_free(directory);
    }
}

void rolling_back() {
    Store store(":memory:");
    {
        rostrum::Transaction transaction(store.database);
        store.rooms.create("lost", Json::object(), 1);
    }
    g_assert_false(store.rooms.find("lost").has_value());
}

/// Of those that were released the newest are remembered.
void released_units() {
    Store store(":memory:");
    for (int i = 0; i < 1010; ++i) {
        const std::string id = std::to_string(i);
        store.resources.create(
            {id, "hls", "", "", "", "idle", 2000 - i, 2000 - i}); // not in the order of their release
        if (i != 3)
            store.resources.set_state(id, "released", 5000 + i);
    }
    g_assert_cmpint(store.resources.list("", {1, 1}).total, ==, 1001);
    g_assert_cmpint(store.resources.held(), ==, 1);
    const std::pair<const char *, bool> rows[] = {{"8", false}, {"3", true}, {"10", true}, {"1009", true}};
    for (const auto &[id, there] : rows)
        g_assert_true(store.resources.find(id).has_value() == there);
}

void kept_replies() {
    rostrum::Database database(":memory:");
    rostrum::migrate(database);
    rostrum::ReplyStore replies(database, 3);
    const auto body_of = [&](const char *api_key, const char *key, int64_t now) {
        const auto kept = replies.find(api_key, key, now);
        return kept ? kept->body : "";
    };
    for (const char *key : {"a", "b", "c", "d"})
        replies.keep("k", key, {"print", 200, "application/json", key}, 1000 + key[0]);
    expect_text(body_of("k", "a", 2000), ""); // the oldest had to go
    expect_text(body_of("k", "b", 2000), "b");
    expect_text(body_of("other", "b", 2000), "");
    const int64_t day = rostrum::ReplyStore::kKeepMs;
    expect_text(body_of("k", "d", day + 1000 + 'd' - 1), "d");
    expect_text(body_of("k", "d", day + 1000 + 'd'), "");
    replies.keep("k", "d", {"other", 201, "text/plain", "new"}, day + 1000 + 'd');
    expect_text(body_of("k", "d", day + 2000), "new");
    rostrum::ReplyStore reopened(database, 3);
    for (const char *key : {"e", "f"})
        reopened.keep("k", key, {"print", 200, "application/json", key}, day + 3000);
    expect_text(body_of("k", "d", day + 3000), "new");
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/store/rooms", rooms);
    g_test_add_func("/store/paging", paging);
    g_test_add_func("/store/sessions", sessions);
    g_test_add_func("/store/session-filters", session_filters);
    g_test_add_func("/store/outputs", outputs);
    g_test_add_func("/store/output-kinds", output_kinds);
    g_test_add_func("/store/attendance", attendance);
    g_test_add_func("/store/jobs", jobs);
    g_test_add_func("/store/unprocessed-recordings", unprocessed_recordings);
    g_test_add_func("/store/reopening", reopening);
    g_test_add_func("/store/opened-by-many-at-once", opened_by_many_at_once);
    g_test_add_func("/store/rolling-back", rolling_back);
    g_test_add_func("/store/released-units", released_units);
    g_test_add_func("/store/kept-replies", kept_replies);
    return g_test_run();
}
