// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/outbox.h"

#include "webhooks/http_post.h"
#include "webhooksink/debug.h"

namespace rostrum {

using peerwire::MutexLock;

namespace {
constexpr unsigned kTickMs = 250; // how late a stall may be noticed
} // namespace

Result<std::unique_ptr<Outbox>> Outbox::open(OutboxConfig config, OutboxHooks hooks) {
    if (!is_http_url(config.spool.location))
        return Error{400, "the location is not an http:// or https:// URL"};
    auto signer = Signer::create(config.secret, config.signing_key);
    if (!signer)
        return signer.error();
    std::unique_ptr<Outbox> outbox(new Outbox(std::move(signer).value(), config, std::move(hooks)));
    if (const auto started = outbox->start(std::move(config)); !started)
        return started.error();
    return outbox;
}

Outbox::Outbox(Signer signer, const OutboxConfig &config, OutboxHooks hooks)
    : hooks_(std::move(hooks)), signer_(std::move(signer)), report_(config.element, config.stall_us) {}

Result<bool> Outbox::start(OutboxConfig config) {
    SpoolHooks hooks{[this](const std::vector<Delivery> &deliveries) { on_loaded(deliveries); }, hooks_.warn};
    auto spool = Spool::open(config.spool, hooks);
    if (!spool && !config.spool.path.empty()) {
        hooks_.warn("the spool cannot be used, deliveries do not survive a restart: " + spool.error().text);
        config.spool.path.clear();
        spool = Spool::open(config.spool, hooks);
    }
    if (!spool)
        return spool.error();
    spool_ = std::move(spool).value();
    auto courier = Courier::create(config.spool.location, config.policy, *spool_, signer_, hooks_.report, kTickMs,
                                   [this] { on_tick(); });
    if (!courier)
        return courier.error();
    MutexLock lock(waking_);
    courier_ = std::move(courier).value();
    courier_->wake(); // for what was loaded meanwhile
    return true;
}

/// The spool's thread calls the courier, and the courier's thread the spool.
Outbox::~Outbox() {
    std::unique_ptr<Courier> courier; // ends without the lock, before the spool
    MutexLock lock(waking_);
    courier.swap(courier_);
}

void Outbox::put(const Body &body) {
    const auto stored = spool_->put(body.bytes, body.type, g_get_real_time() / 1000);
    if (stored) {
        failing_ = false;
        return;
    }
    DeliveryReport report{DeliveryReport::Outcome::Dead};
    report.type = body.type;
    report.error = "not stored: " + stored.error().text;
    hooks_.report(report);
    if (!failing_.exchange(true))
        hooks_.warn("deliveries are lost: " + stored.error().text);
}

Result<int64_t> Outbox::resend(const std::string &id) {
    const auto revived = spool_->resend(id);
    MutexLock lock(waking_);
    courier_->enable();
    return revived;
}

void Outbox::on_loaded(const std::vector<Delivery> &deliveries) {
    MutexLock lock(waking_);
    if (!courier_)
        return;
    courier_->prepare(deliveries);
    courier_->wake();
}

void Outbox::put(const std::optional<StreamEvent> &event) {
    if (event)
        put(Body{event->body, event->type});
}

void Outbox::on_caps(const std::string &caps) {
    MutexLock lock(mutex_);
    put(report_.on_caps(caps));
}

void Outbox::on_buffer(uint64_t bytes) {
    MutexLock lock(mutex_);
    put(report_.on_buffer(g_get_monotonic_time(), bytes));
}

void Outbox::on_end(const char *reason) {
    MutexLock lock(mutex_);
    put(report_.on_end(g_get_monotonic_time(), reason));
}

void Outbox::set_playing(bool playing) {
    MutexLock lock(mutex_);
    report_.set_playing(g_get_monotonic_time(), playing);
}

void Outbox::on_tick() {
    MutexLock lock(mutex_);
    put(report_.on_tick(g_get_monotonic_time()));
}

} // namespace rostrum
