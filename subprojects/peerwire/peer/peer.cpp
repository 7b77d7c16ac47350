// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "peer/peer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace peerwire {

namespace {

constexpr size_t kMaxStunResponse = 160;

// Browsers pace all their checks at 20 a second.
constexpr uint32_t kAnswersPerSecond = 100;

// A viewer reports every second, or sends checks every few. After this long without a word from where media goes, a
// check from elsewhere tells where the viewer is: its NAT gave it another address, and not every browser nominates it
// again.
constexpr TimeNs kMoveAfterSilence = 3 * kNsPerSecond;

DatagramFate fate_of(SrtpError error) {
    switch (error) {
    case SrtpError::Malformed:
        return DatagramFate::Malformed;
    case SrtpError::Replayed:
        return DatagramFate::Replay;
    case SrtpError::AuthFailed:
    case SrtpError::TooManySsrcs:
        break;
    }
    return DatagramFate::Auth;
}

} // namespace

Peer::Peer(TimeNs now, PeerConfig config, PeerEvents &events)
    : events_(events), connect_deadline_(now + config.connect_timeout), consent_timeout_(config.consent_timeout),
      role_(config.role), ice_(std::move(config.local), std::move(config.remote_ufrag)), heard_(now),
      answers_(kAnswersPerSecond, kAnswersPerSecond) {
    dtls_ = DtlsSession::create(config.role, std::move(config.remote_fingerprint), *this);
}

Peer::~Peer() = default;

std::unique_ptr<Peer> Peer::create(TimeNs now, PeerConfig config, PeerEvents &events) {
    std::unique_ptr<Peer> peer(new Peer(now, std::move(config), events));
    return peer->dtls_ ? std::move(peer) : nullptr;
}

DatagramFate Peer::handle_datagram(TimeNs now, const Address &from, std::span<uint8_t> datagram) {
    if (state_ == State::Closed)
        return DatagramFate::Unknown;
    const auto kind = classify_datagram(datagram);
    if (kind == DatagramKind::Stun)
        return handle_stun(now, from, datagram);
    if (!knows(from))
        return kind == DatagramKind::Dtls ? DatagramFate::Unchecked : DatagramFate::Unknown;
    switch (kind) {
    case DatagramKind::Dtls:
        return handle_dtls(now, datagram);
    case DatagramKind::Rtp:
        return handle_media(now, from, datagram, false);
    case DatagramKind::Rtcp:
        return handle_media(now, from, datagram, true);
    case DatagramKind::Stun:
    case DatagramKind::Unknown:
        break;
    }
    return DatagramFate::Unknown;
}

DatagramFate Peer::handle_stun(TimeNs now, const Address &from, std::span<const uint8_t> message) {
    std::array<uint8_t, kMaxStunResponse> response;
    const auto outcome = ice_.handle(message, from, response);
    if (!outcome.authentic)
        return DatagramFate::Stun;
    if (!answers_.take(now)) {
        hear(now, from);
        return DatagramFate::Stun;
    }
    if (outcome.checked)
        learn(from);
    // Until the first nomination, handshakes go where the last check came from.
    const bool moves = !nominated_ || now - heard_remote_ >= kMoveAfterSilence;
    if (outcome.nominated || (outcome.checked && moves)) {
        remote_ = from;
        nominated_ |= outcome.nominated;
    }
    hear(now, from);
    if (outcome.response > 0)
        events_.send_datagram(from, std::span(response).first(outcome.response));
    if (outcome.checked && !dtls_started_) {
        dtls_started_ = true;
        dtls_->start();
    }
    return DatagramFate::Accepted;
}

void Peer::hear(TimeNs now, const Address &from) {
    heard_ = now;
    if (from == remote_)
        heard_remote_ = now;
}

bool Peer::knows(const Address &address) const {
    return std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end();
}

void Peer::learn(const Address &address) {
    const auto found = std::find(addresses_.begin(), addresses_.end(), address);
    if (found != addresses_.end()) {
        std::rotate(found, found + 1, addresses_.end());
        return events_.on_address(address, std::nullopt); // somebody else may have claimed it in the meantime
    }
    std::optional<Address> forgotten;
    if (addresses_.size() == kMaxAddresses) {
        const auto oldest = addresses_.front() == remote_ && nominated_ ? addresses_.begin() + 1 : addresses_.begin();
        forgotten = *oldest;
        addresses_.erase(oldest);
    }
    addresses_.push_back(address);
    events_.on_address(address, forgotten);
}

