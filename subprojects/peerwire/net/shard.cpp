// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/shard.h"

#include "net/clock.h"
#include "wire/demux.h"
#include "wire/stun.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace peerwire {

namespace {

constexpr size_t kReceiveAtOnce = 256;         // datagrams, before timers and sending get a turn
constexpr TimeNs kMaxWait = 10 * kNsPerSecond; // an idle shard looks up now and then; nothing depends on it

} // namespace

Shard::Shard(UdpSocket socket, const ShardLimits &limits, ClosedFn closed)
    : socket_(std::move(socket)), event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), epoll_(epoll_create1(EPOLL_CLOEXEC)),
      closed_(std::move(closed)), queue_(socket_.fd.get(), socket_.family, counters_),
      handshake_limits_(limits.handshakes, limits.handshakes_per_address) {}

Result<std::unique_ptr<Shard>> Shard::create(unsigned index, UdpSocket socket, std::optional<TcpListener> listener,
                                             const ShardLimits &limits, ClosedFn closed) {
    std::unique_ptr<Shard> shard(new Shard(std::move(socket), limits, std::move(closed)));
    std::vector<int> watched{shard->socket_.fd.get(), shard->event_.get()};
    if (listener) {
        auto links = TcpLinks::create(std::move(*listener), limits.tcp, shard->counters_, *shard);
        if (!links)
            return links.error();
        shard->tcp_ = std::move(links).value();
        shard->queue_.set_stream_sender(shard->tcp_.get());
        watched.push_back(shard->tcp_->fd());
    }
    ReceiveBatch::coalesce(shard->socket_.fd.get());
    bool ok = shard->event_.valid() && shard->epoll_.valid();
    for (const int fd : watched) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.fd = fd;
        ok = ok && epoll_ctl(shard->epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
    }
    if (!ok)
        return Error{500, std::string("cannot create a shard: ") + std::strerror(errno)};
    shard->thread_ = std::thread([self = shard.get()] { self->run(); });
    pthread_setname_np(shard->thread_.native_handle(), ("peerwire-" + std::to_string(index)).c_str());
    return shard;
}

Shard::~Shard() {
    if (!thread_.joinable())
        return;
    post(StopCommand{});
    thread_.join();
}

void Shard::post(ShardCommand command) {
    {
        MutexLock lock(mutex_);
        commands_.push_back(std::move(command));
    }
    signal();
}

void Shard::wake() {
    TimeNs nobody = kNever;
    if (wake_since_.compare_exchange_strong(nobody, monotonic_now(), std::memory_order_acq_rel))
        signal();
}

void Shard::wake_lazily() {
    if (!load_.holding())
        return wake();
    TimeNs nobody = kNever; // the shard looks by itself
    lazy_since_.compare_exchange_strong(nobody, monotonic_now(), std::memory_order_acq_rel);
}

void Shard::signal() {
    const uint64_t one = 1;
    // Fails only when the counter is full: then the shard is about to look anyway.
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

void Shard::run() {
    while (!stopping_) {
        wait_for_events();
        const TimeNs now = monotonic_now();
        load_.woke(now);
        run_commands(now);
        if (socket_ready_)
            receive(now);
        if (tcp_ready_ || (tcp_ && tcp_->next_timeout() <= now))
            tcp_->process(now);
        wake_peers_if_wanted(monotonic_now());
        run_timers(monotonic_now());
        work_on_handshakes();
        queue_.flush();
        if (tcp_)
            tcp_->flush(monotonic_now());
        bury_closed();
        load_.done(monotonic_now(), connected_.size());
    }
}

void Shard::wait_for_events() {
    const TimeNs now = monotonic_now();
    const TimeNs due = std::min({timers_.next(), hold_ends(now), tcp_ ? tcp_->next_timeout() : kNever});
    const TimeNs next = has_backlog() ? now : due;
    const TimeNs wait = std::clamp<TimeNs>(next - now, 0, kMaxWait);
    std::array<epoll_event, 3> events;
    int count = -1;
    if (has_pwait2_) {
        const timespec timeout{wait / kNsPerSecond, wait % kNsPerSecond};
        count = epoll_pwait2(epoll_.get(), events.data(), events.size(), &timeout, nullptr);
        has_pwait2_ = count >= 0 || errno != ENOSYS;
    }
    if (!has_pwait2_)
        count =
            epoll_wait(epoll_.get(), events.data(), events.size(), static_cast<int>((wait + kNsPerMs - 1) / kNsPerMs));
    socket_ready_ = tcp_ready_ = false;
    for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<size_t>(i)].data.fd;
        if (fd == socket_.fd.get()) {
            socket_ready_ = true;
        } else if (fd != event_.get()) {
            tcp_ready_ = true;
        } else {
            uint64_t drained;
            [[maybe_unused]] const auto got = ::read(event_.get(), &drained, sizeof drained);
        }
    }
}

