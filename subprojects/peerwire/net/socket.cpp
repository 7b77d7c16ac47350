// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace peerwire {

namespace {

// A keyframe to a thousand viewers, a burst of a thousand feedback packets; the kernel gives what net.core.*mem_max
// allows.
constexpr int kSocketBufferBytes = 4 << 20;

std::string system_error(const std::string &what, int error) {
    return what + ": " + std::strerror(error);
}

} // namespace

std::optional<SocketAddress> parse_socket_address(const std::string &text) {
    SocketAddress address{};
    auto *v4 = reinterpret_cast<sockaddr_in *>(&address.storage);
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&address.storage);
    if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        address.size = sizeof *v4;
        return address;
    }
    if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        address.size = sizeof *v6;
        return address;
    }
    return std::nullopt;
}

void set_port(SocketAddress &address, uint16_t port) {
    if (address.storage.ss_family == AF_INET)
        reinterpret_cast<sockaddr_in *>(&address.storage)->sin_port = htons(port);
    else
        reinterpret_cast<sockaddr_in6 *>(&address.storage)->sin6_port = htons(port);
}

FileDescriptor::~FileDescriptor() {
    if (fd_ >= 0)
        ::close(fd_);
}
FileDescriptor::FileDescriptor(FileDescriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
FileDescriptor &FileDescriptor::operator=(FileDescriptor &&other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Result<UdpSocket> UdpSocket::bind(const std::string &text, uint16_t port_min, uint16_t port_max) {
    auto address = parse_socket_address(text);
    if (!address)
        return Error{400, "'" + text + "' is not a numeric IP address"};
    if (port_min > port_max || (port_min == 0 && port_max != 0))
        return Error{400, "a port range goes from its smaller to its larger port"};
    UdpSocket udp;
    udp.family = address->storage.ss_family;
    udp.fd = FileDescriptor(::socket(udp.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!udp.fd.valid())
        return Error{500, system_error("cannot create a UDP socket", errno)};
    const int no = 0;
    if (udp.family == AF_INET6)
        setsockopt(udp.fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    setsockopt(udp.fd.get(), SOL_SOCKET, SO_RCVBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);
    setsockopt(udp.fd.get(), SOL_SOCKET, SO_SNDBUF, &kSocketBufferBytes, sizeof kSocketBufferBytes);

    for (unsigned port = port_min; port <= port_max; ++port) {
        set_port(*address, static_cast<uint16_t>(port));
        if (::bind(udp.fd.get(), reinterpret_cast<sockaddr *>(&address->storage), address->size) == 0) {
            sockaddr_storage bound{};
            socklen_t size = sizeof bound;
            getsockname(udp.fd.get(), reinterpret_cast<sockaddr *>(&bound), &size);
            udp.port = from_socket_address(bound).port;
            return udp;
        }
        if (errno != EADDRINUSE)
            return Error{500, system_error("cannot bind a UDP socket to " + text, errno)};
    }
    return Error{503, "no free UDP port from " + std::to_string(port_min) + " to " + std::to_string(port_max)};
}

SocketAddress to_socket_address(const Address &address, int family) {
    SocketAddress result{};
    if (family == AF_INET) {
        auto *v4 = reinterpret_cast<sockaddr_in *>(&result.storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address.port);
        std::memcpy(&v4->sin_addr, address.ip.data(), 4);
        result.size = sizeof *v4;
        return result;
    }
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&result.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    result.size = sizeof *v6;
    if (address.v6) {
        std::memcpy(&v6->sin6_addr, address.ip.data(), 16);
    } else {
        v6->sin6_addr.s6_addr[10] = v6->sin6_addr.s6_addr[11] = 0xff;
        std::memcpy(&v6->sin6_addr.s6_addr[12], address.ip.data(), 4);
    }
    return result;
}

Address from_socket_address(const sockaddr_storage &storage) {
    Address address;
    if (storage.ss_family == AF_INET) {
        const auto *v4 = reinterpret_cast<const sockaddr_in *>(&storage);
        std::memcpy(address.ip.data(), &v4->sin_addr, 4);
        address.port = ntohs(v4->sin_port);
    } else if (storage.ss_family == AF_INET6) {
        const auto *v6 = reinterpret_cast<const sockaddr_in6 *>(&storage);
        address.port = ntohs(v6->sin6_port);
        address.v6 = !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
        if (address.v6)
            std::memcpy(address.ip.data(), &v6->sin6_addr, 16);
        else
            std::memcpy(address.ip.data(), &v6->sin6_addr.s6_addr[12], 4);
    }
    return address;
}

} // namespace peerwire
