// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "support/remote_peer.h"

#include "peer/certificate.h"
#include "wire/demux.h"
#include "wire/rtp.h"

#include <glib.h>

#include <algorithm>
#include <array>
#include <utility>

namespace peerwire::test {

namespace {

HmacSha1 password_key(std::string_view password) {
    return HmacSha1({reinterpret_cast<const uint8_t *>(password.data()), password.size()});
}

} // namespace

RemotePeer::RemotePeer(DtlsRole role) : role_(role) {}

std::string RemotePeer::fingerprint() const {
    return Certificate::process().fingerprint();
}

PeerSetup RemotePeer::setup() const {
    PeerSetup setup;
    setup.remote_ufrag = local_.ufrag;
    setup.remote_pwd = local_.pwd;
    setup.remote_fingerprint = fingerprint();
    setup.dtls_client = role_ == DtlsRole::Server;
    return setup;
}

void RemotePeer::set_remote(const PeerLocal &remote) {
    remote_ = remote;
    dtls_ = DtlsSession::create(role_, Fingerprint::parse(remote.fingerprint).value(), *this);
}

void RemotePeer::restart(const PeerLocal &remote, IceCredentials local) {
    remote_ = remote;
    local_ = std::move(local);
}

void RemotePeer::send_check(Check check) {
    TransactionId transaction{};
    transaction[0] = ++next_transaction_;
    Bytes message(256);
    StunWriter writer(message, StunType::BindingRequest, transaction);
    writer.username(remote_.ufrag + ":" + local_.ufrag);
    writer.priority(0x6e0001ff);
    if (check == Check::AsControlled)
        writer.controlled(1);
    else
        writer.controlling(1);
    if (check != Check::Plain)
        writer.use_candidate();
    message.resize(writer.finish(password_key(check == Check::WrongPassword ? "wrong" : remote_.pwd)));
    outgoing.push_back(std::move(message));
}

void RemotePeer::handle_datagram(std::span<const uint8_t> datagram) {
    Bytes bytes(datagram.begin(), datagram.end());
    switch (classify_datagram(bytes)) {
    case DatagramKind::Stun:
        return handle_stun(bytes);
    case DatagramKind::Dtls:
        dtls_->handle_datagram(bytes);
        return advance();
    case DatagramKind::Rtp:
    case DatagramKind::Rtcp: {
        const bool is_rtcp = classify_datagram(bytes) == DatagramKind::Rtcp;
        const auto opened = !receiver_ ? SrtpOpened{SrtpError::AuthFailed}
                            : is_rtcp  ? receiver_->unprotect_rtcp(bytes)
                                       : receiver_->unprotect_rtp(bytes);
        if (opened.error) {
            ++undecryptable;
            return;
        }
        bytes.resize(opened.size);
        (is_rtcp ? rtcp : rtp).push_back(std::move(bytes));
        return;
    }
    case DatagramKind::Unknown:
        break;
    }
    g_assert_not_reached(); // the server sends nothing else
}

void RemotePeer::handle_stun(std::span<const uint8_t> message) {
    const auto view = parse_stun(message);
    g_assert_true(view.has_value());
    if (foreign_answers_allowed && !verify_integrity(message, *view, password_key(remote_.pwd))) {
        ++foreign_answers;
        return;
    }
    g_assert_true(verify_integrity(message, *view, password_key(remote_.pwd)));
    check_error = view->error_code;
    if (!view->is(StunType::BindingSuccess))
        return;
    mapped = view->xor_mapped;
    if (checks_answered++ == 0)
        dtls_->start();
}

void RemotePeer::handle_timeout() {
    dtls_->handle_timeout();
    advance();
}

void RemotePeer::advance() {
    if (dtls_->state() != DtlsState::Connected || sender_)
        return;
    const auto keys = dtls_->srtp_keys();
    g_assert_true(keys.has_value());
    profile_ = keys->profile;
    sender_ = SrtpSender::create(keys->profile, keys->local_key, keys->local_salt);
    receiver_ = SrtpReceiver::create(keys->profile, keys->remote_key, keys->remote_salt);
}

void RemotePeer::send_rtp(std::span<const uint8_t> packet) {
    Bytes bytes(packet.begin(), packet.end());
    bytes.resize(packet.size() + kMaxSrtpTrailer);
    bytes.resize(sender_->protect_rtp(bytes, packet.size()));
    g_assert_cmpuint(bytes.size(), >, 0);
    outgoing.push_back(std::move(bytes));
}

void RemotePeer::send_rtcp(std::span<const uint8_t> compound) {
    Bytes bytes(compound.begin(), compound.end());
    bytes.resize(compound.size() + kMaxSrtpTrailer);
    bytes.resize(sender_->protect_rtcp(bytes, compound.size()));
    g_assert_cmpuint(bytes.size(), >, 0);
    outgoing.push_back(std::move(bytes));
}

void RemotePeer::close() {
    dtls_->close();
}

void RemotePeer::send_dtls(std::span<const uint8_t> datagram) {
    outgoing.emplace_back(datagram.begin(), datagram.end());
}

Bytes rtp_packet(uint16_t sequence, uint32_t ssrc, size_t payload_size, uint8_t payload_type) {
    Bytes packet(kRtpFixedHeaderSize + payload_size, 0x42);
    write_rtp_header(packet, {false, payload_type, sequence, sequence * 90u, ssrc});
    return packet;
}

} // namespace peerwire::test
