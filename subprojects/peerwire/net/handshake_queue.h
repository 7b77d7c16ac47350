// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What connecting peers sent and what costs a handshake's cryptography to read, about 0.4 ms a datagram: it waits here
// so that a storm of joins does not hold up the media of those who are connected.

#pragma once

#include "wire/address.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace peerwire {

/// First in, first out. What does not fit is dropped: DTLS repeats it. Thread-bound: its shard's thread.
class HandshakeQueue {
  public:
    static constexpr size_t kMaxDatagrams = 4096; // about 2 s of work; whoever came later has repeated it by then
    static constexpr size_t kMaxBytes = size_t{4} << 20; // of all datagrams
    static constexpr unsigned kMaxPerPeer = 16;          // the longest flight has about ten

    struct Item {
        uint64_t peer = 0;
        Address from;
        std::vector<uint8_t> bytes;
    };

    /// Copies the datagram; false when there is no room for it.
    bool push(uint64_t peer, const Address &from, std::span<const uint8_t> datagram);
    std::optional<Item> pop();
    bool empty() const { return items_.empty(); }

  private:
    std::deque<Item> items_;
    std::unordered_map<uint64_t, unsigned> per_peer_;
    size_t bytes_ = 0;
};

} // namespace peerwire
