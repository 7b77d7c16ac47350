// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What OpenSSL may see of the datagrams of a handshake. It keeps what comes too early: a hundred records of the next
// epoch, each in a buffer of 17 KiB, and ten messages, each at the length that its first fragment claims, up to 100
// KiB. Nobody but an attacker needs that.

#pragma once

#include "wire/bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace peerwire {

/// Thread-bound to its peer.
class HandshakeFilter {
  public:
    static constexpr size_t kMaxMessage = 8192; ///< a chain of RSA certificates has half of that
    /// A Finished overtakes the messages before it only when one of those is lost.
    static constexpr unsigned kMaxEarlyRecords = 4;

    /// The front of `datagram` that may pass. Untrusted bytes in.
    std::span<const uint8_t> admit(std::span<const uint8_t> datagram) {
        size_t passed = 0;
        while (datagram.size() - passed >= kRecordHeader) {
            const auto rest = datagram.subspan(passed);
            const size_t size = kRecordHeader + load_be16(&rest[11]);
            if (size > rest.size() || !admits(rest.first(size)))
                break;
            passed += size;
        }
        return datagram.first(passed);
    }

  private:
    static constexpr size_t kRecordHeader = 13;  // RFC 6347 §4.1
    static constexpr size_t kMessageHeader = 12; // RFC 6347 §4.2.2
    static constexpr uint8_t kHandshakeType = 22;

    bool admits(std::span<const uint8_t> record) {
        const bool next_epoch = load_be16(&record[3]) != 0; // the one that is not early ends the handshake
        if (next_epoch)
            return early_left_ > 0 && early_left_--;
        return record[0] != kHandshakeType || admits_messages(record.subspan(kRecordHeader));
    }

    static bool admits_messages(std::span<const uint8_t> bytes) {
        while (bytes.size() >= kMessageHeader) {
            if (load_be24(&bytes[1]) > kMaxMessage)
                return false;
            const size_t size = kMessageHeader + load_be24(&bytes[9]);
            if (size > bytes.size())
                return true; // OpenSSL's to refuse
            bytes = bytes.subspan(size);
        }
        return true;
    }

    unsigned early_left_ = kMaxEarlyRecords;
};

} // namespace peerwire
