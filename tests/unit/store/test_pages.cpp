// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The counters that pages are found by, against lists that are kept by hand.

#include "tools/rostrum/store/store.h"

#include <glib.h>

#include <algorithm>
#include <functional>

using rostrum::Json;
using rostrum::OutputKind;
using rostrum::Page;
using rostrum::PageRequest;
using rostrum::Store;

namespace {

constexpr int kRooms = 3, kSessions = 700, kOutputs = 900, kParticipants = 300; // several blocks of 128 each
constexpr int kSpeakers = 3;

/// From and to, of sessions that began at 1000 to 1699.
const std::pair<std::optional<int64_t>, std::optional<int64_t>> kTimes[] = {
    {1000, {}},   {{}, 1699},   {1101, 1612}, {1300, 1301},    {1200, 1201}, // the latter are gone
    {1150, 1160}, {1699, 1699}, {1500, 1400}, {{}, int64_t{}}, {9000, {}}};

struct Known {
    std::string id, room, session;
    bool out = false; // ended, or removed
};
using Ids = std::vector<std::string>;

Ids ids_of(const std::vector<Known> &all, const std::function<bool(const Known &)> &wanted) {
    Ids ids;
    for (auto known = all.rbegin(); known != all.rend(); ++known)
        if (wanted(*known))
            ids.push_back(known->id);
    return ids;
}

/// Every page of a list, some beyond its end.
template <class List, class IdOf> void check(const char *what, const Ids &expected, List list, IdOf id_of) {
    g_test_message("%s: %zu", what, expected.size());
    for (const int64_t per_page : {1, 7, 100}) {
        const int64_t pages = static_cast<int64_t>(expected.size()) / per_page + 3;
        const int64_t step = std::max<int64_t>(1, pages / 40);
        for (int64_t page = 1; page <= pages; page += step) {
            const auto result = list(PageRequest{page, per_page});
            g_assert_cmpint(result.total, ==, static_cast<int64_t>(expected.size()));
            Ids found, wanted;
            for (const auto &item : result.items)
                found.push_back(id_of(item));
            for (size_t i = static_cast<size_t>((page - 1) * per_page), n = 0;
                 i < expected.size() && n < static_cast<size_t>(per_page); ++i, ++n)
                wanted.push_back(expected[i]);
            g_assert_true(found == wanted);
        }
    }
}

void fill(Store &store, std::vector<std::string> &rooms, std::vector<Known> &sessions) {
    for (int i = 0; i < kRooms; ++i)
        rooms.push_back(store.rooms.create(std::nullopt, Json::object(), 1000 + i).room_id);
    for (int i = 0; i < kSessions; ++i) {
        const Known session{"s" + std::to_string(1000 + i), rooms[static_cast<size_t>(i * i % kRooms)], "", false};
        store.sessions.begin(session.id, session.room, 1000 + i);
        sessions.push_back(session);
    }
    for (size_t i = 0; i < sessions.size(); ++i)
        if (i % 97 != 5) {
            sessions[i].out = true;
            store.sessions.end(sessions[i].id, "test", static_cast<int64_t>(5000 - i)); // not in their order
        }
}

void lists() {
    std::vector<std::string> rooms;
    std::vector<Known> sessions;
    Store store(":memory:");
    fill(store, rooms, sessions);
    store.database.query("DELETE FROM sessions WHERE id IN ('s1200', 's1201', 's1005')").run(); // one of them runs
    std::erase_if(sessions,
                  [](const Known &known) { return known.id == "s1200" || known.id == "s1201" || known.id == "s1005"; });
    check(
        "rooms", Ids(rooms.rbegin(), rooms.rend()), [&](PageRequest page) { return store.rooms.list("", page); },
        [](const auto &room) { return room.room_id; });
    const auto id_of = [](const auto &record) { return record.id; };
    for (const std::string &room : {std::string(), rooms[0], rooms[1]})
        for (const int status : {-1, 0, 1}) {
            rostrum::SessionFilter filter{room, status < 0 ? std::nullopt : std::optional(status == 1), {}, {}};
            const auto wanted = [&](const Known &known) {
                return (room.empty() || known.room == room) && (status < 0 || known.out == (status == 0));
            };
            const auto list = [&](PageRequest page) { return store.sessions.list(filter, page); };
            check("sessions", ids_of(sessions, wanted), list, id_of);
            for (const auto &[from, to] : kTimes) {
                filter.started_from = from;
                filter.started_to = to;
                const auto then = [&, from = from, to = to](const Known &known) {
                    const int64_t start = std::stoi(known.id.substr(1));
                    return wanted(known) && start >= from.value_or(start) && start <= to.value_or(start);
                };
                check("sessions of a time", ids_of(sessions, then), list, id_of);
            }
        }

    std::vector<Known> outputs;
    for (int i = 0; i < kOutputs; ++i) {
        const Known &session = sessions[static_cast<size_t>(i * 31 % 4)];
        rostrum::OutputRecord output;
        output.id = "o" + std::to_string(i);
        output.kind = OutputKind::Recording;
        output.session_id = session.id;
        output.room_id = session.room;
        output.created_at = i;
        output.details =
            Json::object({{"request", Json::object({{"participant", "p" + std::to_string(i % kSpeakers)}})}});
        store.outputs.create(output);
        outputs.push_back({output.id, output.room_id, output.session_id, false});
    }
    for (int i = 300; i < 320; ++i) {
        store.database.query("DELETE FROM outputs WHERE id = ?").bind(outputs[static_cast<size_t>(i)].id).run();
        outputs[static_cast<size_t>(i)].out = true;
    }
    for (int i = 0; i < kOutputs; ++i)
        if (i % 5 == 0 || (i > 200 && i < 500)) {
            outputs[static_cast<size_t>(i)].out = true;
            store.outputs.remove(OutputKind::Recording, outputs[static_cast<size_t>(i)].id);
            store.outputs.remove(OutputKind::Recording, outputs[static_cast<size_t>(i)].id); // counts once
        }
    const rostrum::OutputFilter filters[] = {
        {"", ""}, {sessions[1].room, ""}, {"", sessions[1].id}, {sessions[1].room, sessions[1].id}};
    for (const auto &filter : filters)
        check(
            "outputs",
            ids_of(outputs,
                   [&](const Known &known) {
                       return !known.out && (filter.room_id.empty() || known.room == filter.room_id) &&
                              (filter.session_id.empty() || known.session == filter.session_id);
                   }),
            [&](PageRequest page) { return store.outputs.list(OutputKind::Recording, filter, page); }, id_of);
    for (auto filter : filters) {
        filter.participant_id = "p1";
        check(
            "outputs of a participant",
            ids_of(outputs,
                   [&](const Known &known) {
                       return !known.out && std::stoi(known.id.substr(1)) % kSpeakers == 1 &&
                              (filter.room_id.empty() || known.room == filter.room_id) &&
                              (filter.session_id.empty() || known.session == filter.session_id);
                   }),
            [&](PageRequest page) { return store.outputs.list(OutputKind::Recording, filter, page); }, id_of);
    }
}

void participants() {
    Store store(":memory:");
    const auto room = store.rooms.create(std::nullopt, Json::object(), 1).room_id;
    store.sessions.begin("s", room, 1);
    store.sessions.begin("other", room, 1);
    Ids all, present;
    for (int i = 0; i < kParticipants; ++i) {
        const std::string id = "p" + std::to_string(i * 7919 % kParticipants);
        store.sessions.join("s", id, "", "SEND_AND_RECV", i);
        store.sessions.join("other", id, "", "SEND_AND_RECV", i);
        all.push_back(id);
        if (i % 3)
            store.sessions.leave("s", id, i);
        else
            present.push_back(id);
        if (i % 6 == 1) { // comes back
            store.sessions.join("s", id, "", "SEND_AND_RECV", i + 1);
            present.push_back(id);
        }
    }
    for (const char *table : {"timelog", "participants"})
        store.database.execute(
            (std::string("DELETE FROM ") + table + " WHERE session_id = 's' AND participant_id = 'p0'").c_str());
    std::erase(all, "p0");
    std::erase(present, "p0");
    const auto id_of = [](const auto &participant) { return participant.participant_id; };
    check(
        "participants", all, [&](PageRequest page) { return store.sessions.participants("s", false, page); }, id_of);
    check(
        "present", present, [&](PageRequest page) { return store.sessions.participants("s", true, page); }, id_of);
}

void jobs() {
    Store store(":memory:");
    std::vector<rostrum::JobRecord> all;
    for (int i = 0; i < 400; ++i) {
        rostrum::JobRecord job;
        job.id = "j" + std::to_string(i);
        job.kind = i % 4 == 0 ? "process" : i % 4 == 1 ? "composite-merge" : "merge";
        job.state = "pending";
        job.room_id = i % 2 ? "r1" : "";
        job.session_id = i % 5 ? "s1" : "s2";
        job.created_at = i;
        store.jobs.create(job);
        if (i % 3 == 0) {
            job.state = i % 2 ? "completed" : "failed";
            store.jobs.update(job);
        }
        all.push_back(job);
    }
    store.jobs.remove(all[50].id);
    all.erase(all.begin() + 50);
    const rostrum::JobFilter filters[] = {{{"merge"}, "", ""},
                                          {{"composite-merge"}, "", ""},
                                          {{"merge"}, "r1", ""},
                                          {{"merge"}, "", "s2"},
                                          {{"merge"}, "r1", "s1"},
                                          {{"merge", "composite-merge"}, "", ""},
                                          {{"merge"}, "", "", "completed"},
                                          {{"merge"}, "", "", "pending"},
                                          {{"merge"}, "", "", "", "j7"}};
    for (const auto &filter : filters) {
        Ids expected;
        for (auto job = all.rbegin(); job != all.rend(); ++job)
            if (std::count(filter.kinds.begin(), filter.kinds.end(), job->kind) &&
                (filter.room_id.empty() || job->room_id == filter.room_id) &&
                (filter.session_id.empty() || job->session_id == filter.session_id) &&
                (filter.state.empty() || job->state == filter.state) && (filter.id.empty() || job->id == filter.id))
                expected.push_back(job->id);
        check(
            "jobs", expected, [&](PageRequest page) { return store.jobs.list(filter, page); },
            [](const auto &job) { return job.id; });
    }
}

void deliveries() {
    Store store(":memory:");
    const int64_t endpoints[] = {store.webhook_endpoints.open("http://a/", 1).id,
                                 store.webhook_endpoints.open("http://b/", 1).id};
    std::vector<rostrum::WebhookDelivery> all;
    for (int i = 0; i < 900; ++i) {
        rostrum::WebhookDelivery delivery;
        delivery.id = "d" + std::to_string(i);
        delivery.endpoint = endpoints[i % 3 == 0];
        delivery.room_id = "r" + std::to_string(i % 50);
        delivery.state = "waiting";
        store.webhook_deliveries.add(delivery, [](int64_t) { return "{}"; });
        if (i % 5)
            store.webhook_deliveries.settle(delivery.row, i % 2 ? "dead" : "delivered", 1, "", 500, i);
        if (i % 70 == 1)
            store.webhook_deliveries.send_again(delivery.row, i);
        all.push_back(*store.webhook_deliveries.find(delivery.id));
    }
    const int64_t forgotten = store.webhook_deliveries.purge({1'000'000, 1'000'000, 200}, 60, 1000);
    g_assert_cmpint(forgotten, ==, 120); // the oldest sixty of each
    std::erase_if(all, [&](const auto &delivery) { return !store.webhook_deliveries.find(delivery.id); });
    for (const std::string state : {"", "waiting", "delivered", "dead"})
        for (const int64_t endpoint : {int64_t{0}, endpoints[0], endpoints[1]})
            for (const std::string room : {"", "r7"}) {
                Ids expected;
                for (auto one = all.rbegin(); one != all.rend(); ++one)
                    if ((state.empty() || one->state == state) && (!endpoint || one->endpoint == endpoint) &&
                        (room.empty() || one->room_id == room))
                        expected.push_back(one->id);
                check(
                    "deliveries", expected,
                    [&](PageRequest page) {
                        return store.webhook_deliveries.list({state, room, endpoint}, page);
                    },
                    [](const auto &delivery) { return delivery.id; });
                if (!state.empty() && room.empty())
                    g_assert_cmpint(store.webhook_deliveries.count(endpoint, state.c_str()), ==,
                                    static_cast<int64_t>(expected.size()));
            }
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/pages/lists", lists);
    g_test_add_func("/pages/participants", participants);
    g_test_add_func("/pages/jobs", jobs);
    g_test_add_func("/pages/deliveries", deliveries);
    return g_test_run();
}
