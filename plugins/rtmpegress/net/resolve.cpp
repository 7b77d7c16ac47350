// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/net/resolve.h"

#include <deque>
#include <memory>

namespace rostrum {

namespace {

struct ObjectUnref {
    void operator()(gpointer object) const { g_object_unref(object); }
};
template <class T> using ObjectPtr = std::unique_ptr<T, ObjectUnref>;

using Addresses = std::vector<ObjectPtr<GInetAddress>>;

Addresses look_up(const std::string &host, GCancellable *cancel, GError **error) {
    Addresses addresses;
    if (GInetAddress *literal = g_inet_address_new_from_string(host.c_str())) {
        addresses.emplace_back(literal);
        return addresses;
    }
    const ObjectPtr<GResolver> resolver(g_resolver_get_default());
    GList *found = g_resolver_lookup_by_name(resolver.get(), host.c_str(), cancel, error);
    for (GList *item = found; item; item = item->next)
        addresses.emplace_back(G_INET_ADDRESS(item->data));
    g_list_free(found);
    return addresses;
}

SocketAddress with_port(GInetAddress *address, uint16_t port) {
    SocketAddress native;
    const ObjectPtr<GSocketAddress> socket(g_inet_socket_address_new(address, port));
    native.size = static_cast<socklen_t>(g_socket_address_get_native_size(socket.get()));
    if (!g_socket_address_to_native(socket.get(), &native.storage, sizeof native.storage, nullptr))
        native.size = 0;
    return native;
}

/// RFC 8305, 4: one family's trouble must not hold up the other.
std::vector<SocketAddress> alternate(const std::vector<SocketAddress> &sorted) {
    std::deque<SocketAddress> first, second;
    for (const SocketAddress &address : sorted)
        (address.storage.ss_family == sorted.front().storage.ss_family ? first : second).push_back(address);
    std::vector<SocketAddress> mixed;
    while (mixed.size() < kMaxAddresses && (!first.empty() || !second.empty())) {
        for (auto *family : {&first, &second}) {
            if (family->empty())
                continue;
            mixed.push_back(family->front());
            family->pop_front();
        }
    }
    return mixed;
}

} // namespace

Resolved resolve(const std::string &host, uint16_t port, const AddressPolicy &refuse, GCancellable *cancel) {
    g_autoptr(GError) error = nullptr;
    const Addresses found = look_up(host, cancel, &error);
    if (found.empty())
        return {{}, {false, error ? error->message : "the host name has no address"}};
    std::vector<SocketAddress> allowed;
    std::string refusal;
    for (const auto &address : found) {
        if (const auto refused = refuse ? refuse(address.get()) : std::nullopt)
            refusal = *refused;
        else if (const SocketAddress native = with_port(address.get(), port); native.size > 0)
            allowed.push_back(native);
    }
    if (allowed.empty())
        return {{}, {!refusal.empty(), refusal.empty() ? "the host has no address of a known kind" : refusal}};
    return {alternate(allowed), {}};
}

} // namespace rostrum
