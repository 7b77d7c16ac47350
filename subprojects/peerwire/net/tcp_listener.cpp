// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/tcp_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>

namespace peerwire {

namespace {

constexpr int kBacklog = 256;
// What waits in the kernel before it is on its way: a stalled reader shows early, and latency stays small.
constexpr int kUnsentBytes = 64 * 1024;

std::string system_error(const std::string &what, int error) {
    return what + ": " + std::strerror(error);
}

void set(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

/// 0, or what the kernel said.
int try_port(TcpListener &listener, SocketAddress address, uint16_t port) {
    const int family = address.storage.ss_family;
    FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.valid())
        return errno;
    set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (family == AF_INET6)
        set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0);
    set_port(address, port);
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::bind(fd.get(), reinterpret_cast<sockaddr *>(&address.storage), address.size) != 0 ||
        ::listen(fd.get(), kBacklog) != 0 || ::getsockname(fd.get(), reinterpret_cast<sockaddr *>(&bound), &size) != 0)
        return errno;
    listener.fd = std::move(fd);
    listener.port = from_socket_address(bound).port;
    return 0;
}

} // namespace

Result<TcpListener> TcpListener::bind(const std::string &text, uint16_t preferred, uint16_t port_min,
                                      uint16_t port_max) {
    const auto address = parse_socket_address(text);
    if (!address)
        return Error{400, "'" + text + "' is not a numeric IP address"};
    TcpListener listener;
    if (try_port(listener, *address, preferred) == 0)
        return listener;
    for (unsigned port = port_min; port <= port_max; ++port) {
        const int error = try_port(listener, *address, static_cast<uint16_t>(port));
        if (error == 0)
            return listener;
        if (error != EADDRINUSE)
            return Error{500, system_error("cannot listen on TCP at " + text, error)};
    }
    return Error{503, "no free TCP port from " + std::to_string(port_min) + " to " + std::to_string(port_max)};
}

std::optional<std::pair<FileDescriptor, Address>> TcpListener::accept() {
    sockaddr_storage remote{};
    socklen_t size = sizeof remote;
    FileDescriptor accepted(
        ::accept4(fd.get(), reinterpret_cast<sockaddr *>(&remote), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    exhausted_ = !accepted.valid() && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM);
    if (!accepted.valid())
        return std::nullopt;
    set(accepted.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    set(accepted.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
    Address from = from_socket_address(remote);
    from.tcp = true;
    return std::pair{std::move(accepted), from};
}

} // namespace peerwire
