// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The RTP header extensions that a viewer's packets carry.

#pragma once

#include "wire/rtp.h"
#include "wire/time.h"

#include <array>
#include <string>

namespace peerwire {

/// What was negotiated; id 0 = not. What has no one-byte form (RFC 8285 §4.2: ids 1 to 14, 1 to 16 bytes) is not sent.
struct ExtensionSetup {
    uint8_t mid_id = 0; ///< RFC 9143 §15
    uint8_t abs_send_time_id = 0;
    uint8_t abs_capture_time_id = 0;
    uint8_t transport_cc_id = 0; ///< transport-wide sequence number
    std::string mid;
};

/// Which ones a packet carries, of those that were negotiated.
struct ExtensionChoice {
    bool mid = false;
    bool per_sending = false; ///< abs-send-time and transport-wide number: other bytes each time it is sent
    bool capture_time = false;
};

/// Reentrant; never changes.
class HeaderExtensions {
  public:
    explicit HeaderExtensions(const ExtensionSetup &setup);

    /// Bytes between the fixed header and the payload.
    size_t size(ExtensionChoice choice) const { return sizes_[index(choice)]; }
    size_t largest_size() const { return sizes_.back(); }

    struct Times {
        TimeNs sent = 0, captured = 0; ///< both on the clock of the sender reports
    };
    /// Header and extensions, the transport-wide number left open. Returns their size; 0 when `out` is too small.
    size_t write(std::span<uint8_t> out, const RtpHeader &header, ExtensionChoice choice, const Times &times) const;

    bool has_transport_number(ExtensionChoice choice) const { return choice.per_sending && setup_.transport_cc_id; }
    /// Into a packet of write() whose choice has one.
    static void put_transport_number(std::span<uint8_t> packet, uint16_t number);

  private:
    static size_t index(ExtensionChoice choice) {
        return (choice.mid ? 1u : 0u) | (choice.per_sending ? 2u : 0u) | (choice.capture_time ? 4u : 0u);
    }

    const ExtensionSetup setup_;
    std::array<size_t, 8> sizes_{}; // by index()
};

} // namespace peerwire