void Shard::receive(TimeNs now) {
    for (size_t received = 0; received < kReceiveAtOnce;) {
        const size_t messages = batch_.receive(socket_.fd.get());
        for (; const auto datagram = batch_.next(); ++received)
            dispatch(now, *datagram);
        bury_closed();
        if (messages < ReceiveBatch::kMessages)
            return;
    }
}

void Shard::dispatch(TimeNs now, const ReceiveBatch::Datagram &datagram) {
    counters_.datagrams_in.add();
    counters_.bytes_in.add(datagram.bytes.size());
    if (datagram.cut || datagram.from.port == 0)
        return counters_.dropped_malformed.add();
    PeerHost *host = find_receiver(datagram);
    if (host == nullptr) {
        switch (classify_datagram(datagram.bytes)) {
        case DatagramKind::Stun:
            return count(DatagramFate::Stun);
        case DatagramKind::Dtls:
            return count(DatagramFate::Unchecked);
        default:
            return count(DatagramFate::Unknown);
        }
    }
    if (!host->closed() && host->peer()->expects_handshake(classify_datagram(datagram.bytes)))
        return queue_handshake(*host, datagram);
    count(host->handle_datagram(now, datagram.from, datagram.bytes));
    if (!host->closed())
        rearm(*host, now);
}

/// Checks say by their USERNAME whom they are for, and may come from anywhere; all else belongs to the peer that owns
/// the address.
PeerHost *Shard::find_receiver(const ReceiveBatch::Datagram &datagram) const {
    if (classify_datagram(datagram.bytes) == DatagramKind::Stun) {
        const auto message = parse_stun(datagram.bytes);
        if (!message || !message->is(StunType::BindingRequest))
            return nullptr;
        const auto found = by_ufrag_.find(IceLite::receiver_ufrag(message->username));
        return found == by_ufrag_.end() ? nullptr : found->second;
    }
    const auto found = by_address_.find(datagram.from);
    return found == by_address_.end() ? nullptr : found->second;
}

void Shard::count(DatagramFate fate) {
    switch (fate) {
    case DatagramFate::Accepted:
        return;
    case DatagramFate::Unknown:
        return counters_.dropped_unknown.add();
    case DatagramFate::Stun:
        return counters_.dropped_stun.add();
    case DatagramFate::Unchecked:
        return counters_.dropped_unchecked.add();
    case DatagramFate::Auth:
        return counters_.dropped_auth.add();
    case DatagramFate::Replay:
        return counters_.dropped_replay.add();
    case DatagramFate::Early:
        return counters_.dropped_early.add();
    case DatagramFate::Malformed:
        return counters_.dropped_malformed.add();
    }
}

void Shard::execute(TimeNs now, AddPeerCommand &command) {
    auto &host = hosts_[command.id];
    host = std::make_unique<PeerHost>(command.id, std::move(command.endpoint), queue_,
                                      static_cast<PeerHostOwner &>(*this));
    counters_.peers_added.add();
    if (!host->start(now, std::move(command.config)))
        return;
    answer_to(*host, host->peer()->ice().local().ufrag);
    rearm(*host, now);
}

void Shard::execute(TimeNs, RestartIceCommand &command) {
    const auto found = hosts_.find(command.id);
    if (found == hosts_.end() || found->second->closed())
        return;
    answer_to(*found->second, command.local.ufrag);
    found->second->peer()->restart_ice(std::move(command.local), std::move(command.remote_ufrag));
}

/// Checks for `ufrag` are the host's. The one before stays valid during an ICE restart, older ones do not.
void Shard::answer_to(PeerHost &host, const std::string &ufrag) {
    by_ufrag_[ufrag] = &host;
    host.ufrags.push_back(ufrag);
    if (host.ufrags.size() > 2) {
        by_ufrag_.erase(host.ufrags.front());
        host.ufrags.erase(host.ufrags.begin());
    }
}

void Shard::execute(TimeNs now, RemovePeerCommand &command) {
    const auto found = hosts_.find(command.id);
    if (found != hosts_.end())
        found->second->close(now, command.reason);
}

void Shard::execute(TimeNs now, StopCommand &) {
    stopping_ = true;
    for (auto &[id, host] : hosts_)
        host->close(now, CloseReason::Shutdown);
}

