// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Takes many datagrams from a socket in one system call.

#pragma once

#include "wire/address.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace peerwire {

/// Thread-bound: its shard's thread.
class ReceiveBatch {
  public:
    static constexpr size_t kMessages = 16;
    static constexpr size_t kMaxDatagram = 2048; ///< larger ones are of no protocol of ours

    struct Datagram {
        Address from;
        std::span<uint8_t> bytes; ///< writable: media is decrypted in place
        bool cut = false;         ///< larger than kMaxDatagram
    };

    ReceiveBatch();
    ~ReceiveBatch();

    /// The kernel may hand over neighbouring datagrams of one sender as one message (UDP_GRO). False when it does not
    /// know how: then each message is one datagram.
    static bool coalesce(int fd);

    /// Takes what is there, up to kMessages, in place of what was left. Returns how many messages; fewer than that when
    /// the socket is empty.
    size_t receive(int fd);
    /// The next datagram; its bytes stay until receive().
    std::optional<Datagram> next();

  private:
    struct Storage;
    std::unique_ptr<Storage> storage_;
    size_t count_ = 0;   ///< messages
    size_t message_ = 0; ///< that next() is at
    size_t offset_ = 0;  ///< in it
};

} // namespace peerwire
