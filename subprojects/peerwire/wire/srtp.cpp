// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "wire/srtp.h"

#include "wire/bytes.h"
#include "wire/rtp.h"

#include <algorithm>

namespace peerwire {

namespace {

constexpr uint32_t kMaxRtcpIndex = 0x7fffffff;
constexpr size_t kRtcpHeaderSize = 8; // with the sender's SSRC

/// Fixed header, CSRCs and extension of an RTP packet, encrypted or not; 0 when they do not fit the packet.
size_t rtp_header_size(std::span<const uint8_t> packet) {
    if (packet.size() < kRtpFixedHeaderSize || packet[0] >> 6 != 2)
        return 0;
    size_t size = kRtpFixedHeaderSize + (packet[0] & 0x0fu) * 4;
    if (packet[0] & 0x10) {
        if (size + 4 > packet.size())
            return 0;
        size += 4 + load_be16(&packet[size + 2]) * size_t{4};
    }
    return size <= packet.size() ? size : 0;
}

template <class Streams> auto *find_stream(Streams &streams, uint32_t ssrc) {
    const auto found = std::find_if(streams.begin(), streams.end(), [ssrc](auto &s) { return s.ssrc == ssrc; });
    return found == streams.end() ? nullptr : &*found;
}

} // namespace

bool ReplayWindow::seen_or_too_old(uint64_t index) const {
    if (index >= end_)
        return false;
    if (end_ - index > kBits)
        return true;
    return bits_[index / 64 % kWords] >> (index % 64) & 1;
}

void ReplayWindow::add(uint64_t index) {
    if (index >= end_) {
        if (index - end_ >= kBits) {
            bits_.fill(0);
        } else {
            for (uint64_t i = end_; i <= index; ++i) // one step for packets in order
                bits_[i / 64 % kWords] &= ~(uint64_t{1} << (i % 64));
        }
        end_ = index + 1;
    }
    bits_[index / 64 % kWords] |= uint64_t{1} << (index % 64);
}

uint64_t PacketIndex::estimate(uint16_t sequence) const {
    if (!started_)
        return sequence; // ROC 0
    const auto distance = static_cast<int16_t>(static_cast<uint16_t>(sequence - static_cast<uint16_t>(highest_)));
    const auto estimated = static_cast<int64_t>(highest_) + distance;
    return estimated < 0 ? sequence : static_cast<uint64_t>(estimated);
}

void PacketIndex::update(uint64_t index) {
    highest_ = started_ ? std::max(highest_, index) : index;
    started_ = true;
}

std::unique_ptr<SrtpSender> SrtpSender::create(SrtpProfile profile, std::span<const uint8_t> master_key,
                                               std::span<const uint8_t> master_salt) {
    const auto rtp_keys = derive_session_keys(profile, master_key, master_salt, SrtpKeyUse::Rtp);
    const auto rtcp_keys = derive_session_keys(profile, master_key, master_salt, SrtpKeyUse::Rtcp);
    if (!rtp_keys || !rtcp_keys)
        return nullptr;
    std::unique_ptr<SrtpSender> sender(new SrtpSender);
    sender->rtp_ = SrtpCipher::create(*rtp_keys, CipherDirection::Seal);
    sender->rtcp_ = SrtpCipher::create(*rtcp_keys, CipherDirection::Seal);
    return sender->rtp_ && sender->rtcp_ ? std::move(sender) : nullptr;
}

size_t SrtpSender::protect_rtp(std::span<uint8_t> room, size_t size) {
    if (size > room.size())
        return 0;
    const size_t header_size = rtp_header_size(room.first(size));
    if (header_size == 0)
        return 0;
    const uint32_t ssrc = load_be32(&room[8]);
    Stream *stream = find_stream(streams_, ssrc);
    if (stream == nullptr) {
        if (streams_.size() >= kMaxSrtpSsrcs)
            return 0;
        stream = &streams_.emplace_back(Stream{ssrc, {}});
    }
    const uint64_t index = stream->index.estimate(load_be16(&room[2]));
    stream->index.update(index);
    return rtp_->seal_rtp(room, size, header_size, ssrc, index);
}

size_t SrtpSender::protect_rtcp(std::span<uint8_t> room, size_t size) {
    if (size > room.size() || size < kRtcpHeaderSize || rtcp_index_ >= kMaxRtcpIndex)
        return 0;
    return rtcp_->seal_rtcp(room, size, load_be32(&room[4]), ++rtcp_index_);
}

std::unique_ptr<SrtpReceiver> SrtpReceiver::create(SrtpProfile profile, std::span<const uint8_t> master_key,
                                                   std::span<const uint8_t> master_salt) {
    const auto rtp_keys = derive_session_keys(profile, master_key, master_salt, SrtpKeyUse::Rtp);
    const auto rtcp_keys = derive_session_keys(profile, master_key, master_salt, SrtpKeyUse::Rtcp);
    if (!rtp_keys || !rtcp_keys)
        return nullptr;
    std::unique_ptr<SrtpReceiver> receiver(new SrtpReceiver);
    receiver->rtp_keys_ = *rtp_keys;
    receiver->rtcp_ = SrtpCipher::create(*rtcp_keys, CipherDirection::Open);
    return receiver->rtcp_ ? std::move(receiver) : nullptr;
}

SrtpOpened SrtpReceiver::unprotect_rtp(std::span<uint8_t> packet) {
    const size_t header_size = rtp_header_size(packet);
    if (header_size == 0)
        return {SrtpError::Malformed};
    if (!rtp_ && !(rtp_ = SrtpCipher::create(rtp_keys_, CipherDirection::Open)))
        return {SrtpError::AuthFailed};
    const uint32_t ssrc = load_be32(&packet[8]);
    Stream *stream = find_stream(streams_, ssrc);
    const uint64_t index = (stream ? stream->index : PacketIndex()).estimate(load_be16(&packet[2]));
    if (stream && stream->replay.seen_or_too_old(index))
        return {SrtpError::Replayed};
    const auto size = rtp_->open_rtp(packet, header_size, ssrc, index);
    if (!size)
        return {SrtpError::AuthFailed};
    if (stream == nullptr) {
        if (streams_.size() >= kMaxSrtpSsrcs)
            return {SrtpError::TooManySsrcs};
        stream = &streams_.emplace_back(Stream{ssrc, {}, {}});
    }
    stream->index.update(index);
    stream->replay.add(index);
    return {std::nullopt, *size};
}

SrtpOpened SrtpReceiver::unprotect_rtcp(std::span<uint8_t> packet) {
    if (packet.size() < kRtcpHeaderSize || packet[0] >> 6 != 2)
        return {SrtpError::Malformed};
    const auto e_index = rtcp_->rtcp_index(packet);
    if (!e_index)
        return {SrtpError::Malformed};
    const uint32_t ssrc = load_be32(&packet[4]);
    const uint32_t index = *e_index & kMaxRtcpIndex;
    ControlStream *stream = find_stream(control_streams_, ssrc);
    if (stream && stream->replay.seen_or_too_old(index))
        return {SrtpError::Replayed};
    const auto size = rtcp_->open_rtcp(packet, ssrc, *e_index);
    if (!size)
        return {SrtpError::AuthFailed};
    if (stream == nullptr) {
        if (control_streams_.size() >= kMaxSrtpSsrcs)
            return {SrtpError::TooManySsrcs};
        stream = &control_streams_.emplace_back(ControlStream{ssrc, {}});
    }
    stream->replay.add(index);
    return {std::nullopt, *size};
}

} // namespace peerwire
