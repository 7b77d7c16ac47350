// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/live/webhook_outbox.h"

#include "tools/rostrum/base/ids.h"

namespace rostrum {
namespace {

constexpr size_t kIdDigits = 32;
constexpr int64_t kPurgeAtOnce = 250; // 5 ms
constexpr unsigned kPurgeMs = 60'000, kPurgeMoreMs = 100;
constexpr unsigned kAgainMs = 1000; // what could not be stored

/// Runs what changes the store for the dispatcher, which asks again when it is not done: what the store took but cannot
/// give back would be sent again at once, and again.
template <class Change> bool done(Database &database, Change &&change) {
    try {
        if (!database.ready())
            return false;
        change();
        return database.ready();
    } catch (const DatabaseError &error) {
        g_warning("webhooks: %s", error.what());
        return false;
    }
}

} // namespace

WebhookOutbox::WebhookOutbox(Store &store, WebhookSettings settings)
    : store_(store), settings_(std::move(settings)), stored_row_(store.webhook_deliveries.last_row()) {}

WebhookOutbox::~WebhookOutbox() {
    *self_ = nullptr;
}

std::string WebhookOutbox::start() {
    if (std::string error = read_signing_key(); !error.empty())
        return error;
    if (std::string error = make_dispatcher(); !error.empty())
        return error;
    for (const auto &endpoint : store_.webhook_endpoints.disabled_with_waiting())
        giving_up_.insert(endpoint);
    giving_up_timer_.once(0, [this] { give_up_waiting(); });
    purge_timer_.once(kPurgeMs, [this] { purge(); });
    return "";
}

/// Receivers are told the public key of the start, so a rotation of secrets must not take another one from the file.
std::string WebhookOutbox::read_signing_key() {
    if (settings_.signing_key.empty())
        return "";
    g_autoptr(GError) error = nullptr;
    g_autofree gchar *pem = nullptr;
    if (!g_file_get_contents(settings_.signing_key.c_str(), &pem, nullptr, &error))
        return "webhook-key: " + std::string(error->message);
    settings_.signing_key = pem;
    return "";
}

std::string WebhookOutbox::make_dispatcher() {
    auto signer = Signer::create(settings_.secrets, settings_.signing_key);
    if (!signer.ok())
        return "webhooks: " + signer.error().text;
    dispatcher_.reset();
    known_.clear();
    signer_ = std::move(signer).value();
    auto dispatcher = Dispatcher::create(
        g_main_context_default(), *this, *signer_, settings_.policy, [this](const DeliveryReport &report) {
            counters_.delivered += report.outcome == DeliveryReport::Outcome::Delivered;
            counters_.retried += report.outcome == DeliveryReport::Outcome::Retrying;
            // What a receiver that is gone leaves is counted when it is given up.
            counters_.dead += report.outcome == DeliveryReport::Outcome::Dead && !report.endpoint_gone;
        });
    if (!dispatcher.ok())
        return "webhooks: " + dispatcher.error().text;
    dispatcher_ = std::move(dispatcher).value();
    for (const auto &endpoint : store_.webhook_endpoints.with_waiting())
        know(endpoint);
    return "";
}

std::string WebhookOutbox::set_secrets(const std::string &secrets) {
    const std::string former = std::exchange(settings_.secrets, secrets);
    std::string error = make_dispatcher();
    if (!error.empty())
        settings_.secrets = former;
    return error;
}

void WebhookOutbox::know(const WebhookEndpoint &endpoint) {
    if (known_.insert(endpoint.id).second)
        dispatcher_->add_endpoint(endpoint.id, endpoint.url, trusts(endpoint));
}

EndpointStatus WebhookOutbox::status(int64_t endpoint) const {
    return dispatcher_->status(endpoint);
}

void WebhookOutbox::post(const std::string &url, const Posting &posting) {
    const int64_t now = now_ms();
    const WebhookEndpoint endpoint = store_.webhook_endpoints.open(url, now);
    WebhookDelivery delivery;
    delivery.id = "msg_" + random_hex(kIdDigits);
    delivery.endpoint = endpoint.id;
    delivery.type = posting.type;
    delivery.room_id = posting.room_id;
    delivery.session_id = posting.session_id;
    delivery.output_id = posting.output_id;
    delivery.created_at = delivery.queued_at = delivery.due_at = now;
    delivery.state = endpoint.enabled ? "waiting" : "dead";
    if (!endpoint.enabled) {
        delivery.settled_at = now;
        delivery.error = "the receiver is disabled: " + endpoint.disabled_why;
    }
    store_.webhook_deliveries.add(delivery, [&](int64_t sequence) { return posting.body(delivery.id, sequence); });
    ++counters_.posted;
    counters_.dead += !endpoint.enabled;
    if (endpoint.enabled)
        dispatcher_->prepare(delivery.id, delivery.body);
    wake_when_stored(endpoint);
}

/// Before that nobody may hear of it.
void WebhookOutbox::wake_when_stored(const WebhookEndpoint &endpoint) {
    store_.database.after_commit([self = self_, endpoint, row = store_.webhook_deliveries.last_row()] {
        if (*self)
            (*self)->stored(endpoint, row);
    });
}

void WebhookOutbox::stored(const WebhookEndpoint &endpoint, int64_t row) {
    stored_row_ = std::max(stored_row_, row);
    if (row == store_.webhook_deliveries.last_row()) {
        store_.webhook_deliveries.committed();
        store_.webhook_endpoints.committed();
    }
    if (!endpoint.enabled || disabled_.count(endpoint.id))
        return;
    know(endpoint);
    dispatcher_->wake(endpoint.id);
}

bool WebhookOutbox::send_again(const WebhookDelivery &delivery) {
    const auto endpoint = store_.webhook_endpoints.find(delivery.endpoint);
    if (!endpoint || !store_.webhook_deliveries.send_again(delivery.row, now_ms()))
        return false;
    wake_when_stored(*endpoint);
    return true;
}

int64_t WebhookOutbox::send_dead_again(int64_t id, const std::string &room_id) {
    const auto endpoint = store_.webhook_endpoints.find(id);
    if (!endpoint)
        return 0;
    const int64_t count = store_.webhook_deliveries.send_dead_again(id, room_id, kMostAtOnce, now_ms());
    wake_when_stored(*endpoint);
    return count;
}

void WebhookOutbox::enable(const WebhookEndpoint &endpoint) {
    store_.webhook_endpoints.enable(endpoint.id);
    disabled_.erase(endpoint.id);
    giving_up_.erase(endpoint.id);
    known_.erase(endpoint.id); // added anew, its breaker is closed
    WebhookEndpoint enabled = endpoint;
    enabled.enabled = true;
    wake_when_stored(enabled);
}

void WebhookOutbox::disable(int64_t endpoint, const std::string &why) {
    store_.webhook_endpoints.disable(endpoint, why);
    disabled_.insert(endpoint);
    giving_up_.insert(endpoint);
    stop_delivering(endpoint); // others may be before it below
    give_up_waiting();
}

void WebhookOutbox::stop_delivering(int64_t endpoint) {
    if (known_.erase(endpoint))
        dispatcher_->remove_endpoint(endpoint);
}

/// A few at a time, whatever waits.
void WebhookOutbox::give_up_waiting() {
    if (giving_up_.empty())
        return;
    const int64_t endpoint = *giving_up_.begin();
    stop_delivering(endpoint);
    const bool stored = done(store_.database, [&] {
        const auto disabled = store_.webhook_endpoints.find(endpoint);
        const std::string why = "the receiver is disabled: " + (disabled ? disabled->disabled_why : "");
        const int64_t count = store_.webhook_deliveries.give_up(endpoint, why, kMostAtOnce, now_ms());
        counters_.dead += static_cast<uint64_t>(count);
        if (count < kMostAtOnce)
            giving_up_.erase(endpoint);
    });
    giving_up_timer_.once(stored ? 0 : kAgainMs, [this] { give_up_waiting(); });
}

void WebhookOutbox::purge() {
    int64_t count = 0;
    if (store_.database.fault().empty()) // else each piece would be kept, and done again with the next one
        done(store_.database,
             [&] { count = store_.webhook_deliveries.purge(settings_.retention, kPurgeAtOnce, now_ms()); });
    purge_timer_.once(count < kPurgeAtOnce ? kPurgeMs : kPurgeMoreMs, [this] { purge(); });
}

Result<std::vector<Delivery>> WebhookOutbox::heads(int64_t endpoint, const std::set<std::string> &busy, size_t limit) {
    std::vector<Delivery> deliveries;
    try {
        for (auto &head : store_.webhook_deliveries.heads(endpoint, busy, limit, stored_row_))
            deliveries.push_back({head.row, std::move(head.id), std::move(head.room_id), head.sequence,
                                  std::move(head.type), head.queued_at, static_cast<unsigned>(head.attempts),
                                  head.due_at, std::move(head.body)});
    } catch (const DatabaseError &error) {
        return Error{500, error.what()};
    }
    return deliveries;
}

bool WebhookOutbox::postpone(const Delivery &delivery, int64_t due_ms, std::string_view error, unsigned status) {
    return done(store_.database, [&] {
        store_.webhook_deliveries.postpone(delivery.row, delivery.attempts, due_ms, std::string(error), status);
        store_.webhook_endpoints.note_failure_of(delivery.row, std::string(error), status, now_ms());
    });
}

bool WebhookOutbox::delivered(const Delivery &delivery, unsigned status) {
    return done(store_.database, [&] {
        store_.webhook_deliveries.settle(delivery.row, "delivered", delivery.attempts, "", status, now_ms());
    });
}

bool WebhookOutbox::dead(const Delivery &delivery, std::string_view error, unsigned status) {
    return done(store_.database, [&] {
        store_.webhook_deliveries.settle(delivery.row, "dead", delivery.attempts, std::string(error), status, now_ms());
        store_.webhook_endpoints.note_failure_of(delivery.row, std::string(error), status, now_ms());
    });
}

/// Called from inside the dispatcher, which has stopped delivering there.
bool WebhookOutbox::endpoint_disabled(int64_t endpoint, std::string_view why) {
    return done(store_.database, [&] {
        store_.webhook_endpoints.disable(endpoint, std::string(why));
        disabled_.insert(endpoint);
        giving_up_.insert(endpoint);
        giving_up_timer_.once(0, [this] { give_up_waiting(); });
    });
}

} // namespace rostrum
