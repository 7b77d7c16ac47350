// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Takes many datagrams from a socket in one system call.

#pragma once

#include "wire/address.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace peerwire {

/// Thread-bound: its shard's thread.
class ReceiveBatch {
  public:
    static constexpr size_t kDatagrams = 32;
    static constexpr size_t kMaxDatagram = 2048; ///< larger ones are cut and marked

    struct Datagram {
        Address from;
        std::span<uint8_t> bytes; ///< writable: media is decrypted in place
        bool cut = false;
    };

    ReceiveBatch();
    ~ReceiveBatch();

    /// Returns how many there are; 0 when the socket is empty.
    size_t receive(int fd);
    /// Of the last receive().
    Datagram operator[](size_t i);

  private:
    struct Storage;
    std::unique_ptr<Storage> storage_;
};

} // namespace peerwire
