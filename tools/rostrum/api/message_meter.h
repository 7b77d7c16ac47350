// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace rostrum {

/// Follows the frames that a WebSocket client sends (RFC 6455 section 5.2) and adds up those that continue one message:
/// libsoup limits each frame, but before 3.8 not the message that it joins them to. Reentrant.
class MessageMeter {
  public:
    explicit MessageMeter(uint64_t limit) : limit_(limit) {}

    /// What comes next on the connection. False: a message in several frames is longer than the limit.
    bool feed(std::span<const uint8_t> bytes);

  private:
    bool begin_payload(uint64_t length);

    const uint64_t limit_;             ///< bytes
    std::array<uint8_t, 14> header_{}; ///< the longest there is
    size_t header_size_ = 0;           ///< of the frame that is beginning
    uint64_t payload_ = 0;             ///< that is still to come of the present frame
    uint64_t message_ = 0;             ///< bytes of the frames of the present message
};

} // namespace rostrum
