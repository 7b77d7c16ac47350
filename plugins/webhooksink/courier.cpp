// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/courier.h"

#include "webhooksink/debug.h"

namespace rostrum {

using peerwire::MutexLock;

namespace {

constexpr int64_t kRecheckMs = 1000; // for another owner of the location to end, and for a spool that failed

int64_t now_ms() {
    return g_get_real_time() / 1000;
}

std::string describe(const PostResult &result) {
    if (result.status == 0)
        return result.error;
    if (result.status >= 300 && result.status < 400)
        return "HTTP " + std::to_string(result.status) + ": redirects are not followed";
    return "HTTP " + std::to_string(result.status);
}

DeliveryReport report_of(const Delivery &delivery, DeliveryReport::Outcome outcome) {
    return {outcome, delivery.id, delivery.sequence, delivery.attempts, delivery.type};
}

} // namespace

Courier::Courier(CourierConfig config, Spool &spool, const Signer &signer, Observer observer, unsigned tick_ms,
                 std::function<void()> tick)
    : config_(std::move(config)), spool_(spool), signer_(signer), observer_(std::move(observer)), tick_ms_(tick_ms),
      tick_(std::move(tick)), context_(g_main_context_new()), loop_(g_main_loop_new(context_, FALSE)),
      lock_(config_.spool_path, spool.endpoint()), thread_([this] { run(); }) {}

Courier::~Courier() {
    g_main_context_invoke(
        context_,
        [](gpointer loop) -> gboolean {
            g_main_loop_quit(static_cast<GMainLoop *>(loop));
            return G_SOURCE_REMOVE;
        },
        loop_);
    thread_.join();
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
}

void Courier::run() {
    g_main_context_push_thread_default(context_);
    poster_ = std::make_unique<HttpPoster>(config_.timeout_ms);
    add_timer(tick_ms_, &Courier::on_tick);
    pump();
    g_main_loop_run(loop_);
    poster_.reset();
    while (g_main_context_iteration(context_, FALSE)) { // cancelled operations give back what they hold
    }
    g_main_context_pop_thread_default(context_);
}

void Courier::kick() {
    {
        MutexLock lock(mutex_);
        kicks_++;
    }
    g_main_context_invoke(
        context_,
        [](gpointer self) -> gboolean {
            static_cast<Courier *>(self)->pump();
            return G_SOURCE_REMOVE;
        },
        this);
}

bool Courier::wait_idle(std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    MutexLock lock(mutex_);
    while (settled_ != kicks_ && !interrupted_)
        if (changed_.wait_until(mutex_, deadline) == std::cv_status::timeout)
            break;
    return settled_ == kicks_;
}

void Courier::interrupt(bool interrupted) {
    MutexLock lock(mutex_);
    interrupted_ = interrupted;
    changed_.notify_all();
}

bool Courier::is_endpoint_gone() {
    MutexLock lock(mutex_);
    return gone_;
}

uint64_t Courier::kicks() {
    MutexLock lock(mutex_);
    return kicks_;
}

void Courier::settle(uint64_t kicks) {
    MutexLock lock(mutex_);
    settled_ = kicks;
    changed_.notify_all();
}

/// Something else has to happen first; then the next look is planned.
bool Courier::is_held_back() {
    const int64_t hold_us = hold_until_us_ - g_get_monotonic_time();
    if (hold_us > 0) {
        pump_after(hold_us / 1000 + 1);
        return true;
    }
    if (undropped_ && spool_.remove(*undropped_))
        undropped_.reset();
    if (!undropped_ && lock_.acquire())
        return false;
    pump_after(kRecheckMs);
    return true;
}

/// It must not be sent again, even when the disk is full and the spool cannot be written.
void Courier::drop(const Delivery &delivery) {
    if (!spool_.remove(delivery)) {
        GST_WARNING("spool: cannot forget a delivery that is done; trying again");
        undropped_ = delivery;
    }
}

/// Looks for work; harmless at any time.
void Courier::pump() {
    if (sending_ || is_held_back())
        return;
    const uint64_t known = kicks();
    auto front = spool_.front();
    if (!front) {
        GST_WARNING("spool: %s", front.error().text.c_str());
        pump_after(kRecheckMs);
        return;
    }
    if (!front.value()) {
        settle(known);
        return;
    }
    Delivery delivery = std::move(*front.value());
    const int64_t now = now_ms();
    if (now - delivery.created_ms > config_.max_age_ms && delivery.attempts > 0) {
        give_up(delivery, 0, "not delivered within max-age", false);
        pump_after(0);
    } else if (const int64_t due_in_ms = delivery.due_ms - now;
               delivery.row != held_row_ && due_in_ms > 0 && due_in_ms <= kMaxRetryAfterMs) {
        pump_after(std::min(due_in_ms, kRecheckMs * 60)); // of a former process; the wall clock may be set meanwhile
    } else {
        send(std::move(delivery));
    }
}

void Courier::send(Delivery delivery) {
    sending_ = true;
    delivery.attempts++;
    Headers headers = signer_.sign(delivery.id, now_ms() / 1000, delivery.body);
    headers.emplace_back("webhook-sequence", std::to_string(delivery.sequence));
    headers.emplace_back("webhook-attempt", std::to_string(delivery.attempts));
    const auto shared = std::make_shared<Delivery>(std::move(delivery));
    poster_->post(config_.location, headers, shared->body,
                  [this, shared](const PostResult &result) { on_result(std::move(*shared), result); });
}

void Courier::on_result(Delivery delivery, const PostResult &result) {
    sending_ = false;
    GST_DEBUG("%s #%" G_GINT64_FORMAT " attempt %u: %s", delivery.id.c_str(), delivery.sequence, delivery.attempts,
              describe(result).c_str());
    switch (judge(result.status)) {
    case Verdict::Delivered: {
        drop(delivery);
        DeliveryReport report = report_of(delivery, DeliveryReport::Outcome::Delivered);
        report.status = result.status;
        observer_(report);
        break;
    }
    case Verdict::Stop:
        give_up(delivery, result.status, "HTTP 410: the endpoint is gone", true);
        break;
    case Verdict::Retry:
        retry(delivery, result);
        break;
    }
    pump();
}

void Courier::give_up(const Delivery &delivery, unsigned status, const std::string &error, bool gone) {
    drop(delivery);
    if (gone) {
        {
            MutexLock lock(mutex_);
            gone_ = true;
        }
        const int64_t forgotten = spool_.clear();
        GST_WARNING("the endpoint is gone; %" G_GINT64_FORMAT " more deliveries are dropped", forgotten);
    }
    DeliveryReport report = report_of(delivery, DeliveryReport::Outcome::Failed);
    report.status = status;
    report.error = error;
    report.endpoint_gone = gone;
    observer_(report);
}

void Courier::retry(Delivery &delivery, const PostResult &result) {
    const int64_t now = now_ms();
    const auto after = parse_retry_after_ms(result.retry_after, now / 1000);
    const int64_t wait_ms = retry_wait_ms(config_.retry, delivery.attempts, after, g_random_double());
    if (now + wait_ms - delivery.created_ms > config_.max_age_ms) {
        give_up(delivery, result.status, describe(result) + "; max-age would pass before the next attempt", false);
        return;
    }
    hold_until_us_ = g_get_monotonic_time() + wait_ms * 1000;
    held_row_ = delivery.row;
    if (!spool_.postpone(delivery, now + wait_ms))
        GST_WARNING("spool: cannot note an attempt");
    DeliveryReport report = report_of(delivery, DeliveryReport::Outcome::Retrying);
    report.status = result.status;
    report.error = describe(result);
    report.retry_in_ms = wait_ms;
    observer_(report);
}

void Courier::add_timer(unsigned ms, bool (Courier::*callback)()) {
    struct Call {
        Courier *self;
        bool (Courier::*callback)();
    };
    GSource *source = g_timeout_source_new(ms);
    g_source_set_callback(
        source,
        [](gpointer data) -> gboolean {
            const auto *call = static_cast<Call *>(data);
            return (call->self->*call->callback)();
        },
        new Call{this, callback}, [](gpointer data) { delete static_cast<Call *>(data); });
    g_source_attach(source, context_);
    g_source_unref(source);
}

void Courier::pump_after(int64_t ms) {
    const int64_t when_us = g_get_monotonic_time() + ms * 1000;
    if (next_pump_us_ != 0 && next_pump_us_ <= when_us)
        return;
    next_pump_us_ = when_us;
    add_timer(static_cast<unsigned>(ms), &Courier::on_timer);
}

bool Courier::on_timer() {
    next_pump_us_ = 0;
    pump();
    return false;
}

bool Courier::on_tick() {
    tick_();
    return true;
}

} // namespace rostrum
