// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/handshake_limits.h"
#include "net/handshake_queue.h"

#include <glib.h>

using namespace peerwire;

namespace {

const Address kHome = Address::v4(192, 0, 2, 1, 1000);

void test_order() {
    HandshakeQueue queue;
    g_assert_false(queue.pop().has_value());
    for (uint8_t i = 0; i < 5; ++i)
        g_assert_true(queue.push(i % 2, kHome, std::array{i}));
    for (uint8_t i = 0; i < 5; ++i) {
        g_assert_false(queue.empty());
        const auto item = queue.pop();
        g_assert_cmpuint(item->peer, ==, i % 2);
        g_assert_cmpuint(item->bytes.at(0), ==, i);
        g_assert_true(item->from == kHome);
    }
    g_assert_true(queue.empty());
}

void test_bounds() {
    struct Row {
        const char *name;
        size_t size;
        bool one_peer;
        size_t fits;
    };
    const Row rows[] = {
        {"one peer", 100, true, HandshakeQueue::kMaxPerPeer},
        {"datagrams", 100, false, HandshakeQueue::kMaxDatagrams},
        {"bytes", 2048, false, HandshakeQueue::kMaxBytes / 2048},
    };
    for (const auto &row : rows) {
        HandshakeQueue queue;
        const std::vector<uint8_t> bytes(row.size);
        size_t taken = 0;
        for (size_t i = 0; i < 10'000; ++i)
            taken += queue.push(row.one_peer ? 7 : i, kHome, bytes) ? 1 : 0;
        g_test_message("%s: %zu", row.name, taken);
        g_assert_cmpuint(taken, ==, row.fits);
        queue.pop();
        g_assert_true(queue.push(7, kHome, bytes)); // there is room again
    }
}

void test_limits() {
    HandshakeLimits limits(5, 3);
    const Address same_ip = Address::v4(192, 0, 2, 1, 2000), other = Address::v4(192, 0, 2, 2, 1000);
    g_assert_true(limits.admit(kHome) && limits.admit(same_ip) && limits.admit(same_ip));
    g_assert_false(limits.admit(kHome));
    g_assert_true(limits.admit(other) && limits.admit(other));
    g_assert_false(limits.admit(other)); // in all
    limits.release(same_ip);
    g_assert_true(limits.admit(kHome));
    limits.release(Address::v4(192, 0, 2, 9, 1)); // nobody: ignored
    g_assert_cmpuint(limits.count(), ==, 5);
}

/// Who has one address of IPv6 has them all, up to its /64.
void test_ipv6_host() {
    const auto v6 = [](uint8_t network, uint8_t host, bool tcp) {
        Address address;
        address.v6 = true;
        address.ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, network, host};
        address.port = 1000;
        address.tcp = tcp;
        return address;
    };
    HandshakeLimits limits(10, 2);
    g_assert_true(limits.admit(v6(1, 1, false)) && limits.admit(v6(1, 2, true)));
    g_assert_false(limits.admit(v6(1, 3, false)));
    g_assert_true(limits.admit(v6(2, 1, false)));
    limits.release(v6(1, 9, false));
    g_assert_true(limits.admit(v6(1, 3, false)));
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/handshakes/order", test_order);
    g_test_add_func("/handshakes/bounds", test_bounds);
    g_test_add_func("/handshakes/limits", test_limits);
    g_test_add_func("/handshakes/ipv6-host", test_ipv6_host);
    return g_test_run();
}
