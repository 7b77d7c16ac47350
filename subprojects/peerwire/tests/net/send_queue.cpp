// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/send_queue.h"
#include "net/receive_batch.h"
#include "net/socket.h"

#include <glib.h>
#include <poll.h>

#include <array>
#include <string>
#include <vector>

using namespace peerwire;

namespace {

using Bytes = std::vector<uint8_t>;

struct Receiver {
    UdpSocket socket = UdpSocket::bind("127.0.0.1", 0, 0).value();
    ReceiveBatch batch;
    Address from; ///< of the last datagram

    Address address() const { return Address::v4(127, 0, 0, 1, socket.port); }

    /// What arrived within `ms` of silence, at most `wanted`.
    std::vector<Bytes> take(size_t wanted, int ms = 1000) {
        std::vector<Bytes> taken;
        while (taken.size() < wanted) {
            pollfd ready{socket.fd.get(), POLLIN, 0};
            if (::poll(&ready, 1, ms) <= 0)
                break;
            batch.receive(socket.fd.get());
            while (const auto datagram = batch.next()) {
                taken.emplace_back(datagram->bytes.begin(), datagram->bytes.end());
                from = datagram->from;
            }
        }
        return taken;
    }
};

/// Datagrams that name their own number.
Bytes numbered(size_t number, size_t size) {
    Bytes bytes(size, static_cast<uint8_t>(number));
    return bytes;
}

/// A socket without checksums cannot do UDP_SEGMENT.
void refuse_gso(const UdpSocket &socket, int refuse) {
    g_assert_cmpint(setsockopt(socket.fd.get(), SOL_SOCKET, SO_NO_CHECK, &refuse, sizeof refuse), ==, 0);
}

struct MethodRow {
    const char *name;
    SendQueue::Method method;
    bool refuse_gso;
    SendQueue::Method after;
    size_t max_calls;
};

const MethodRow kMethodRows[] = {
    {"gso", SendQueue::Method::Gso, false, SendQueue::Method::Gso, 1},
    {"gso refused by the kernel", SendQueue::Method::Gso, true, SendQueue::Method::Sendmmsg, 2 * 8 + 2},
    {"sendmmsg", SendQueue::Method::Sendmmsg, false, SendQueue::Method::Sendmmsg, 2},
    {"sendto", SendQueue::Method::Sendto, false, SendQueue::Method::Sendto, 100},
};

/// Sizes that make runs of every shape: equal, equal with a short last one, growing, single.
const size_t kSizes[] = {100, 100, 100, 100, 50, 100, 120, 120, 30, 30, 30, 1, 1400, 1400, 1400, 7, 8, 9};

void test_methods(gconstpointer data) {
    const auto &row = *static_cast<const MethodRow *>(data);
    Receiver first, second;
    const auto socket = UdpSocket::bind("127.0.0.1", 0, 0).value();
    if (row.refuse_gso)
        refuse_gso(socket, 1);
    ShardCounters counters;
    SendQueue queue(socket.fd.get(), socket.family, counters);
    queue.set_method(row.method);
    for (auto *receiver : {&first, &second}) {
        for (size_t i = 0; i < std::size(kSizes); ++i)
            queue.push(receiver->address(), numbered(i, kSizes[i]));
    }
    for (size_t i = 0; i < 40; ++i) // in turns: no runs
        queue.push((i % 2 ? second : first).address(), numbered(i, 200));
    queue.flush();
    g_assert_true(queue.method() == row.after);
    for (auto *receiver : {&first, &second}) {
        const auto got = receiver->take(std::size(kSizes) + 20);
        g_assert_cmpuint(got.size(), ==, std::size(kSizes) + 20);
        for (size_t i = 0; i < std::size(kSizes); ++i)
            g_assert_true(got[i] == numbered(i, kSizes[i]));
    }
    g_assert_cmpuint(counters.datagrams_out.get(), ==, 2 * std::size(kSizes) + 40);
    g_assert_cmpuint(counters.send_calls.get(), <=, row.max_calls);
    g_assert_cmpuint(counters.dropped_send_error.get() + counters.dropped_send_full.get(), ==, 0);
}

/// The path to one viewer may refuse what the others' do not: a run that is refused says nothing about the next one.
void test_one_path() {
    Receiver receiver;
    const auto socket = UdpSocket::bind("127.0.0.1", 0, 0).value();
    ShardCounters counters;
    SendQueue queue(socket.fd.get(), socket.family, counters);
    for (int round = 0; round < 40; ++round) {
        refuse_gso(socket, round % 2);
        for (size_t i = 0; i < 10; ++i)
            queue.push(receiver.address(), numbered(i, 1000));
        const uint64_t calls = counters.send_calls.get();
        queue.flush();
        g_assert_cmpuint(counters.send_calls.get() - calls, ==, round % 2 ? 2 : 1);
        g_assert_cmpuint(receiver.take(10).size(), ==, 10);
    }
    g_assert_true(queue.method() == SendQueue::Method::Gso);
    g_assert_cmpuint(counters.dropped_send_error.get(), ==, 0);
}

/// More than the buffer, more than 64 segments, more than 64 KiB to one address.
void test_large() {
    Receiver receiver;
    const auto socket = UdpSocket::bind("127.0.0.1", 0, 0).value();
    ShardCounters counters;
    SendQueue queue(socket.fd.get(), socket.family, counters);
    size_t received = 0;
    for (size_t round = 0; round < 10; ++round) {
        for (size_t i = 0; i < 100; ++i) {
            const auto room = queue.reserve(1200);
            g_assert_cmpuint(room.size(), ==, 1200);
            queue.commit(receiver.address(), 1000);
        }
        queue.flush();
        received += receiver.take(100).size();
    }
    g_assert_cmpuint(received, ==, 1000);
    g_assert_cmpuint(counters.bytes_out.get(), ==, 1'000'000);
    g_assert_cmpuint(counters.send_calls.get(), <=, 20);
    g_assert_cmpuint(queue.reserve(SendQueue::kMaxDatagram + 1).size(), ==, 0);
    queue.commit(receiver.address(), 0); // nothing to say
    queue.flush();
    g_assert_cmpuint(receiver.take(1, 20).size(), ==, 0);
}

/// What cannot be sent is counted and does not take its neighbours along.
void test_errors() {
    Receiver receiver;
    const auto socket = UdpSocket::bind("127.0.0.1", 0, 0).value();
    ShardCounters counters;
    SendQueue queue(socket.fd.get(), socket.family, counters);
    const Address broadcast = Address::v4(255, 255, 255, 255, 9); // not allowed without SO_BROADCAST
    queue.push(broadcast, numbered(0, 10));
    queue.push(receiver.address(), numbered(1, 10));
    queue.push(broadcast, numbered(2, 10));
    queue.push(receiver.address(), numbered(3, 10));
    queue.flush();
    g_assert_true(receiver.take(2) == (std::vector{numbered(1, 10), numbered(3, 10)}));
    g_assert_cmpuint(counters.dropped_send_error.get(), ==, 2);
    g_assert_cmpuint(counters.datagrams_out.get(), ==, 2);
    g_assert_true(queue.method() == SendQueue::Method::Gso);
}

void test_ipv6() {
    auto bound = UdpSocket::bind("::", 0, 0);
    if (!bound) {
        g_test_skip("no IPv6 on this machine");
        return;
    }
    const auto socket = std::move(bound).value();
    Receiver receiver;
    ShardCounters counters;
    SendQueue queue(socket.fd.get(), socket.family, counters);
    queue.push(receiver.address(), numbered(5, 10)); // IPv4 out of an IPv6 socket
    queue.flush();
    g_assert_true(receiver.take(1) == std::vector<Bytes>{numbered(5, 10)});
    g_assert_true(receiver.from == Address::v4(127, 0, 0, 1, socket.port));

    const auto back = to_socket_address(Address::v4(127, 0, 0, 1, socket.port), AF_INET);
    const uint8_t byte = 9;
    g_assert_cmpint(
        ::sendto(receiver.socket.fd.get(), &byte, 1, 0, reinterpret_cast<const sockaddr *>(&back.storage), back.size),
        ==, 1);
    pollfd ready{socket.fd.get(), POLLIN, 0};
    g_assert_cmpint(::poll(&ready, 1, 1000), ==, 1);
    ReceiveBatch batch;
    g_assert_cmpuint(batch.receive(socket.fd.get()), ==, 1);
    const auto datagram = batch.next();
    g_assert_true(datagram && datagram->from == receiver.address());
}

} // namespace

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, nullptr);
    for (const auto &row : kMethodRows)
        g_test_add_data_func((std::string("/send-queue/method/") + row.name).c_str(), &row, test_methods);
    g_test_add_func("/send-queue/one-path", test_one_path);
    g_test_add_func("/send-queue/large", test_large);
    g_test_add_func("/send-queue/errors", test_errors);
    g_test_add_func("/send-queue/ipv6", test_ipv6);
    return g_test_run();
}
