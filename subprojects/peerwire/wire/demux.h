// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which protocol a datagram belongs to, by its first bytes (RFC 7983 §7, RFC 5761 §4).

#pragma once

#include <cstdint>
#include <span>

namespace peerwire {

enum class DatagramKind { Stun, Dtls, Rtp, Rtcp, Unknown };

constexpr DatagramKind classify_datagram(std::span<const uint8_t> datagram) {
    if (datagram.size() < 2)
        return DatagramKind::Unknown;
    const uint8_t first = datagram[0];
    if (first <= 3)
        return DatagramKind::Stun;
    if (first >= 20 && first <= 63)
        return DatagramKind::Dtls;
    if (first >= 128 && first <= 191) {
        const bool rtcp = datagram[1] >= 192 && datagram[1] <= 223; // RTP payload types 64..95 are never used
        return rtcp ? DatagramKind::Rtcp : DatagramKind::Rtp;
    }
    return DatagramKind::Unknown;
}

} // namespace peerwire
