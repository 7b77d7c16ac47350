// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/connection_counts.h"

#include "tools/rostrum/base/glib_handles.h"

namespace rostrum {
namespace {

constexpr size_t kTold = 64; // connections beyond the most that get a reply; the rest are closed at once

std::optional<IpAddress> peer_of(GSocket *socket) {
    const auto address = ObjectRef<GSocketAddress>::adopt(g_socket_get_remote_address(socket, nullptr));
    if (!address || !G_IS_INET_SOCKET_ADDRESS(address.get()))
        return std::nullopt;
    GInetAddress *ip = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address.get()));
    return IpAddress::parse(take_string(g_inet_address_to_string(ip)));
}

} // namespace

ConnectionCounts::~ConnectionCounts() {
    for (const auto &[socket, name] : sockets_)
        g_object_weak_unref(G_OBJECT(socket), &ConnectionCounts::socket_gone, this);
}

bool ConnectionCounts::admit(GSocket *socket) {
    if (sockets_.contains(socket))
        return true;
    const auto peer = peer_of(socket);
    if (!peer)
        return false;
    const std::string name = peer->household();
    const bool limited = !unlimited_.contain(*peer) && !proxies_.contain(*peer);
    const auto same = by_address_.find(name);
    if (total() >= most_ + kTold || (limited && same != by_address_.end() && same->second >= most_per_address_)) {
        ++refused_;
        return false;
    }
    sockets_.emplace(socket, name);
    ++by_address_[name];
    g_object_weak_ref(G_OBJECT(socket), &ConnectionCounts::socket_gone, this);
    return true;
}

void ConnectionCounts::socket_gone(gpointer data, GObject *socket) {
    auto *self = static_cast<ConnectionCounts *>(data);
    const auto gone = self->sockets_.extract(reinterpret_cast<GSocket *>(socket));
    const auto same = self->by_address_.find(gone.mapped());
    if (--same->second == 0)
        self->by_address_.erase(same);
}

} // namespace rostrum
