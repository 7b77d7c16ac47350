// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "rtmpegress/net/dialer.h"

#include <cerrno>

namespace rostrum {

namespace {

constexpr int64_t kHeadStartMs = 250; // before the next address is tried beside: RFC 8305, 5

/// How the attempt stands: 0 connected, EINPROGRESS, or why it failed.
int state_of(int fd) {
    pollfd ready{fd, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 0)
        return EINPROGRESS;
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

} // namespace

void Dialer::begin(const SocketAddress &address) {
    UniqueFd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd && (connect(fd.get(), address.get(), address.size) == 0 || errno == EINPROGRESS))
        running_.push_back(std::move(fd));
    else
        error_ = g_strerror(errno);
}

UniqueFd Dialer::step(int64_t now_ms) {
    for (auto it = running_.begin(); it != running_.end();) {
        const int state = state_of(it->get());
        if (state == 0)
            return std::move(*it);
        if (state == EINPROGRESS) {
            ++it;
            continue;
        }
        error_ = g_strerror(state);
        it = running_.erase(it);
        next_at_ms_ = now_ms;
    }
    while (next_ < addresses_.size() && (now_ms >= next_at_ms_ || running_.empty())) {
        next_at_ms_ = now_ms + kHeadStartMs;
        begin(addresses_[next_++]);
    }
    return {};
}

void Dialer::add_to(std::vector<pollfd> &fds) const {
    for (const UniqueFd &fd : running_)
        fds.push_back({fd.get(), POLLOUT, 0});
}

} // namespace rostrum
