// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/http_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

namespace rostrum {

namespace {

constexpr int kBacklog = 4096; // joins and players come back all at once; the kernel cuts it to net.core.somaxconn
constexpr char kSocketKey[] = "rostrum-socket"; // of the remote address, which the connection keeps

} // namespace

HttpListener::HttpListener(SoupServer *server, Accept accept)
    : server_(server), accept_(std::move(accept)), service_(g_socket_service_new()) {
    g_socket_listener_set_backlog(G_SOCKET_LISTENER(service_), kBacklog);
    g_signal_connect(service_, "incoming", G_CALLBACK(on_incoming), this);
}

HttpListener::~HttpListener() {
    g_signal_handlers_disconnect_by_func(service_, reinterpret_cast<gpointer>(on_incoming), this);
    g_socket_service_stop(service_);
    g_socket_listener_close(G_SOCKET_LISTENER(service_));
    g_object_unref(service_);
}

peerwire::Result<uint16_t> HttpListener::listen(GSocketAddress *address) {
    g_autoptr(GSocketAddress) bound = nullptr;
    g_autoptr(GError) error = nullptr;
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(service_), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, nullptr, &bound, &error))
        return peerwire::Error{500, error->message};
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(bound));
}

gboolean HttpListener::on_incoming(GSocketService *, GSocketConnection *connection, GObject *, gpointer data) {
    auto *self = static_cast<HttpListener *>(data);
    GSocket *socket = g_socket_connection_get_socket(connection);
    g_autoptr(GSocketAddress) local = g_socket_connection_get_local_address(connection, nullptr);
    g_autoptr(GSocketAddress) remote = g_socket_connection_get_remote_address(connection, nullptr);
    if (!local || !remote)
        return TRUE; // gone already
    g_socket_set_option(socket, IPPROTO_TCP, TCP_NODELAY, TRUE, nullptr);
    g_object_set_data_full(G_OBJECT(remote), kSocketKey, g_object_ref(socket), g_object_unref);
    g_autoptr(GIOStream) stream =
        self->accept_ ? self->accept_(connection) : G_IO_STREAM(g_object_ref(G_OBJECT(connection)));
    if (stream)
        soup_server_accept_iostream(self->server_, stream, local, remote, nullptr);
    else
        g_io_stream_close(G_IO_STREAM(connection), nullptr, nullptr); // or socket and address keep each other
    return TRUE;
}

GSocket *HttpListener::socket_of(SoupServerMessage *message) {
    GSocketAddress *remote = soup_server_message_get_remote_address(message);
    return remote ? static_cast<GSocket *>(g_object_get_data(G_OBJECT(remote), kSocketKey)) : nullptr;
}

} // namespace rostrum
