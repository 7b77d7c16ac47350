// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/http_server.h"
#include "waiting.h"

using rostrum::ObjectRef;

namespace {

/// A handler whose reply was to come from something that has ended. Its client is told, and so is whoever waits for
/// what became of the request.
void a_reply_that_nobody_gives() {
    std::vector<int> told;
    rostrum::Router router;
    router.add("GET", "/forgotten", [&](const rostrum::ExchangePtr &exchange) {
        exchange->on_reply = [&](int status, const std::string &, std::string_view) { told.push_back(status); };
    });
    rostrum::Database database(":memory:");
    rostrum::RateLimits rates({});
    rostrum::TlsFiles tls("", "");
    rostrum::HttpServer server(router, database, rates, tls, {}, {});
    g_assert_true(server.listen("http://127.0.0.1:0").empty());

    const auto client = ObjectRef<GSocketClient>::adopt(g_socket_client_new());
    g_socket_client_set_enable_proxy(client.get(), FALSE);
    const auto connection = ObjectRef<GSocketConnection>::adopt(g_socket_client_connect_to_uri(
        client.get(), server.uris().front().c_str(), 80, nullptr, nullptr)); // the backlog takes it
    g_assert_nonnull(connection.get());
    GSocket *socket = g_socket_connection_get_socket(connection.get());
    const std::string request = "GET /forgotten HTTP/1.1\r\nHost: x\r\n\r\n";
    g_assert_cmpint(g_socket_send(socket, request.data(), request.size(), nullptr, nullptr), ==, request.size());
    test::wait_for("the reply", [&] { return g_socket_condition_check(socket, G_IO_IN) != 0; });
    char reply[4096];
    const gssize size = g_socket_receive(socket, reply, sizeof reply, nullptr, nullptr);
    g_assert_true(std::string_view(reply, static_cast<size_t>(size)).starts_with("HTTP/1.1 500"));
    g_assert_cmpuint(told.size(), ==, 1);
    g_assert_cmpint(told[0], ==, 500);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/exchange/a-reply-that-nobody-gives", a_reply_that_nobody_gives);
    return g_test_run();
}
