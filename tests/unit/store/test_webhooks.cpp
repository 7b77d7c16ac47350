// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/store/store.h"

#include <glib.h>
#include <limits>

using rostrum::Store;
using rostrum::WebhookDelivery;

namespace {

constexpr int64_t kEveryRow = std::numeric_limits<int64_t>::max();

struct Webhooks {
    Store store{":memory:"};
    int64_t here = store.webhook_endpoints.open("http://here/", 1).id;
    int64_t there = store.webhook_endpoints.open("http://there/", 1).id;

    WebhookDelivery add(int64_t endpoint, const std::string &room, int64_t now, const std::string &output = {}) {
        WebhookDelivery delivery;
        delivery.endpoint = endpoint;
        delivery.room_id = room;
        delivery.output_id = output;
        delivery.state = "waiting";
        delivery.created_at = delivery.queued_at = delivery.due_at = now;
        store.webhook_deliveries.add(delivery, [&](int64_t sequence) {
            delivery.id = std::to_string(endpoint) + room + std::to_string(sequence);
            delivery.type = "type" + std::to_string(sequence);
            return "{\"of\":\"" + delivery.id + "\"}";
        });
        return delivery;
    }
    /// "a1 b2": the lanes that could be served now, in order.
    std::string heads(int64_t endpoint, const std::set<std::string> &busy = {}, size_t limit = 10,
                      int64_t last_row = kEveryRow) {
        std::string text;
        for (const auto &head : store.webhook_deliveries.heads(endpoint, busy, limit, last_row)) {
            g_assert_true(head.body == "{\"of\":\"" + head.id + "\"}");
            text += (text.empty() ? "" : " ") + head.room_id + std::to_string(head.sequence);
        }
        return text;
    }
    std::string state(const WebhookDelivery &delivery) { return store.webhook_deliveries.find(delivery.id)->state; }
};

void expect_text(const std::string &text, const std::string &expected) {
    g_assert_cmpstr(text.c_str(), ==, expected.c_str());
}

void lanes() {
    Webhooks webhooks;
    auto &deliveries = webhooks.store.webhook_deliveries;
    const auto a1 = webhooks.add(webhooks.here, "a", 10), a2 = webhooks.add(webhooks.here, "a", 11);
    const auto b1 = webhooks.add(webhooks.here, "b", 12);
    webhooks.add(webhooks.there, "a", 13);
    expect_text(webhooks.heads(webhooks.here), "a1 b1");
    expect_text(webhooks.heads(webhooks.there), "a1");
    expect_text(webhooks.heads(webhooks.here, {"a"}), "b1");
    expect_text(webhooks.heads(webhooks.here, {}, 1), "a1");
    expect_text(webhooks.heads(webhooks.here, {"a"}, 1), "b1");
    expect_text(webhooks.heads(webhooks.here, {}, 10, a2.row), "a1");

    deliveries.postpone(a1.row, 1, 100, "no answer", 0);
    expect_text(webhooks.heads(webhooks.here), "b1 a1");
    deliveries.settle(b1.row, "delivered", 1, "", 200, 20);
    deliveries.settle(a1.row, "delivered", 2, "", 204, 101);
    expect_text(webhooks.heads(webhooks.here), "a2");
    const auto found = deliveries.find(a1.id);
    expect_text(found->state, "delivered");
    g_assert_cmpint(found->attempts, ==, 2);
    g_assert_cmpint(found->status, ==, 204);
    g_assert_cmpint(found->settled_at.value_or(0), ==, 101);
    deliveries.settle(a1.row, "dead", 9, "late", 500, 999); // over is over
    expect_text(webhooks.state(a1), "delivered");
    deliveries.settle(a2.row, "delivered", 1, "", 200, 102);
    expect_text(webhooks.heads(webhooks.here), "");
    expect_text(webhooks.add(webhooks.here, "a", 200).type, "type3");
    expect_text(webhooks.heads(webhooks.here), "a3");
}

void dead_letters() {
    Webhooks webhooks;
    auto &deliveries = webhooks.store.webhook_deliveries;
    const auto a1 = webhooks.add(webhooks.here, "a", 10), a2 = webhooks.add(webhooks.here, "a", 11),
               b1 = webhooks.add(webhooks.here, "b", 12);
    deliveries.settle(a1.row, "dead", 30, "too old", 503, 50);
    expect_text(webhooks.heads(webhooks.here), "a2 b1");
    g_assert_true(deliveries.send_again(a1.row, 60));
    g_assert_false(deliveries.send_again(a1.row, 61));
    expect_text(webhooks.heads(webhooks.here), "b1 a1"); // before a2, as numbered
    const auto again = deliveries.find(a1.id);
    g_assert_cmpint(again->created_at, ==, 10);
    g_assert_cmpint(again->queued_at, ==, 60);
    g_assert_cmpint(again->attempts, ==, 0);

    g_assert_cmpint(deliveries.give_up(webhooks.here, "410", 2, 70), ==, 2);
    expect_text(webhooks.heads(webhooks.here), "b1");
    g_assert_cmpint(deliveries.give_up(webhooks.here, "410", 2, 70), ==, 1);
    g_assert_cmpint(deliveries.find(a2.id)->attempts, ==, 0);
    expect_text(webhooks.heads(webhooks.here), "");
    g_assert_cmpint(deliveries.count(webhooks.here, "dead"), ==, 3);
    g_assert_cmpint(deliveries.count(0, "waiting"), ==, 0);
    g_assert_cmpint(deliveries.send_dead_again(webhooks.here, "a", 100, 80), ==, 2);
    g_assert_cmpint(deliveries.send_dead_again(webhooks.here, "", 100, 81), ==, 1);
    expect_text(webhooks.heads(webhooks.here), "a1 b1");
    expect_text(webhooks.state(a2) + webhooks.state(b1), "waitingwaiting");
}

void lists() {
    Webhooks webhooks;
    auto &deliveries = webhooks.store.webhook_deliveries;
    for (int i = 0; i < 5; ++i)
        webhooks.add(webhooks.here, i % 2 ? "a" : "b", 10 + i);
    deliveries.settle(webhooks.add(webhooks.there, "a", 20).row, "delivered", 1, "", 200, 21);
    const auto first = deliveries.list({}, {1, 4}), waiting = deliveries.list({"waiting", "", 0}, {1, 10}),
               of_a = deliveries.list({"", "a", 0}, {1, 10}),
               none = deliveries.list({"dead", "a", webhooks.here}, {1, 9}),
               of_both = deliveries.list({"delivered", "a", webhooks.there}, {1, 10});
    g_assert_cmpint(first.total, ==, 6);
    g_assert_cmpuint(first.items.size(), ==, 4);
    g_assert_cmpint(first.items[0].endpoint, ==, webhooks.there);
    g_assert_cmpint(waiting.total, ==, 5);
    g_assert_cmpint(of_a.total, ==, 3);
    g_assert_cmpint(none.total, ==, 0);
    g_assert_cmpuint(of_both.items.size(), ==, 1);
}

void results() {
    Webhooks webhooks;
    auto &deliveries = webhooks.store.webhook_deliveries;
    const auto first = webhooks.add(webhooks.here, "a", 10, "output"),
               second = webhooks.add(webhooks.here, "a", 11, "output");
    webhooks.add(webhooks.here, "a", 12, "another");
    deliveries.settle(first.row, "delivered", 1, "", 200, 20);
    deliveries.settle(second.row, "dead", 1, "gone", 410, 21);
    g_assert_cmpint(deliveries.purge({0, 0, 10}, 100, 1000), ==, 2);
    const auto told = deliveries.results("output");
    g_assert_cmpuint(told.size(), ==, 2);
    expect_text(told[0].type + told[1].type, "type1type2");
    g_assert_true(told[0].success && !told[1].success);
    g_assert_cmpuint(deliveries.results("another").size(), ==, 1);
}

void purging() {
    Webhooks webhooks;
    auto &deliveries = webhooks.store.webhook_deliveries;
    for (int i = 1; i <= 10; ++i)
        deliveries.settle(webhooks.add(webhooks.here, "a", i).row, i % 2 ? "delivered" : "dead", 1, "", 200, i);
    webhooks.add(webhooks.here, "a", 11);
    g_assert_cmpint(deliveries.purge({1000, 1000, 100}, 100, 1000), ==, 0);
    g_assert_cmpint(deliveries.purge({1000, 1000, 100}, 100, 1004), ==, 3);
    g_assert_cmpint(deliveries.count(0, "dead"), ==, 4);
    g_assert_cmpint(deliveries.purge({1000, 1000, 3}, 100, 1004), ==, 1);
    g_assert_cmpint(deliveries.purge({0, 0, 3}, 2, 2000), ==, 4);
    g_assert_cmpint(deliveries.count(0, "waiting"), ==, 1);
    g_assert_cmpint(webhooks.add(webhooks.here, "a", 12).sequence, ==, 12);
}

void endpoints() {
    Webhooks webhooks;
    auto &endpoints = webhooks.store.webhook_endpoints;
    g_assert_cmpint(endpoints.open("http://here/", 5).id, ==, webhooks.here);
    g_assert_cmpuint(endpoints.with_waiting().size(), ==, 0);
    webhooks.add(webhooks.there, "a", 10);
    const auto waiting = endpoints.with_waiting();
    g_assert_cmpuint(waiting.size(), ==, 1);
    expect_text(waiting[0].url, "http://there/");

    const auto next = webhooks.add(webhooks.there, "a", 11);
    endpoints.note_failure_of(next.row, "refused", 0, 12);
    g_assert_false(webhooks.store.webhook_deliveries.last_delivered_at(webhooks.there).has_value());
    webhooks.store.webhook_deliveries.settle(next.row, "delivered", 1, "", 200, 13);
    g_assert_cmpint(*webhooks.store.webhook_deliveries.last_delivered_at(webhooks.there), ==, 13);
    endpoints.disable(webhooks.there, "it answered 410");
    g_assert_cmpuint(endpoints.with_waiting().size(), ==, 0);
    g_assert_false(endpoints.open("http://there/", 13).enabled);
    endpoints.committed();
    const auto disabled = endpoints.open("http://there/", 13);
    g_assert_false(disabled.enabled);
    expect_text(disabled.disabled_why + disabled.error, "it answered 410refused");
    g_assert_true(disabled.failed_at == 12);
    g_assert_cmpuint(endpoints.disabled_with_waiting().size(), ==, 1);
    endpoints.enable(webhooks.there);
    g_assert_cmpuint(endpoints.disabled_with_waiting().size(), ==, 0);
    g_assert_true(endpoints.find(webhooks.there)->enabled);
    g_assert_cmpint(endpoints.list({2, 1}).total, ==, 2);
    g_assert_cmpint(endpoints.list({2, 1}).items[0].id, ==, webhooks.there);
    g_assert_false(endpoints.find(77).has_value());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/store/webhooks/lanes", lanes);
    g_test_add_func("/store/webhooks/dead-letters", dead_letters);
    g_test_add_func("/store/webhooks/lists", lists);
    g_test_add_func("/store/webhooks/results", results);
    g_test_add_func("/store/webhooks/purging", purging);
    g_test_add_func("/store/webhooks/endpoints", endpoints);
    return g_test_run();
}
