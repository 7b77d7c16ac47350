// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/tcp_link.h"

#include <sys/socket.h>

#include <cerrno>

namespace peerwire {

namespace {

constexpr size_t kKeptCapacity = 16 * 1024; // of an empty queue; what a burst took beyond goes back

bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

} // namespace

std::optional<std::span<uint8_t>> TcpLink::receive(std::span<uint8_t> scratch) {
    const auto size = ::recv(fd_.get(), scratch.data(), scratch.size(), 0);
    if (size > 0)
        return scratch.first(static_cast<size_t>(size));
    if (size < 0 && would_block(errno))
        return scratch.first(0);
    return std::nullopt;
}

bool TcpLink::queue(std::span<const uint8_t> datagram) {
    if (queued_.size() - sent_ + kFrameHeader + datagram.size() > kMaxQueued)
        return false;
    if (sent_ > 0 && sent_ >= queued_.size() / 2) {
        queued_.erase(queued_.begin(), queued_.begin() + static_cast<std::ptrdiff_t>(sent_));
        sent_ = 0;
    }
    const uint8_t header[kFrameHeader] = {static_cast<uint8_t>(datagram.size() >> 8),
                                          static_cast<uint8_t>(datagram.size())};
    queued_.insert(queued_.end(), header, header + kFrameHeader);
    queued_.insert(queued_.end(), datagram.begin(), datagram.end());
    return true;
}

bool TcpLink::flush(TimeNs now) {
    while (!idle()) {
        const auto size =
            ::send(fd_.get(), queued_.data() + sent_, queued_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0)
            return would_block(errno);
        sent_ += static_cast<size_t>(size);
        moved_ = now;
    }
    moved_ = now;
    queued_.clear();
    sent_ = 0;
    if (queued_.capacity() > kKeptCapacity)
        queued_ = {};
    return true;
}

void TcpLink::abandon() {
    const linger now{1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

} // namespace peerwire
