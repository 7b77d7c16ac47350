// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "common/http_listener.h"

#include "waiting.h"

#include <glib.h>

#include <string>
#include <thread>

using rostrum::HttpListener;

namespace {

constexpr int kConnections = 20;

struct Counts {
    int requests = 0, freed = 0;
};

void on_request(SoupServer *, SoupServerMessage *message, const char *, GHashTable *, gpointer data) {
    auto *counts = static_cast<Counts *>(data);
    ++counts->requests;
    GSocket *socket = HttpListener::socket_of(message);
    g_assert_nonnull(socket);
    g_assert_cmpint(g_socket_get_fd(socket), >=, 0);
    g_object_weak_ref(
        G_OBJECT(socket), [](gpointer counted, GObject *) { ++static_cast<Counts *>(counted)->freed; }, counts);
    soup_message_headers_replace(soup_server_message_get_response_headers(message), "Connection", "close");
    soup_server_message_set_status(message, 200, nullptr);
    soup_server_message_set_response(message, "text/plain", SOUP_MEMORY_STATIC, "hello", 5);
}

/// Blocks; "" when nothing came.
std::string request(uint16_t port) {
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GError) error = nullptr;
    g_autoptr(GSocketConnection) connection =
        g_socket_client_connect_to_host(client, "127.0.0.1", port, nullptr, &error);
    g_assert_no_error(error);
    const std::string text = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(connection)), text.data(), text.size(), nullptr,
                              nullptr, &error);
    g_assert_no_error(error);
    std::string reply;
    char bytes[1024];
    gssize size;
    while ((size = g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)), bytes, sizeof bytes,
                                       nullptr, nullptr)) > 0)
        reply.append(bytes, static_cast<size_t>(size));
    return reply;
}

/// Connections that are over, with a request or without one, leave no socket.
void test_sockets_are_freed() {
    Counts counts;
    g_autoptr(SoupServer) server = soup_server_new("server-header", "test", nullptr);
    soup_server_add_handler(server, nullptr, on_request, &counts, nullptr);
    HttpListener listener(server);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    const uint16_t port = listener.listen(address).value();
    g_assert_cmpuint(port, >, 0);

    std::thread clients([port] {
        for (int i = 0; i < kConnections; ++i)
            g_assert_true(request(port).find("hello") != std::string::npos);
    });
    test::wait_for("every socket is freed", [&] { return counts.freed == kConnections; });
    clients.join();
    g_assert_cmpint(counts.requests, ==, kConnections);
    g_assert_cmpint(counts.freed, ==, kConnections);
    soup_server_disconnect(server);
}

void test_port_in_use() {
    g_autoptr(SoupServer) server = soup_server_new("server-header", "test", nullptr);
    HttpListener first(server), second(server);
    g_autoptr(GSocketAddress) any = g_inet_socket_address_new_from_string("127.0.0.1", 0);
    const uint16_t port = first.listen(any).value();
    g_autoptr(GSocketAddress) same = g_inet_socket_address_new_from_string("127.0.0.1", port);
    const auto refused = second.listen(same);
    g_assert_false(refused.ok());
    g_assert_cmpint(refused.error().code, ==, 500);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/http-listener/sockets-are-freed", test_sockets_are_freed);
    g_test_add_func("/http-listener/port-in-use", test_port_in_use);
    return g_test_run();
}
