// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/receive_batch.h"

#include "net/send_queue.h"
#include "net/socket.h"

#include <glib.h>
#include <poll.h>
#include <sys/socket.h>

#include <vector>

using namespace peerwire;

namespace {

using Bytes = std::vector<uint8_t>;

struct Pair {
    UdpSocket sender = UdpSocket::bind("127.0.0.1", 0, 0).value();
    UdpSocket receiver = UdpSocket::bind("127.0.0.1", 0, 0).value();
    ShardCounters counters;
    SendQueue queue{sender.fd.get(), sender.family, counters};
    ReceiveBatch batch;
    size_t messages = 0;

    Address to() const { return Address::v4(127, 0, 0, 1, receiver.port); }

    void send(const std::vector<Bytes> &datagrams) {
        for (const auto &datagram : datagrams)
            queue.push(to(), datagram);
        queue.flush();
    }

    /// A datagram that a SendQueue would not take.
    void send_alone(const Bytes &datagram) {
        const auto address = to_socket_address(to(), AF_INET);
        g_assert_cmpint(::sendto(sender.fd.get(), datagram.data(), datagram.size(), 0,
                                 reinterpret_cast<const sockaddr *>(&address.storage), address.size),
                        ==, gssize(datagram.size()));
    }

    std::vector<ReceiveBatch::Datagram> receive() {
        pollfd ready{receiver.fd.get(), POLLIN, 0};
        g_assert_cmpint(::poll(&ready, 1, 10'000), ==, 1);
        messages = batch.receive(receiver.fd.get());
        std::vector<ReceiveBatch::Datagram> taken;
        while (const auto datagram = batch.next())
            taken.push_back(*datagram);
        return taken;
    }
};

void check_run(Pair &pair) {
    std::vector<Bytes> sent;
    for (uint8_t i = 0; i < 20; ++i)
        sent.emplace_back(i == 19 ? 30 : 1000, i);
    pair.send(sent);
    std::vector<Bytes> got;
    while (got.size() < sent.size()) {
        for (const auto &datagram : pair.receive()) {
            got.emplace_back(datagram.bytes.begin(), datagram.bytes.end());
            g_assert_true(datagram.from == Address::v4(127, 0, 0, 1, pair.sender.port));
            g_assert_false(datagram.cut);
        }
    }
    g_assert_true(got == sent);
}

/// What came as one message comes out as it was sent.
void test_coalesced() {
    Pair pair;
    if (!ReceiveBatch::coalesce(pair.receiver.fd.get())) {
        g_test_skip("this kernel has no UDP_GRO");
        return;
    }
    check_run(pair);
    g_assert_cmpuint(pair.messages, ==, 1);
}

void test_single() {
    Pair pair;
    check_run(pair);
    g_assert_cmpuint(pair.messages, >, 1);
}

void test_odd_sizes() {
    Pair pair;
    ReceiveBatch::coalesce(pair.receiver.fd.get());
    pair.send_alone({});
    pair.send_alone(Bytes(ReceiveBatch::kMaxDatagram, 1));
    pair.send_alone(Bytes(ReceiveBatch::kMaxDatagram + 1, 2));
    pair.send_alone(Bytes(65'507, 3)); // the largest that UDP carries over IPv4
    std::vector<std::pair<size_t, bool>> got;
    while (got.size() < 4) {
        for (const auto &datagram : pair.receive())
            got.emplace_back(datagram.bytes.size(), datagram.cut);
    }
    const std::vector<std::pair<size_t, bool>> wanted{{0, false}, {2048, false}, {2049, true}, {65'507, true}};
    g_assert_true(got == wanted);
    g_assert_cmpuint(pair.batch.receive(pair.receiver.fd.get()), ==, 0);
    g_assert_false(pair.batch.next().has_value());
}

/// More than one batch: nothing is lost, and a full batch says so.
void test_many() {
    Pair pair;
    std::vector<Bytes> sent;
    for (size_t i = 0; i < ReceiveBatch::kMessages + 3; ++i)
        sent.emplace_back(10 + i, uint8_t(i)); // growing: no run
    pair.send(sent);
    g_assert_cmpuint(pair.receive().size(), ==, ReceiveBatch::kMessages);
    g_assert_cmpuint(pair.messages, ==, ReceiveBatch::kMessages);
    g_assert_cmpuint(pair.receive().size(), ==, 3);
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    g_test_add_func("/receive-batch/coalesced", test_coalesced);
    g_test_add_func("/receive-batch/single", test_single);
    g_test_add_func("/receive-batch/odd-sizes", test_odd_sizes);
    g_test_add_func("/receive-batch/many", test_many);
    return g_test_run();
}
