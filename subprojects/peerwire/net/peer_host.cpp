// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "net/peer_host.h"

#include "sync/prefetch.h"

#include <algorithm>
#include <utility>

namespace peerwire {

PeerHost::PeerHost(uint64_t id, std::unique_ptr<MediaEndpoint> endpoint, SendQueue &queue, PeerHostOwner &owner)
    : id_(id), queue_(queue), owner_(owner), endpoint_(std::move(endpoint)) {}

PeerHost::~PeerHost() = default;

bool PeerHost::start(TimeNs now, PeerConfig config) {
    endpoint_->attach(*this);
    peer_ = Peer::create(now, std::move(config), *this);
    if (!peer_)
        on_closed(now, CloseReason::DtlsFailed);
    return peer_ != nullptr;
}

DatagramFate PeerHost::handle_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram) {
    const auto fate = peer_->handle_datagram(now, from, datagram);
    close_if_wanted(now);
    return fate;
}

void PeerHost::handle_timeout(TimeNs now) {
    if (peer_->next_timeout(now) <= now)
        peer_->handle_timeout(now);
    if (peer_->connected() && endpoint_->next_timeout() <= now)
        endpoint_->on_timeout(now);
    close_if_wanted(now);
}

void PeerHost::wake(TimeNs now) {
    endpoint_->on_wake(now);
    close_if_wanted(now);
}

void PeerHost::prefetch(Fetch step) const {
    switch (step) {
    case Fetch::Host:
        return peerwire::prefetch(this);
    case Fetch::Parts:
        peerwire::prefetch(endpoint_.get());
        return peerwire::prefetch(peer_.get());
    case Fetch::Insides:
        endpoint_->prefetch();
        return peer_->prefetch();
    }
}

void PeerHost::close(TimeNs now, CloseReason reason) {
    if (peer_)
        peer_->close(now, reason);
}

TimeNs PeerHost::next_timeout(TimeNs now) const {
    const TimeNs own = peer_->next_timeout(now);
    return peer_->connected() ? std::min(own, endpoint_->next_timeout()) : own;
}

void PeerHost::close_if_wanted(TimeNs now) {
    if (wanted_close_ && !closed_)
        peer_->close(now, *wanted_close_);
}

void PeerHost::send_datagram(const Address &to, std::span<const uint8_t> datagram) {
    queue_.push(to, datagram);
}

void PeerHost::on_address(const Address &address, const std::optional<Address> &forgotten) {
    owner_.on_address(*this, address, forgotten);
}

void PeerHost::on_connected(TimeNs now) {
    owner_.on_connected(*this);
    endpoint_->on_connected(now);
}

void PeerHost::on_rtp(TimeNs now, std::span<const uint8_t> packet) {
    endpoint_->on_rtp(now, packet);
}
void PeerHost::on_rtcp(TimeNs now, std::span<const uint8_t> compound) {
    endpoint_->on_rtcp(now, compound);
}

void PeerHost::on_closed(TimeNs now, CloseReason reason) {
    closed_ = true;
    endpoint_->on_closed(now, reason);
    owner_.on_closed(*this, reason);
}

std::span<uint8_t> PeerHost::reserve(size_t plaintext_max) {
    if (!peer_ || !peer_->connected() || wanted_close_ || plaintext_max > kMaxPacketSize)
        return {};
    room_ = queue_.reserve(plaintext_max + kMaxSrtpTrailer);
    return room_.first(std::min(room_.size(), plaintext_max));
}

void PeerHost::commit_rtp(size_t size) {
    queue_.commit(peer_->remote(), peer_->protect_rtp(std::exchange(room_, {}), size));
}

void PeerHost::commit_rtcp(size_t size) {
    queue_.commit(peer_->remote(), peer_->protect_rtcp(std::exchange(room_, {}), size));
}

void PeerHost::close(CloseReason reason) {
    wanted_close_ = reason;
}

} // namespace peerwire
