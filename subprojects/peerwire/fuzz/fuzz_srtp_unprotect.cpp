// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Input: a byte that chooses the profile, then records of one kind byte, one length byte and that many bytes. A record
// is a packet as it comes, or one that is sealed first with the keys that the receiver expects, so that what lies
// behind authentication is reached: rollover, replay, the table of SSRCs.

#include "wire/bytes.h"
#include "wire/srtp.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace {

using namespace peerwire;
using Bytes = std::vector<uint8_t>;

enum Kind : uint8_t { kRtcp = 0x80, kSealed = 0x40, kForged = 0x20, kTwice = 0x10 };

class Pair {
  public:
    explicit Pair(SrtpProfile profile) {
        const Bytes key(srtp_key_size(profile), 0x11), salt(srtp_salt_size(profile), 0x22);
        sender_ = SrtpSender::create(profile, key, salt);
        receiver_ = SrtpReceiver::create(profile, key, salt);
    }

    void take(uint8_t kind, std::span<const uint8_t> record) {
        const bool rtcp = kind & kRtcp;
        if (!(kind & kSealed)) {
            in_step_ = false; // one that passes moves the receiver alone
            (void)open({record.begin(), record.end()}, rtcp);
            return;
        }
        const Bytes sealed = seal(record, rtcp);
        if (sealed.empty())
            return;
        if (kind & kForged)
            return open_forged(sealed, kind & 0x0f, rtcp);
        const auto opened = open(sealed, rtcp);
        const bool refused = opened.error == SrtpError::Replayed || opened.error == SrtpError::TooManySsrcs;
        const bool other_version = record[0] >> 6 != 2; // the sender trusts its own caller
        if (in_step_ && opened.error && !refused && !other_version)
            std::abort();
        if (!opened.error && !std::equal(record.begin(), record.end(), opened_.begin(), opened_.end()))
            std::abort();
        if ((kind & kTwice) && !open(sealed, rtcp).error)
            std::abort();
    }

  private:
    Bytes seal(std::span<const uint8_t> record, bool rtcp) {
        Bytes room(record.begin(), record.end());
        room.resize(record.size() + kMaxSrtpTrailer);
        room.resize(rtcp ? sender_->protect_rtcp(room, record.size()) : sender_->protect_rtp(room, record.size()));
        return room;
    }

    SrtpOpened open(Bytes packet, bool rtcp) {
        const auto opened = rtcp ? receiver_->unprotect_rtcp(packet) : receiver_->unprotect_rtp(packet);
        if (opened.size > packet.size())
            std::abort();
        packet.resize(opened.size);
        opened_ = std::move(packet);
        return opened;
    }

    void open_forged(Bytes sealed, size_t from_end, bool rtcp) {
        in_step_ = false; // the sender goes on alone
        sealed[sealed.size() - 1 - std::min(from_end, sealed.size() - 1)] ^= 0x01;
        if (!open(std::move(sealed), rtcp).error)
            std::abort();
    }

    std::unique_ptr<SrtpSender> sender_;
    std::unique_ptr<SrtpReceiver> receiver_;
    Bytes opened_;
    bool in_step_ = true; // the receiver has seen all that the sender sealed
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static constexpr std::array kProfiles{SrtpProfile::AeadAes128Gcm, SrtpProfile::AeadAes256Gcm,
                                          SrtpProfile::Aes128CmHmacSha1_80};
    ByteReader reader({data, size});
    Pair pair(kProfiles[reader.u8() % kProfiles.size()]);
    while (reader.left() >= 2) {
        const uint8_t kind = reader.u8();
        const size_t wanted = reader.u8();
        pair.take(kind, reader.bytes(std::min(wanted, reader.left())));
    }
    return 0;
}
