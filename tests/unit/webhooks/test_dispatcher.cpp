// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Lanes, endpoints beside each other, circuit breakers, and a store that fails.

#include "dispatching.h"

#include "webhooks/slots.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

using namespace rostrum;
using namespace test;

namespace {

std::vector<int> sequences(const std::vector<Request> &requests, const std::string &body) {
    std::vector<int> numbers;
    for (const Request &request : requests)
        if (request.body == body)
            numbers.push_back(std::stoi(request.headers.at("webhook-sequence")));
    return numbers;
}

void test_lanes() {
    constexpr unsigned kLanes = 6, kEach = 20;
    HostileServer server([](const Request &) { return Answer(); });
    server.behave([&](const Request &) {
        server.wait_for_company(kLanes); // each lane waits until all have been under way at once
        return Answer();
    });
    Dispatching all;
    for (unsigned n = 0; n < kEach; n++)
        for (unsigned lane = 0; lane < kLanes; lane++)
            all.store.put(1, "room-" + std::to_string(lane), std::to_string(lane));
    // One by one until it has shown that it answers.
    server.behave([](const Request &) { return Answer(); });
    all.dispatcher->add_endpoint(1, server.url(), false);
    all.wait_delivered(kLanes);
    server.behave([&](const Request &) {
        server.wait_for_company(kLanes);
        return Answer();
    });
    all.wait_delivered(kLanes * kEach);
    g_assert_cmpuint(server.most_at_once(), ==, kLanes);
    g_assert_cmpuint(server.connections(), <=, 8);
    for (unsigned lane = 0; lane < kLanes; lane++) {
        const auto numbers = sequences(server.requests(), std::to_string(lane));
        g_assert_cmpuint(numbers.size(), ==, kEach);
        for (unsigned n = 0; n < kEach; n++)
            g_assert_cmpint(numbers[n], ==, static_cast<int>(n) + 1);
    }
}

/// What fails holds up its lane and nobody else's.
void test_poison() {
    HostileServer server([](const Request &request) { return status(request.body == "poison" ? 500 : 200); });
    Dispatching all;
    const int64_t poison = all.store.put(1, "sick", "poison");
    all.store.put(1, "sick", "behind it");
    for (unsigned n = 0; n < 50; n++)
        all.store.put(1, "well-" + std::to_string(n % 5), "good");
    all.dispatcher->add_endpoint(1, server.url(), false);
    all.wait_delivered(50);
    wait_for("the poison to be tried again", [&] { return all.store.row(poison).delivery.attempts > 2; });
    g_assert_cmpuint(all.delivered(), ==, 50);
    g_assert_cmpuint(sequences(server.requests(), "behind it").size(), ==, 0);
    g_assert_cmpstr(all.store.row(poison).error.c_str(), ==, "HTTP 500");
    server.behave([](const Request &) { return Answer(); });
    all.wait_delivered(52);
}

void test_isolation() {
    constexpr unsigned kDead = 60;
    HostileServer hanging([](const Request &) {
        Answer silence{""};
        silence.hangs = true;
        return silence;
    });
    HostileServer good([](const Request &) { return Answer(); });
    DispatchPolicy policy = quick_policy();
    policy.total = 16;
    policy.timeout_ms = 60'000; // whoever waited for one of the dead would fail the test
    Dispatching all(policy);
    all.store.put(1000, "room");
    all.dispatcher->add_endpoint(1000, good.url(), false);
    all.wait_delivered(1);
    for (int64_t dead = 1; dead <= kDead; dead++) {
        all.store.put(dead, "room");
        all.dispatcher->add_endpoint(dead, hanging.url(), false);
    }
    wait_for("the dead to hang", [&] { return hanging.count() >= 8; });
    for (unsigned n = 0; n < 200; n++)
        all.store.put(1000, "room-" + std::to_string(n % 4));
    all.dispatcher->wake(1000);
    all.wait_delivered(201, 1000);
    g_assert_cmpuint(hanging.count(), <=, 12); // three quarters of the slots
}

void test_breaker() {
    HostileServer server([](const Request &) { return status(500); });
    DispatchPolicy policy = quick_policy();
    policy.retry = {300, 300};
    Dispatching all(policy);
    for (unsigned lane = 0; lane < 40; lane++)
        all.store.put(1, "room-" + std::to_string(lane));
    all.dispatcher->add_endpoint(1, server.url(), false);
    wait_for("the breaker", [&] { return all.dispatcher->status(1).breaker == CircuitBreaker::State::Open; });
    g_assert_cmpuint(server.count(), ==, policy.break_after);
    all.dispatcher->wake(1); // does not get past it
    wait_for("a probe", [&] { return server.count() == policy.break_after + 1; });
    wait_for("its failure", [&] { return all.dispatcher->status(1).failures == policy.break_after + 1; });
    const auto requests = server.requests();
    g_assert_cmpint(requests[5].at_us - requests[4].at_us, >=, 150'000); // half of the wait is jitter
    g_assert_cmpuint(server.most_at_once(), ==, 1);
    const EndpointStatus broken = all.dispatcher->status(1);
    g_assert_cmpstr(broken.last_error.c_str(), ==, "HTTP 500");
    g_assert_cmpuint(broken.last_status, ==, 500);
    server.behave([](const Request &) { return Answer(); });
    all.wait_delivered(40);
    g_assert_true(all.dispatcher->status(1).breaker == CircuitBreaker::State::Closed);
    g_assert_true(all.dispatcher->status(1).last_error.empty());
}

void test_breaker_rule() {
    CircuitBreaker breaker(3, {1000, 4000});
    constexpr int64_t s = 1'000'000;
    g_assert_cmpuint(breaker.allowed(0, 8), ==, 1);
    for (unsigned n = 0; n < 20; n++)
        breaker.on_success();
    g_assert_cmpuint(breaker.allowed(0, 8), ==, 8);
    for (unsigned n = 0; n < 3; n++)
        breaker.on_failure(0, std::nullopt, 1.0);
    g_assert_true(breaker.state(0) == CircuitBreaker::State::Open);
    for (unsigned n = 0; n < 5; n++)
        breaker.on_failure(s / 2, std::nullopt, 1.0); // what was under way then counts once
    g_assert_cmpint(breaker.resumes_us(), ==, s);
    g_assert_true(breaker.state(s) == CircuitBreaker::State::HalfOpen);
    g_assert_cmpuint(breaker.allowed(s, 8), ==, 1);
    for (const int64_t wait : {2, 4, 4}) {
        const int64_t now = breaker.resumes_us();
        breaker.on_failure(now, std::nullopt, 1.0);
        g_assert_cmpint(breaker.resumes_us() - now, ==, wait * s);
    }
    breaker.on_success();
    g_assert_true(breaker.state(100 * s) == CircuitBreaker::State::Closed);
    breaker.on_failure(100 * s, 60'000, 0.5); // Retry-After holds all lanes
    g_assert_cmpuint(breaker.allowed(159 * s, 8), ==, 0);
    g_assert_cmpuint(breaker.allowed(160 * s, 8), ==, 1);
}

void test_slots() {
    Slots slots(8);
    unsigned failing = 0, unknown = 0, answering = 0;
    for (; slots.has(Standing::Fails); failing++)
        slots.take(Standing::Fails);
    for (; slots.has(Standing::Unknown); unknown++)
        slots.take(Standing::Unknown);
    for (; slots.has(Standing::Answers); answering++)
        slots.take(Standing::Answers);
    g_assert_cmpuint(failing, ==, 4);
    g_assert_cmpuint(unknown, ==, 2);
    g_assert_cmpuint(answering, ==, 2);
    slots.give(Standing::Fails);
    g_assert_true(slots.has(Standing::Fails));
}

void test_max_age() {
    HostileServer server([](const Request &) { return status(500); });
    DispatchPolicy policy = quick_policy();
    policy.max_age_ms = 500;
    policy.break_after = 1000;
    Dispatching all(policy);
    const int64_t first = all.store.put(1, "room", "never"), second = all.store.put(1, "room", "later");
    all.dispatcher->add_endpoint(1, server.url(), false);
    wait_for("the dead letter", [&] { return all.store.row(first).state == MemoryStore::State::Dead; });
    g_assert_nonnull(strstr(all.store.row(first).error.c_str(), "HTTP 500; max-age"));
    g_assert_cmpuint(all.store.row(first).delivery.attempts, >, 1);
    wait_for("the next one's turn", [&] { return !sequences(server.requests(), "later").empty(); });
    g_assert_true(all.store.row(second).delivery.attempts > 0 || all.dead() == 2 ||
                  all.dispatcher->status(1).in_flight > 0);
}

/// Of a former process: tried, too old by now, and so not sent again.
void test_too_old() {
    HostileServer server([](const Request &) { return Answer(); });
    Dispatching all;
    const int64_t old = all.store.put(1, "room", "old", 4 * 86'400'000LL), fresh = all.store.put(1, "room", "fresh");
    Delivery tried = all.store.row(old).delivery;
    tried.attempts = 7;
    all.store.postpone(tried, 0, "", 0);
    all.dispatcher->add_endpoint(1, server.url(), false);
    all.wait_delivered(1);
    g_assert_true(all.store.row(old).state == MemoryStore::State::Dead);
    g_assert_true(all.store.row(fresh).state == MemoryStore::State::Delivered);
    g_assert_cmpuint(server.count(), ==, 1);
}

/// Of a receiver that takes nothing, what was never tried gets too old as well: it would be more and more.
void test_too_old_for_a_dead_receiver() {
    HostileServer server([](const Request &) { return status(500); });
    DispatchPolicy policy = quick_policy();
    policy.break_after = 2;
    Dispatching all(policy);
    std::vector<int64_t> rows;
    for (int n = 0; n < 50; ++n)
        rows.push_back(all.store.put(1, "room", "old", 4 * 86'400'000LL));
    all.dispatcher->add_endpoint(1, server.url(), false);
    test::wait_for("all are given up", [&] {
        return std::all_of(rows.begin(), rows.end(),
                           [&](int64_t row) { return all.store.row(row).state == MemoryStore::State::Dead; });
    });
    g_assert_cmpuint(server.count(), ==, 2);
}

/// What was stored before such URLs were refused.
void test_no_host() {
    Dispatching all;
    const int64_t row = all.store.put(1, "room");
    all.dispatcher->add_endpoint(1, "http:///x", true);
    test::wait_for("a failure", [&] { return all.store.row(row).delivery.attempts > 0; });
    g_assert_nonnull(strstr(all.dispatcher->status(1).last_error.c_str(), "no URL"));
}

/// What was delivered is not sent again because the store does not take it.
void test_store_trouble() {
    HostileServer server([](const Request &) { return Answer(); });
    Dispatching all;
    all.store.failing = 1;
    all.store.put(1, "room", "a");
    all.store.put(1, "room", "b");
    g_test_expect_message("webhooks", G_LOG_LEVEL_WARNING, "*cannot be stored*");
    all.dispatcher->add_endpoint(1, server.url(), false);
    all.wait_delivered(2);
    g_test_assert_expected_messages();
    g_assert_cmpuint(server.count(), ==, 2);
}

void test_gone() {
    HostileServer server([](const Request &) { return status(410); });
    Dispatching all;
    all.store.failing = 1;
    for (unsigned n = 0; n < 5; n++)
        all.store.put(1, "room");
    g_test_expect_message("webhooks", G_LOG_LEVEL_WARNING, "*cannot be stored*");
    all.dispatcher->add_endpoint(1, server.url(), false);
    wait_for("the store to know", [&] { return all.store.disabled.contains(1); });
    g_test_assert_expected_messages();
    g_assert_true(all.dispatcher->status(1).disabled);
    g_assert_cmpuint(all.dead(), ==, 5);
    g_assert_true(all.reports.back().endpoint_gone);
    all.store.put(1, "room");
    all.dispatcher->wake(1);
    run_for_ms(50);
    g_assert_cmpuint(server.count(), ==, 1);
    server.behave([](const Request &) { return Answer(); });
    all.dispatcher->add_endpoint(1, server.url(), false); // as whoever enables it again does
    all.wait_delivered(1);
}

size_t threads() {
    size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/self/task"))
        count += entry.exists();
    return count;
}

void test_many_endpoints() {
    constexpr int64_t kEndpoints = 1000;
    constexpr int kServerThreads = 8;
    HostileServer server(
        [](const Request &) {
            Answer answer = status(200, "Connection: close\r\n");
            answer.closes = true;
            return answer;
        },
        "", kServerThreads);
    const size_t before = threads();
    Dispatching all;
    for (int64_t id = 1; id <= kEndpoints; id++) {
        all.store.put(id, "a");
        all.store.put(id, "b");
        all.dispatcher->add_endpoint(id, server.url("/" + std::to_string(id)), false);
    }
    size_t most_threads = 0;
    const auto is_done = [&] {
        most_threads = std::max(most_threads, threads());
        return all.delivered() == 2 * kEndpoints;
    };
    wait_for("deliveries", is_done, 60);
    g_assert_cmpuint(most_threads, <=, before + kServerThreads + 24); // 12 of the resolver, some of GLib
    for (int64_t id = 1; id <= kEndpoints; id++)
        all.dispatcher->remove_endpoint(id);
}

/// It ends with attempts under way, and tells nobody of them.
void test_clean_end() {
    HostileServer server([](const Request &) {
        Answer silence{""};
        silence.hangs = true;
        return silence;
    });
    auto all = std::make_unique<Dispatching>();
    for (unsigned n = 0; n < 3; n++)
        all->store.put(static_cast<int64_t>(n % 2), std::to_string(n));
    all->dispatcher->add_endpoint(0, server.url(), false);
    all->dispatcher->add_endpoint(1, server.url("/", "localhost"), false);
    all->store.put(2, "room");
    wait_for("requests", [&] { return server.count() == 2; });
    all->dispatcher->add_endpoint(2, "http://rostrum.invalid/", false); // its name is being looked up
    all->dispatcher->remove_endpoint(0);
    g_assert_cmpuint(all->dispatcher->status(0).in_flight, ==, 0);
    all->dispatcher.reset();
    run_for_ms(50);
    g_assert_cmpuint(all->reports.size(), ==, 0);
    g_assert_cmpuint(all->store.count(MemoryStore::State::Waiting), ==, 4);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/dispatcher/lanes", test_lanes);
    g_test_add_func("/dispatcher/poison", test_poison);
    g_test_add_func("/dispatcher/isolation", test_isolation);
    g_test_add_func("/dispatcher/breaker", test_breaker);
    g_test_add_func("/dispatcher/breaker-rule", test_breaker_rule);
    g_test_add_func("/dispatcher/slots", test_slots);
    g_test_add_func("/dispatcher/max-age", test_max_age);
    g_test_add_func("/dispatcher/too-old", test_too_old);
    g_test_add_func("/dispatcher/too-old-for-a-dead-receiver", test_too_old_for_a_dead_receiver);
    g_test_add_func("/dispatcher/no-host", test_no_host);
    g_test_add_func("/dispatcher/store-trouble", test_store_trouble);
    g_test_add_func("/dispatcher/gone", test_gone);
    g_test_add_func("/dispatcher/many-endpoints", test_many_endpoints);
    g_test_add_func("/dispatcher/clean-end", test_clean_end);
    return g_test_run();
}