DatagramFate Peer::handle_dtls(TimeNs now, std::span<const uint8_t> datagram) {
    dtls_->handle_datagram(datagram);
    after_dtls(now);
    return DatagramFate::Accepted;
}

void Peer::after_dtls(TimeNs now) {
    switch (dtls_->state()) {
    case DtlsState::Handshaking:
        return;
    case DtlsState::Closed:
        return finish(now, CloseReason::RemoteClose);
    case DtlsState::Failed:
        return finish(now, CloseReason::DtlsFailed);
    case DtlsState::Connected:
        break;
    }
    if (state_ != State::Connecting)
        return;
    const auto keys = dtls_->srtp_keys();
    if (keys) {
        profile_ = keys->profile;
        sender_ = SrtpSender::create(keys->profile, keys->local_key, keys->local_salt);
        receiver_ = SrtpReceiver::create(keys->profile, keys->remote_key, keys->remote_salt);
    }
    if (!sender_ || !receiver_)
        return close(now, CloseReason::DtlsFailed); // the other side offered no SRTP profile of ours
    dtls_->settle();
    state_ = State::Connected;
    heard_ = now;
    events_.on_connected(now);
}

DatagramFate Peer::handle_media(TimeNs now, const Address &from, std::span<uint8_t> datagram, bool rtcp) {
    if (!receiver_)
        return DatagramFate::Early;
    const auto opened = rtcp ? receiver_->unprotect_rtcp(datagram) : receiver_->unprotect_rtp(datagram);
    if (opened.error)
        return fate_of(*opened.error);
    hear(now, from);
    if (!settled_) {
        settled_ = true;
        dtls_->forget_handshake();
    }
    const auto plain = datagram.first(opened.size);
    if (rtcp)
        events_.on_rtcp(now, plain);
    else
        events_.on_rtp(now, plain);
    return DatagramFate::Accepted;
}

TimeNs Peer::deadline() const {
    return state_ == State::Connecting ? connect_deadline_ : heard_ + consent_timeout_;
}

void Peer::handle_timeout(TimeNs now) {
    if (state_ == State::Closed)
        return;
    if (now >= deadline())
        return close(now, state_ == State::Connecting ? CloseReason::ConnectTimeout : CloseReason::ConsentExpired);
    if (dtls_started_) {
        dtls_->handle_timeout();
        after_dtls(now);
    }
}

TimeNs Peer::next_timeout(TimeNs now) const {
    if (state_ == State::Closed)
        return kNever;
    const auto left = state_ == State::Connecting && dtls_started_ ? dtls_->time_left() : std::nullopt;
    return left ? std::min(deadline(), now + *left) : deadline();
}

void Peer::close(TimeNs now, CloseReason reason) {
    if (state_ == State::Closed)
        return;
    if (dtls_started_)
        dtls_->close();
    finish(now, reason);
}

void Peer::finish(TimeNs now, CloseReason reason) {
    if (std::exchange(state_, State::Closed) != State::Closed)
        events_.on_closed(now, reason);
}

void Peer::restart_ice(IceCredentials local, std::string remote_ufrag) {
    ice_.restart(std::move(local), std::move(remote_ufrag));
}

void Peer::forget(const Address &address) {
    std::erase(addresses_, address);
    if (remote_ == address && !addresses_.empty())
        remote_ = addresses_.back();
}

void Peer::prefetch() const {
    if (sender_)
        sender_->prefetch();
}

size_t Peer::protect_rtp(std::span<uint8_t> room, size_t size) {
    return connected() ? sender_->protect_rtp(room, size) : 0;
}

size_t Peer::protect_rtcp(std::span<uint8_t> room, size_t size) {
    return connected() ? sender_->protect_rtcp(room, size) : 0;
}

void Peer::send_dtls(std::span<const uint8_t> datagram) {
    events_.send_datagram(remote_, datagram);
}

} // namespace peerwire
