// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooksink/courier.h"

namespace rostrum {

namespace {
constexpr int64_t kEndpoint = 1; // there is one
} // namespace

Result<std::unique_ptr<Courier>> Courier::create(const std::string &location, const DispatchPolicy &policy,
                                                 DeliveryStore &store, const Signer &signer,
                                                 Dispatcher::Observer observer, unsigned tick_ms,
                                                 std::function<void()> tick) {
    std::unique_ptr<Courier> courier(new Courier(location, tick_ms, std::move(tick)));
    auto dispatcher = Dispatcher::create(courier->context_, store, signer, policy, std::move(observer));
    if (!dispatcher)
        return dispatcher.error();
    courier->dispatcher_ = std::move(dispatcher).value();
    courier->thread_ = std::thread([self = courier.get()] { self->run(); });
    return courier;
}

Courier::Courier(std::string location, unsigned tick_ms, std::function<void()> tick)
    : location_(std::move(location)), tick_ms_(tick_ms), tick_(std::move(tick)), context_(g_main_context_new()),
      loop_(g_main_loop_new(context_, FALSE)) {}

Courier::~Courier() {
    if (thread_.joinable()) {
        g_main_context_invoke(
            context_,
            [](gpointer loop) -> gboolean {
                g_main_loop_quit(static_cast<GMainLoop *>(loop));
                return G_SOURCE_REMOVE;
            },
            loop_);
        thread_.join();
    }
    g_main_loop_unref(loop_);
    g_main_context_unref(context_);
}

void Courier::run() {
    g_main_context_push_thread_default(context_);
    GSource *ticks = g_timeout_source_new(tick_ms_);
    g_source_set_callback(
        ticks,
        [](gpointer self) -> gboolean {
            static_cast<Courier *>(self)->tick_();
            return G_SOURCE_CONTINUE;
        },
        this, nullptr);
    g_source_attach(ticks, context_);
    dispatcher_->add_endpoint(kEndpoint, location_, false);
    g_main_loop_run(loop_);
    g_source_destroy(ticks);
    g_source_unref(ticks);
    dispatcher_.reset();
    while (g_main_context_iteration(context_, FALSE)) { // cancelled operations give back what they hold
    }
    g_main_context_pop_thread_default(context_);
}

void Courier::invoke(void (Courier::*method)()) {
    struct Call {
        Courier *self;
        void (Courier::*method)();
    };
    g_main_context_invoke_full(
        context_, G_PRIORITY_DEFAULT,
        [](gpointer data) -> gboolean {
            const auto *call = static_cast<Call *>(data);
            if (call->self->dispatcher_)
                (call->self->*call->method)();
            return G_SOURCE_REMOVE;
        },
        new Call{this, method}, [](gpointer data) { delete static_cast<Call *>(data); });
}

void Courier::wake() {
    invoke(&Courier::on_wake);
}
void Courier::enable() {
    invoke(&Courier::on_enable);
}

void Courier::on_wake() {
    dispatcher_->wake(kEndpoint);
}

void Courier::on_enable() {
    if (dispatcher_->status(kEndpoint).disabled)
        dispatcher_->add_endpoint(kEndpoint, location_, false);
}

void Courier::prepare(const std::vector<Delivery> &deliveries) {
    for (const Delivery &delivery : deliveries)
        dispatcher_->prepare(delivery.id, delivery.body);
}

} // namespace rostrum
