// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/tcp_links.h"

#include "net/clock.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace peerwire {

namespace {

constexpr int kEvents = 64;
constexpr int kAcceptsARound = 64;
constexpr size_t kReadSize = 16 * 1024;
// Of each round, then media gets its turn. One read more, full of frames of one byte, is half a millisecond.
constexpr TimeNs kSlice = 2 * kNsPerMs;
constexpr TimeNs kSweepEvery = kNsPerSecond;

} // namespace

TcpLinks::TcpLinks(TcpListener listener, TcpLimits limits, ShardCounters &counters, TcpLinksOwner &owner)
    : listener_(std::move(listener)), limits_(limits), counters_(counters), owner_(owner),
      epoll_(epoll_create1(EPOLL_CLOEXEC)), scratch_(kReadSize) {}

Result<std::unique_ptr<TcpLinks>> TcpLinks::create(TcpListener listener, TcpLimits limits, ShardCounters &counters,
                                                   TcpLinksOwner &owner) {
    std::unique_ptr<TcpLinks> links(new TcpLinks(std::move(listener), limits, counters, owner));
    if (!links->epoll_.valid() || !links->watch(EPOLL_CTL_ADD, links->listener_.fd.get(), EPOLLIN))
        return Error{500, std::string("cannot watch TCP connections: ") + std::strerror(errno)};
    return links;
}

bool TcpLinks::watch(int operation, int fd, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
}

TcpLink *TcpLinks::find(const Address &remote) {
    const auto found = by_address_.find(remote);
    return found == by_address_.end() ? nullptr : found->second;
}

void TcpLinks::process(TimeNs now) {
    std::array<epoll_event, kEvents> events;
    const int count = epoll_wait(epoll_.get(), events.data(), kEvents, 0);
    const TimeNs end = monotonic_now() + kSlice;
    for (int i = 0; i < count; ++i) {
        if (i > 0 && monotonic_now() >= end)
            break; // the kernel tells of the others again
        const int fd = events[static_cast<size_t>(i)].data.fd;
        const uint32_t what = events[static_cast<size_t>(i)].events;
        if (fd == listener_.fd.get()) {
            accept_all(now);
            continue;
        }
        const auto found = links_.find(fd);
        if (found == links_.end() || found->second->closing)
            continue;
        if (what & EPOLLOUT)
            flush(now, *found->second);
        if ((what & ~EPOLLOUT) && !found->second->closing)
            read(now, *found->second);
    }
    if (now >= next_sweep_)
        sweep(now);
    bury(now);
}

void TcpLinks::accept_all(TimeNs now) {
    for (int i = 0; i < kAcceptsARound; ++i) {
        auto accepted = listener_.accept();
        if (!accepted)
            break;
        adopt(now, std::move(accepted->first), accepted->second);
        bury(now);
    }
    if (listener_.exhausted() && watch(EPOLL_CTL_MOD, listener_.fd.get(), 0))
        listening_ = false; // until the next sweep
}

void TcpLinks::adopt(TimeNs now, FileDescriptor fd, const Address &remote) {
    if (!make_room(remote) || !watch(EPOLL_CTL_ADD, fd.get(), EPOLLIN))
        return counters_.tcp_refused.add();
    if (links_.empty())
        next_sweep_ = now + kSweepEvery;
    const int number = fd.get();
    auto link = std::make_unique<TcpLink>(std::move(fd), remote, now);
    by_address_[remote] = link.get();
    unproven_.push_back(link.get());
    links_[number] = std::move(link);
    counters_.tcp_accepted.add();
}

bool TcpLinks::make_room(const Address &remote) {
    const auto of_host = [&remote](const TcpLink *link) { return host_of(link->remote()) == host_of(remote); };
    const auto neighbours = std::count_if(unproven_.begin(), unproven_.end(), of_host);
    if (static_cast<size_t>(neighbours) >= limits_.unproven_per_host || find(remote) != nullptr)
        return false;
    if (unproven_.size() >= limits_.unproven) {
        counters_.tcp_refused.add();
        end(*unproven_.front());
    }
    return links_.size() - ended_.size() < limits_.links;
}

void TcpLinks::read(TimeNs now, TcpLink &link) {
    const bool alive = link.read(scratch_, [this, now, &link](std::span<uint8_t> datagram) {
        if (!link.closing)
            owner_.on_datagram(now, link.remote(), datagram);
    });
    if (!alive)
        end(link);
}

void TcpLinks::send(const Address &to, std::span<const uint8_t> datagram) {
    TcpLink *link = find(to);
    if (link == nullptr || link->closing)
        return counters_.dropped_send_error.add();
    if (!link->queue(datagram))
        return counters_.dropped_send_full.add();
    counters_.datagrams_out.add();
    counters_.bytes_out.add(datagram.size());
    if (!std::exchange(link->dirty, true))
        dirty_.push_back(link->fd());
}

void TcpLinks::flush(TimeNs now) {
    for (const int fd : dirty_) {
        const auto found = links_.find(fd);
        if (found == links_.end() || !std::exchange(found->second->dirty, false))
            continue;
        if (!found->second->watched && !found->second->closing)
            flush(now, *found->second);
    }
    dirty_.clear();
    bury(now);
}

void TcpLinks::flush(TimeNs now, TcpLink &link) {
    counters_.send_calls.add();
    if (!link.flush(now))
        return end(link);
    if (link.watched == link.idle()) {
        link.watched = !link.idle();
        watch(EPOLL_CTL_MOD, link.fd(), link.watched ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

void TcpLinks::prove(const Address &remote) {
    TcpLink *link = find(remote);
    if (link == nullptr || std::exchange(link->proven, true))
        return;
    unproven_.erase(std::find(unproven_.begin(), unproven_.end(), link));
}

void TcpLinks::close(const Address &remote) {
    if (TcpLink *link = find(remote))
        end(*link);
}

/// Marks it; bury() does the rest, when nobody is in the middle of using it.
void TcpLinks::end(TcpLink &link) {
    if (std::exchange(link.closing, true))
        return;
    ended_.push_back(link.fd());
    by_address_.erase(link.remote());
    if (!link.proven)
        unproven_.erase(std::find(unproven_.begin(), unproven_.end(), &link));
}

void TcpLinks::sweep(TimeNs now) {
    next_sweep_ = now + kSweepEvery;
    if (!listening_)
        listening_ = watch(EPOLL_CTL_MOD, listener_.fd.get(), EPOLLIN);
    while (!unproven_.empty() && now - unproven_.front()->opened() > limits_.proof_timeout)
        end(*unproven_.front());
    for (auto &[fd, link] : links_) {
        if (!link->closing && now - limits_.stuck_after > link->stuck_since()) {
            link->abandon();
            counters_.tcp_stuck.add();
            end(*link);
        }
    }
}

void TcpLinks::bury(TimeNs now) {
    while (!ended_.empty()) {
        const auto found = links_.find(ended_.back());
        ended_.pop_back();
        found->second->flush(now); // close_notify, if the socket takes it
        const Address remote = found->second->remote();
        links_.erase(found);
        owner_.on_link_closed(remote);
    }
}

} // namespace peerwire
