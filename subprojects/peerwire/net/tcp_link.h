// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One TCP connection that carries a peer's datagrams.

#pragma once

#include "net/socket.h"
#include "wire/address.h"
#include "wire/stream_framing.h"
#include "wire/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace peerwire {

/// Thread-bound: its shard's thread.
class TcpLink {
  public:
    /// What waits here for a reader that is slow, on top of what the kernel holds.
    static constexpr size_t kMaxQueued = 256 * 1024;

    TcpLink(FileDescriptor fd, Address remote, TimeNs now)
        : fd_(std::move(fd)), remote_(remote), opened_(now), moved_(now) {}

    int fd() const { return fd_.get(); }
    const Address &remote() const { return remote_; }

    /// Reads once, up to the size of `scratch`, and hands out datagrams. False when the connection is over: closed by
    /// the other side, or its framing is broken.
    template <class F> bool read(std::span<uint8_t> scratch, F &&on_datagram) {
        const auto bytes = receive(scratch);
        return bytes && deframer_.feed(*bytes, on_datagram);
    }

    /// Queues a datagram whole, or, when kMaxQueued would be exceeded, not at all: false.
    bool queue(std::span<const uint8_t> datagram);
    /// Writes what the socket takes. False when the connection is over.
    bool flush(TimeNs now);

    bool idle() const { return sent_ == queued_.size(); }
    /// Since when the other side takes nothing of what waits; kNever when nothing waits.
    TimeNs stuck_since() const { return idle() ? kNever : moved_; }
    /// What is not delivered is thrown away when the descriptor closes, so that the kernel keeps nothing for it.
    void abandon();

    TimeNs opened() const { return opened_; }

    // The owner's notes.
    bool proven = false;  ///< an authentic connectivity check came from it
    bool dirty = false;   ///< in the owner's list of links to flush
    bool closing = false; ///< ends as soon as the owner is back in its loop
    bool watched = false; ///< the owner waits until it is writable

  private:
    std::optional<std::span<uint8_t>> receive(std::span<uint8_t> scratch);

    FileDescriptor fd_;
    const Address remote_;
    const TimeNs opened_;
    TimeNs moved_; ///< when the queue was empty or got shorter
    Deframer deframer_;
    std::vector<uint8_t> queued_; ///< framed
    size_t sent_ = 0;             ///< of queued_
};

} // namespace peerwire