/// Those that were due at `due`. Each one gets the time that it is: a paced burst would not be one if it went on with
/// a time that has passed.
void Shard::run_timers(TimeNs due) {
    while (PeerHost *host = timers_.pop(due)) {
        const TimeNs now = monotonic_now();
        host->handle_timeout(now);
        if (!host->closed())
            // A timeout that is not in the future waits for the next round, so that one peer cannot hold the loop.
            timers_.arm(*host, std::max(host->next_timeout(now), now + 1));
    }
}

/// When what waits for company has waited long enough; a call of wake_lazily() that comes meanwhile is seen at that
/// time.
TimeNs Shard::hold_ends(TimeNs now) const {
    const TimeNs since = lazy_since_.load(std::memory_order_acquire);
    if (!load_.holding())
        return since == kNever ? kNever : now;
    return (since == kNever ? now : since) + kMaxHoldNs;
}

void Shard::wake_peers_if_wanted(TimeNs now) {
    const bool overdue = lazy_since_.load(std::memory_order_acquire) != kNever && hold_ends(now) <= now;
    const TimeNs since = wake_since_.exchange(kNever, std::memory_order_acq_rel);
    if (since == kNever && !overdue)
        return;
    if (since != kNever)
        counters_.longest_wake_us.raise(static_cast<uint64_t>((now - since) / kNsPerUs));
    lazy_since_.store(kNever, std::memory_order_release);
    busy_ = load_.holding() && !overdue;
    wake_peers();
}

/// So that `i`'s turn finds in the cache what it needs.
void Shard::prefetch_after(size_t i) const {
    using enum PeerHost::Fetch;
    constexpr struct {
        size_t ahead;
        PeerHost::Fetch what;
    } kSteps[] = {{1, Insides}, {2, Parts}, {4, Host}};
    for (const auto &step : kSteps) {
        if (i + step.ahead < connected_.size())
            connected_[i + step.ahead]->prefetch(step.what);
    }
}

void Shard::wake_peers() {
    for (size_t i = 0; i < connected_.size();) {
        PeerHost *host = connected_[i];
        prefetch_after(i);
        const TimeNs now = monotonic_now(); // the last one's turn may be tens of milliseconds after the first one's
        host->wake(now);
        if (!host->closed())
            rearm(*host, now);
        if (i < connected_.size() && connected_[i] == host)
            ++i; // otherwise it closed and another one took its place
    }
}

/// A timer that is due too early is left alone: it fires, finds nothing to do and is set anew. So a deadline that moves
/// with every packet costs nothing per packet.
void Shard::rearm(PeerHost &host, TimeNs now) {
    const TimeNs when = host.next_timeout(now);
    if (when < host.timer.when)
        timers_.arm(host, when);
}

void Shard::on_address(PeerHost &host, const Address &address, const std::optional<Address> &forgotten) {
    by_address_[address] = &host;
    if (address.tcp)
        tcp_->prove(address);
    if (!forgotten)
        return;
    if (forgotten->tcp)
        tcp_->close(*forgotten);
    const auto found = by_address_.find(*forgotten);
    if (found != by_address_.end() && found->second == &host)
        by_address_.erase(found);
}

void Shard::on_connected(PeerHost &host) {
    end_handshake(host);
    counters_.peers_connected.add();
    host.connected_at = connected_.size();
    connected_.push_back(&host);
}

void Shard::on_closed(PeerHost &host, CloseReason) {
    end_handshake(host);
    counters_.peers_closed.add();
    timers_.remove(host);
    if (host.connected_at < connected_.size()) {
        connected_.back()->connected_at = host.connected_at;
        std::swap(connected_[host.connected_at], connected_.back());
        connected_.pop_back();
    }
    if (Peer *peer = host.peer()) {
        for (const auto &ufrag : host.ufrags)
            by_ufrag_.erase(ufrag);
        for (const auto &address : peer->addresses()) {
            const auto found = by_address_.find(address);
            if (found != by_address_.end() && found->second == &host)
                by_address_.erase(found);
            if (address.tcp)
                tcp_->close(address);
        }
    }
    closed_ids_.push_back(host.id());
}

void Shard::on_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram) {
    dispatch(now, {from, datagram});
}

void Shard::on_link_closed(const Address &remote) {
    const auto found = by_address_.find(remote);
    if (found == by_address_.end())
        return;
    found->second->peer()->forget(remote);
    by_address_.erase(found);
}

void Shard::bury_closed() {
    for (const uint64_t id : closed_ids_) {
        hosts_.erase(id);
        closed_(id);
    }
    closed_ids_.clear();
}

} // namespace peerwire
