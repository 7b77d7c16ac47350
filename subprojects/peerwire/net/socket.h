// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A UDP socket and the conversion of socket addresses.

#pragma once

#include "wire/address.h"
#include "wire/result.h"

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

namespace peerwire {

/// Closes its descriptor. Reentrant.
class FileDescriptor {
  public:
    explicit FileDescriptor(int fd = -1) : fd_(fd) {}
    ~FileDescriptor();
    FileDescriptor(FileDescriptor &&other) noexcept;
    FileDescriptor &operator=(FileDescriptor &&other) noexcept;

    int get() const { return fd_; }
    bool valid() const { return fd_ >= 0; }

  private:
    int fd_;
};

struct SocketAddress {
    sockaddr_storage storage;
    socklen_t size;
};

/// Nonblocking, bound. Thread-safe (constant after construction).
struct UdpSocket {
    FileDescriptor fd;
    uint16_t port = 0;
    int family = AF_INET;

    /// Takes the first free port of [port_min, port_max]; 0, 0 means any. "::" receives IPv4 as well. Error 400 for an
    /// address that cannot be, 503 when no port is free.
    static Result<UdpSocket> bind(const std::string &address, uint16_t port_min, uint16_t port_max);
};

/// A numeric IPv4 or IPv6 address with port 0.
std::optional<SocketAddress> parse_socket_address(const std::string &text);
void set_port(SocketAddress &address, uint16_t port);

/// For a socket of `family`: IPv4 goes out of an IPv6 socket in its mapped form.
SocketAddress to_socket_address(const Address &address, int family);
Address from_socket_address(const sockaddr_storage &storage);

} // namespace peerwire
