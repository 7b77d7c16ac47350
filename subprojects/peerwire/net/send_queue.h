// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a shard sends: datagrams are built in place, back to back, and leave in few system calls.

#pragma once

#include "net/counters.h"
#include "net/socket.h"
#include "wire/address.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace peerwire {

/// Takes the datagrams for addresses that are TCP connections.
class StreamSender {
  public:
    virtual ~StreamSender() = default;
    virtual void send(const Address &to, std::span<const uint8_t> datagram) = 0;
};

/// Neighbouring datagrams to one address whose sizes are equal (the last may be shorter) form a *run* and leave as one
/// UDP GSO send (UDP_SEGMENT): the kernel's cost is per send, not per byte. Runs of several peers leave in one
/// sendmmsg(). What the kernel refuses falls back for good: GSO → sendmmsg → sendto. Thread-bound: its shard's thread.
/// A run that it refuses because of its path (a smaller MTU, IPsec) falls back alone.
class SendQueue {
  public:
    static constexpr size_t kMaxDatagram = 2048;

    SendQueue(int fd, int family, ShardCounters &counters);
    ~SendQueue();

    /// Room for one datagram of up to `size` (<= kMaxDatagram) bytes behind what is queued; flushes first when it is
    /// full. Valid until the next call.
    std::span<uint8_t> reserve(size_t size);
    /// Queues the first `size` bytes of the reserved room.
    void commit(const Address &to, size_t size);
    /// Copies and queues.
    void push(const Address &to, std::span<const uint8_t> datagram);

    /// Who sends to TCP connections; without one such datagrams are dropped. Not owned.
    void set_stream_sender(StreamSender *sender) { streams_ = sender; }

    /// Sends everything. When the socket stays full, what is left is dropped and counted.
    void flush();

    /// How the kernel is asked; only ever goes down. Settable for tests.
    enum class Method { Gso, Sendmmsg, Sendto };
    Method method() const { return method_; }
    void set_method(Method method) { method_ = method; }

  private:
    static constexpr size_t kCapacity = 256 * 1024;
    static constexpr size_t kMaxRuns = 64;
    static constexpr size_t kMaxSegments = 64;     ///< UDP_MAX_SEGMENTS of kernels before 6.7
    static constexpr size_t kMaxRunBytes = 65'000; ///< one UDP datagram before it is cut up

    struct Run {
        Address to;
        size_t at = 0;
        size_t size = 0;
        uint16_t segment = 0; ///< size of every datagram but the last
        uint16_t count = 0;
        bool open = false;  ///< takes another datagram of up to `segment` bytes
        bool split = false; ///< leaves one by one: its path does not do GSO
    };

    struct Batch; ///< the arrays of one sendmmsg()

    /// The next datagram to send: the runs in front of it are gone.
    struct Cursor {
        size_t run = 0;
        uint16_t segment = 0;
    };

    size_t fill(Cursor from);
    int send(size_t messages);
    Cursor count_sent(Cursor from, size_t messages);
    bool handle_error(int error, Cursor &cursor);
    bool wait_writable();

    const int fd_;
    const int family_;
    ShardCounters &counters_;
    StreamSender *streams_ = nullptr;
    Method method_ = Method::Gso;
    unsigned gso_refusals_ = 0; ///< without a success in between
    std::unique_ptr<uint8_t[]> bytes_;
    size_t used_ = 0;
    std::array<Run, kMaxRuns> runs_;
    size_t run_count_ = 0;
    std::unique_ptr<Batch> batch_;
    int wait_left_ms_ = 0; ///< of this flush
};

} // namespace peerwire
