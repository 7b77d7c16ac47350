// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/outbox.h"

#include "webhooksink/debug.h"

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr unsigned kTickMs = 250; // how late a stall may be noticed

bool is_http(const std::string &location) {
    g_autoptr(GUri) uri = g_uri_parse(location.c_str(), static_cast<GUriFlags>(SOUP_HTTP_URI_FLAGS), nullptr);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "";
    return (g_str_equal(scheme, "http") || g_str_equal(scheme, "https")) && g_uri_get_host(uri) && *g_uri_get_host(uri);
}

} // namespace

Result<std::unique_ptr<Outbox>> Outbox::open(OutboxConfig config, OutboxHooks hooks) {
    if (!is_http(config.courier.location))
        return Error{400, "the location is not an http:// or https:// URL"};
    auto signer = Signer::create(config.secret, config.signing_key);
    if (!signer)
        return signer.error();
    CourierConfig &courier = config.courier;
    auto spool = Spool::open(courier.spool_path, courier.location, config.max_bytes);
    if (!spool && !courier.spool_path.empty()) {
        hooks.warn("the spool cannot be used, deliveries do not survive a restart: " + spool.error().text);
        courier.spool_path.clear();
        spool = Spool::open("", courier.location, config.max_bytes);
    }
    if (!spool)
        return spool.error();
    return std::unique_ptr<Outbox>(
        new Outbox(std::move(signer).value(), std::move(spool).value(), config, std::move(hooks)));
}

Outbox::Outbox(Signer signer, std::unique_ptr<Spool> spool, const OutboxConfig &config, OutboxHooks hooks)
    : hooks_(std::move(hooks)), signer_(std::move(signer)), spool_(std::move(spool)),
      report_(config.element, config.stall_us),
      courier_(
          std::make_unique<Courier>(config.courier, *spool_, signer_, hooks_.report, kTickMs, [this] { on_tick(); })) {}

void Outbox::put(const Body &body) {
    if (courier_->is_endpoint_gone()) {
        GST_DEBUG("dropped, the endpoint is gone");
        return;
    }
    const auto stored = spool_->put(body.bytes, body.type, g_get_real_time() / 1000);
    if (stored) {
        failing_ = false;
        courier_->kick();
        return;
    }
    DeliveryReport report{DeliveryReport::Outcome::Failed};
    report.type = body.type;
    report.error = "not stored: " + stored.error().text;
    hooks_.report(report);
    if (!failing_.exchange(true))
        hooks_.warn("deliveries are lost: " + stored.error().text);
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
