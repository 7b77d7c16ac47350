// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Datagrams in a byte stream: each behind its 16-bit length (RFC 4571 §2), as ICE-TCP carries them (RFC 6544 §3).

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace peerwire {

/// Bytes in front of each datagram.
inline constexpr size_t kFrameHeader = 2;

/// Cuts what arrives into datagrams; holds at most one of them, the one that has not arrived whole. Thread-bound.
class Deframer {
  public:
    /// No datagram of a WebRTC connection is larger.
    static constexpr size_t kMaxDatagram = 2048;

    /// Calls `on_datagram(std::span<uint8_t>)` for every datagram that is whole now, empty ones left out; its bytes are
    /// writable and valid during the call. False when a length is over kMaxDatagram: what follows cannot be trusted.
    template <class F> bool feed(std::span<uint8_t> bytes, F &&on_datagram) {
        while (const auto datagram = next(bytes)) {
            if (!datagram->empty())
                on_datagram(*datagram);
        }
        return !broken_;
    }

    /// Bytes of the datagram that is not whole, with its header.
    size_t pending() const { return delivered_ ? 0 : partial_.size(); }

  private:
    std::optional<std::span<uint8_t>> next(std::span<uint8_t> &bytes);
    bool complete(std::span<uint8_t> &bytes, size_t wanted);

    std::vector<uint8_t> partial_;
    bool delivered_ = false; ///< partial_ was whole and has been handed out
    bool broken_ = false;
};

} // namespace peerwire
