// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A listening TCP socket for passive ICE-TCP candidates (RFC 6544 §4.1).

#pragma once

#include "net/socket.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace peerwire {

/// Nonblocking. Thread-bound after construction.
struct TcpListener {
    FileDescriptor fd;
    uint16_t port = 0;

    /// Takes `preferred` when it is free, otherwise the first free port of [port_min, port_max]; 0, 0 means any. "::"
    /// listens for IPv4 as well. Errors as UdpSocket::bind().
    static Result<TcpListener> bind(const std::string &address, uint16_t preferred, uint16_t port_min,
                                    uint16_t port_max);

    /// The next connection, nonblocking, and who is at its other end.
    std::optional<std::pair<FileDescriptor, Address>> accept();
    /// Whether the last accept() failed for want of descriptors or memory.
    bool exhausted() const { return exhausted_; }

  private:
    bool exhausted_ = false;
};

} // namespace peerwire
