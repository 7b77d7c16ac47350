// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "webhooks/guarded_address.h"

#include "common/address_guard.h"

#include <deque>

namespace {

using rostrum::GObjectPtr;
using rostrum::Resolver;

struct Target {
    std::shared_ptr<Resolver> resolver;
    std::string host;
    guint16 port = 0;
    bool guarded = true;
};

/// One walk over the addresses; a task waits at a time.
struct Walk {
    Target target;
    bool resolved = false;
    std::deque<GObjectPtr<GSocketAddress>> addresses;
    std::string refusal; // of the last address that was left out
    GObjectPtr<GTask> waiting;
    Resolver::Ticket ticket = 0;
    gulong on_cancelled = 0;
};

} // namespace

struct RostrumGuardedWalk {
    GSocketAddressEnumerator parent;
    Walk *walk;
};
struct RostrumGuardedWalkClass {
    GSocketAddressEnumeratorClass parent;
};
G_DEFINE_TYPE(RostrumGuardedWalk, rostrum_guarded_walk, G_TYPE_SOCKET_ADDRESS_ENUMERATOR)

namespace {

void take_addresses(Walk &walk, const Resolver::Lookup &lookup) {
    walk.resolved = true;
    walk.refusal = lookup.error;
    for (const auto &address : lookup.addresses) {
        const auto range =
            rostrum::range_of(g_inet_address_to_bytes(address.get()), g_inet_address_get_native_size(address.get()));
        if (walk.target.guarded && range != rostrum::AddressRange::Public)
            walk.refusal = rostrum::refusal_text(walk.target.host, range);
        else
            walk.addresses.emplace_back(g_inet_socket_address_new(address.get(), walk.target.port));
    }
    if (!walk.addresses.empty())
        walk.refusal.clear();
}

/// The next address, the end (no value), or why there is none at all.
void give_next(Walk &walk, GTask *task) {
    if (!walk.refusal.empty()) {
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE, "%s", walk.refusal.c_str());
        return;
    }
    GSocketAddress *next = nullptr;
    if (!walk.addresses.empty()) {
        next = walk.addresses.front().release();
        walk.addresses.pop_front();
    }
    g_task_return_pointer(task, next, g_object_unref);
}

GObjectPtr<GTask> stop_waiting(Walk &walk) {
    if (walk.on_cancelled != 0)
        g_signal_handler_disconnect(g_task_get_cancellable(walk.waiting.get()), walk.on_cancelled);
    walk.on_cancelled = 0;
    return std::move(walk.waiting);
}

void wait_for_addresses(RostrumGuardedWalk *self, GObjectPtr<GTask> task) {
    Walk &walk = *self->walk;
    walk.waiting = std::move(task); // keeps self
    if (GCancellable *cancellable = g_task_get_cancellable(walk.waiting.get()))
        walk.on_cancelled = g_signal_connect(cancellable, "cancelled", G_CALLBACK(+[](GCancellable *, gpointer data) {
                                                 Walk &each = *static_cast<RostrumGuardedWalk *>(data)->walk;
                                                 each.target.resolver->forget(each.ticket);
                                                 const auto given_up = stop_waiting(each);
                                                 g_task_return_error_if_cancelled(given_up.get());
                                             }),
                                             self);
    walk.ticket = walk.target.resolver->resolve(walk.target.host, [self](const Resolver::Lookup &lookup) {
        take_addresses(*self->walk, lookup);
        const auto waited = stop_waiting(*self->walk);
        give_next(*self->walk, waited.get());
    });
}

} // namespace

static void rostrum_guarded_walk_next_async(GSocketAddressEnumerator *enumerator, GCancellable *cancellable,
                                            GAsyncReadyCallback callback, gpointer data) {
    auto *self = reinterpret_cast<RostrumGuardedWalk *>(enumerator);
    GObjectPtr<GTask> task(g_task_new(enumerator, cancellable, callback, data));
    if (g_task_return_error_if_cancelled(task.get()))
        return;
    if (self->walk->resolved)
        give_next(*self->walk, task.get());
    else
        wait_for_addresses(self, std::move(task));
}

static GSocketAddress *rostrum_guarded_walk_next_finish(GSocketAddressEnumerator *, GAsyncResult *result,
                                                        GError **error) {
    return static_cast<GSocketAddress *>(g_task_propagate_pointer(G_TASK(result), error));
}

static GSocketAddress *rostrum_guarded_walk_next(GSocketAddressEnumerator *, GCancellable *, GError **error) {
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "only asynchronous connections are guarded");
    return nullptr;
}

static void rostrum_guarded_walk_init(RostrumGuardedWalk *self) {
    self->walk = new Walk;
}

static void rostrum_guarded_walk_finalize(GObject *object) {
    delete reinterpret_cast<RostrumGuardedWalk *>(object)->walk;
    G_OBJECT_CLASS(rostrum_guarded_walk_parent_class)->finalize(object);
}

static void rostrum_guarded_walk_class_init(RostrumGuardedWalkClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = rostrum_guarded_walk_finalize;
    klass->parent.next = rostrum_guarded_walk_next;
    klass->parent.next_async = rostrum_guarded_walk_next_async;
    klass->parent.next_finish = rostrum_guarded_walk_next_finish;
}

struct RostrumGuardedAddress {
    GNetworkAddress parent;
    Target *target;
};
struct RostrumGuardedAddressClass {
    GNetworkAddressClass parent;
};

static GSocketAddressEnumerator *rostrum_guarded_address_enumerate(GSocketConnectable *connectable) {
    auto *self = reinterpret_cast<RostrumGuardedAddress *>(connectable);
    auto *walk = static_cast<RostrumGuardedWalk *>(g_object_new(rostrum_guarded_walk_get_type(), nullptr));
    walk->walk->target = *self->target;
    return &walk->parent;
}

static void rostrum_guarded_address_connectable_init(GSocketConnectableIface *iface) {
    iface->enumerate = rostrum_guarded_address_enumerate;
    iface->proxy_enumerate = rostrum_guarded_address_enumerate;
}

G_DEFINE_TYPE_WITH_CODE(RostrumGuardedAddress, rostrum_guarded_address, G_TYPE_NETWORK_ADDRESS,
                        G_IMPLEMENT_INTERFACE(G_TYPE_SOCKET_CONNECTABLE, rostrum_guarded_address_connectable_init))

static void rostrum_guarded_address_init(RostrumGuardedAddress *self) {
    self->target = new Target;
}

static void rostrum_guarded_address_finalize(GObject *object) {
    delete reinterpret_cast<RostrumGuardedAddress *>(object)->target;
    G_OBJECT_CLASS(rostrum_guarded_address_parent_class)->finalize(object);
}

static void rostrum_guarded_address_class_init(RostrumGuardedAddressClass *klass) {
    G_OBJECT_CLASS(klass)->finalize = rostrum_guarded_address_finalize;
}

namespace rostrum {

GObjectPtr<GSocketConnectable> new_guarded_address(const std::shared_ptr<Resolver> &resolver, const std::string &host,
                                                   guint16 port, bool guarded) {
    auto *address = static_cast<RostrumGuardedAddress *>(g_object_new(
        rostrum_guarded_address_get_type(), "hostname", host.c_str(), "port", static_cast<guint>(port), nullptr));
    *address->target = {resolver, host, port, guarded};
    return GObjectPtr<GSocketConnectable>(G_SOCKET_CONNECTABLE(address));
}

} // namespace rostrum
