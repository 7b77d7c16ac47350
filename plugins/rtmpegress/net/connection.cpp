// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/net/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <glib.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace rostrum {

namespace {

constexpr int kUserTimeoutMs = 8'000;   // a network that is gone: no acknowledgement for so long ends the connection
constexpr int kUnsentBytes = 128 << 10; // in the kernel; more waits here, where frames can still be left out
constexpr size_t kReadBytes = 16 << 10;

void set(int fd, int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof value);
}

} // namespace

Connection::Connection(UniqueFd fd, std::optional<TlsClient> tls) : fd_(std::move(fd)), tls_(std::move(tls)) {
    set(fd_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    set(fd_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUserTimeoutMs);
    set(fd_.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentBytes);
}

void Connection::fail(int error) {
    if (!failure_)
        failure_ = {false, std::string("the connection broke: ") + g_strerror(error)};
}

/// Moves what is to be sent to the wire, through TLS once its handshake is done.
void Connection::encrypt() {
    wire_.erase(wire_.begin(), wire_.begin() + static_cast<ptrdiff_t>(wire_head_));
    wire_head_ = 0;
    if (!tls_) {
        if (wire_.empty())
            wire_.swap(outgoing_);
        else
            rtmp::append(wire_, outgoing_);
        outgoing_.clear();
        return;
    }
    if (tls_->shake_hands()) {
        tls_->write(outgoing_);
        outgoing_.clear();
    }
    tls_->produce(wire_);
    if (tls_->failure() && !failure_)
        failure_ = {tls_->failure()->certificate, tls_->failure()->text};
}

bool Connection::takes_more() const {
    int bytes = 0;
    return ioctl(fd_.get(), SIOCOUTQNSD, &bytes) != 0 || bytes < kUnsentBytes;
}

void Connection::flush() {
    encrypt();
    while (wire_head_ < wire_.size() && takes_more()) {
        const ssize_t size = send(fd_.get(), &wire_[wire_head_], wire_.size() - wire_head_, MSG_NOSIGNAL);
        if (size < 0) {
            if (errno != EAGAIN && errno != EINTR)
                fail(errno);
            return;
        }
        wire_head_ += static_cast<size_t>(size);
        sent_ += static_cast<uint64_t>(size);
    }
}

void Connection::shut_down() {
    if (tls_) {
        tls_->close();
        flush();
    }
    shutdown(fd_.get(), SHUT_WR);
}

size_t Connection::receive(std::span<uint8_t> plain) {
    if (tls_) {
        if (const size_t size = tls_->read(plain); size > 0)
            return size;
        closed_ = closed_ || tls_->is_closed(); // its goodbye may have come with the last data
    }
    std::array<uint8_t, kReadBytes> wire;
    const std::span<uint8_t> target = tls_ ? std::span<uint8_t>(wire) : plain;
    const ssize_t size = closed_ ? 0 : recv(fd_.get(), target.data(), target.size(), 0);
    if (size < 0) {
        if (errno != EAGAIN && errno != EINTR)
            fail(errno);
        return 0;
    }
    received_ += static_cast<uint64_t>(size);
    closed_ = closed_ || size == 0;
    if (!tls_ || size == 0)
        return static_cast<size_t>(size);
    tls_->receive({wire.data(), static_cast<size_t>(size)});
    const size_t read = tls_->shake_hands() ? tls_->read(plain) : 0;
    closed_ = closed_ || tls_->is_closed();
    encrypt(); // the next step of a handshake, or why there is none
    return read;
}

uint64_t Connection::unacknowledged() const {
    int bytes = 0;
    return ioctl(fd_.get(), SIOCOUTQ, &bytes) == 0 ? static_cast<uint64_t>(std::max(bytes, 0)) : 0;
}

} // namespace rostrum
