// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The TCP connections of a shard: ICE-TCP, passive (RFC 6544 §5.2).

#pragma once

#include "net/counters.h"
#include "net/send_queue.h"
#include "net/tcp_limits.h"
#include "net/tcp_link.h"
#include "net/tcp_listener.h"

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace peerwire {

/// What arrives and what ends, for the shard. Inside on_datagram() links may be proven and closed, not destroyed.
class TcpLinksOwner {
  public:
    virtual ~TcpLinksOwner() = default;
    virtual void on_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram) = 0;
    /// Nothing can be sent to `remote` any more, and nothing comes from there.
    virtual void on_link_closed(const Address &remote) = 0;
};

/// Thread-bound: its shard's thread.
class TcpLinks final : public StreamSender {
  public:
    /// Error 500 when the kernel has no descriptors left.
    static Result<std::unique_ptr<TcpLinks>> create(TcpListener listener, TcpLimits limits, ShardCounters &counters,
                                                    TcpLinksOwner &owner);

    /// Readable when process() has something to do.
    int fd() const { return epoll_.get(); }
    /// When process() is wanted though nothing is readable.
    TimeNs next_timeout() const { return links_.empty() && listening_ ? kNever : next_sweep_; }
    uint16_t port() const { return listener_.port; }

    /// Accepts, reads, writes and ends connections.
    void process(TimeNs now);
    /// Queues a datagram; flush() sends it. To an address without a connection it is dropped and counted.
    void send(const Address &to, std::span<const uint8_t> datagram) override;
    void flush(TimeNs now);

    /// An authentic check came from `remote`.
    void prove(const Address &remote);
    /// Ends the connection, if there is one, after a last attempt to write what is queued.
    void close(const Address &remote);

  private:
    TcpLinks(TcpListener listener, TcpLimits limits, ShardCounters &counters, TcpLinksOwner &owner);

    TcpLink *find(const Address &remote);
    bool watch(int operation, int fd, uint32_t events);
    void accept_all(TimeNs now);
    void adopt(TimeNs now, FileDescriptor fd, const Address &remote);
    bool make_room(const Address &remote);
    void read(TimeNs now, TcpLink &link);
    void flush(TimeNs now, TcpLink &link);
    void end(TcpLink &link);
    void sweep(TimeNs now);
    void bury(TimeNs now);

    TcpListener listener_;
    const TcpLimits limits_;
    ShardCounters &counters_;
    TcpLinksOwner &owner_;
    FileDescriptor epoll_;
    bool listening_ = true; ///< false while there are no descriptors left
    TimeNs next_sweep_ = 0;
    std::vector<uint8_t> scratch_;
    std::unordered_map<int, std::unique_ptr<TcpLink>> links_; ///< by descriptor
    std::unordered_map<Address, TcpLink *, AddressHash> by_address_;
    std::vector<TcpLink *> unproven_; ///< the oldest first
    std::vector<int> dirty_;
    std::vector<int> ended_;
};

} // namespace peerwire
