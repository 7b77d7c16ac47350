// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/store.h"
#include "waiting.h"

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

/// A store that cannot write takes the state of an output all the same, and writes it when it can.
void written_later() {
    Store store(":memory:");
    rostrum::OutputRecord output = starting_output(store, OutputKind::Livestream);
    store.outputs.create(output);
    store.database.execute("PRAGMA query_only = ON");
    output.state = "started";
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*o1 is stored later*");
    store.outputs.update(output);
    g_test_assert_expected_messages();
    const auto state = [&] { return store.outputs.find(OutputKind::Livestream, "o1")->state; };
    g_assert_true(state() == "starting");
    store.database.execute("PRAGMA query_only = OFF");
    test::wait_for("it is written", [&] { return state() == "started"; });
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
            "ALTER TABLE sessions DROP COLUMN composition; DROP TABLE jobs; PRAGMA user_version = 1");
    }
    expect_text(Store(path).sessions.composition("s1"), "");

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

void rolling_back() {
    Store store(":memory:");
    {
        rostrum::Transaction transaction(store.database);
        store.rooms.create("lost", Json::object(), 1);
    }
    g_assert_false(store.rooms.find("lost").has_value());
}

void endpoints() {
    Store store(":memory:");
    store.endpoints.touch("http://a/", 10);
    store.endpoints.touch("http://b/", 20);
    store.endpoints.touch("http://a/", 30);
    const auto recent = store.endpoints.used_since(25);
    g_assert_cmpuint(recent.size(), ==, 1);
    expect_text(recent[0], "http://a/");
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
    g_test_add_func("/store/written-later", written_later);
    g_test_add_func("/store/jobs", jobs);
    g_test_add_func("/store/unprocessed-recordings", unprocessed_recordings);
    g_test_add_func("/store/reopening", reopening);
    g_test_add_func("/store/rolling-back", rolling_back);
    g_test_add_func("/store/endpoints", endpoints);
    return g_test_run();
}
