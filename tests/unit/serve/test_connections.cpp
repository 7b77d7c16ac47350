// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/api/connection_counts.h"
#include "tools/rostrum/base/glib_handles.h"

#include <deque>

using rostrum::ConnectionCounts;
using rostrum::Networks;
using rostrum::ObjectRef;

namespace {

/// Real connections over loopback: what the server's end of each is.
class Listener {
  public:
    Listener() {
        const auto any = address("127.0.0.1", 0);
        socket_ = make();
        g_assert_true(g_socket_bind(socket_.get(), any.get(), TRUE, nullptr));
        g_assert_true(g_socket_listen(socket_.get(), nullptr));
        place_ = ObjectRef<GSocketAddress>::adopt(g_socket_get_local_address(socket_.get(), nullptr));
    }

    ObjectRef<GSocket> connection_from(const char *source) {
        clients_.push_back(make());
        g_assert_true(g_socket_bind(clients_.back().get(), address(source, 0).get(), FALSE, nullptr));
        g_assert_true(g_socket_connect(clients_.back().get(), place_.get(), nullptr, nullptr));
        return ObjectRef<GSocket>::adopt(g_socket_accept(socket_.get(), nullptr, nullptr));
    }

  private:
    static ObjectRef<GSocket> make() {
        return ObjectRef<GSocket>::adopt(
            g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, nullptr));
    }
    static ObjectRef<GSocketAddress> address(const char *host, guint port) {
        return ObjectRef<GSocketAddress>::adopt(g_inet_socket_address_new_from_string(host, port));
    }
    ObjectRef<GSocket> socket_;
    ObjectRef<GSocketAddress> place_;
    std::deque<ObjectRef<GSocket>> clients_;
};

void each_address() {
    Listener listener;
    ConnectionCounts counts(100, 2, *Networks::parse("127.0.0.9"), *Networks::parse("127.0.0.8"));
    std::deque<ObjectRef<GSocket>> open;
    for (int i = 0; i < 2; ++i) {
        open.push_back(listener.connection_from("127.0.0.2"));
        g_assert_true(counts.admit(open.back().get()));
        g_assert_true(counts.admit(open.back().get())); // the second request of it
    }
    {
        const auto third = listener.connection_from("127.0.0.2");
        g_assert_false(counts.admit(third.get()));
    }
    for (const char *other :
         {"127.0.0.3", "127.0.0.9", "127.0.0.9", "127.0.0.9", "127.0.0.8", "127.0.0.8", "127.0.0.8"}) {
        open.push_back(listener.connection_from(other));
        g_assert_true(counts.admit(open.back().get()));
    }
    g_assert_cmpuint(counts.total(), ==, 9);
    g_assert_cmpuint(counts.refused(), ==, 1);
    open.pop_front(); // the socket is gone: there is room for another
    g_assert_cmpuint(counts.total(), ==, 8);
    open.push_back(listener.connection_from("127.0.0.2"));
    g_assert_true(counts.admit(open.back().get()));
    open.clear();
    g_assert_cmpuint(counts.total(), ==, 0);
}

void all_together() {
    Listener listener;
    ConnectionCounts counts(3, 1000, {}, {});
    std::deque<ObjectRef<GSocket>> open;
    bool admitted = true;
    while (admitted && open.size() < 1000) {
        open.push_back(listener.connection_from("127.0.0.2"));
        admitted = counts.admit(open.back().get());
        g_assert_true(counts.full() == (counts.total() > 3));
    }
    g_assert_cmpuint(counts.total(), >, 3); // some more, to be told
    g_assert_cmpuint(counts.total(), <, 100);
}

void gone_before() {
    Listener listener;
    ConnectionCounts counts(3, 3, {}, {});
    const auto socket = listener.connection_from("127.0.0.2");
    g_socket_close(socket.get(), nullptr);
    g_assert_false(counts.admit(socket.get()));
    g_assert_cmpuint(counts.total(), ==, 0);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/connections/each-address", each_address);
    g_test_add_func("/connections/all-together", all_together);
    g_test_add_func("/connections/gone-before", gone_before);
    return g_test_run();
}
