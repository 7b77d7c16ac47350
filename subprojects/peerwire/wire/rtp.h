// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// RTP packets (RFC 3550 §5.1) and their header extensions (RFC 8285).

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace peerwire {

inline constexpr size_t kRtpFixedHeaderSize = 12;
inline constexpr uint16_t kOneByteExtensionProfile = 0xBEDE; // RFC 8285 §4.2
inline constexpr uint16_t kTwoByteExtensionProfile = 0x1000; // RFC 8285 §4.3, the low four bits are "appbits"

/// A parsed packet; the spans point into the bytes it was parsed from.
struct RtpView {
    bool marker = false;
    uint8_t payload_type = 0;
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
    uint32_t ssrc = 0;
    uint16_t extension_profile = 0;     ///< 0 when the packet has no header extension
    std::span<const uint8_t> extension; ///< the extension's data, without profile and length
    std::span<const uint8_t> payload;   ///< without padding
    uint8_t padding = 0;                ///< padding bytes at the end, the count byte included
    size_t header_size = 0;             ///< fixed header, CSRCs and extension
};

/// Untrusted bytes in; nothing when they are not one well-formed RTP packet. Reentrant.
std::optional<RtpView> parse_rtp(std::span<const uint8_t> packet);

/// The data of the extension element `id` (1..255), one- or two-byte form; empty when absent or of zero length.
std::span<const uint8_t> find_extension(const RtpView &packet, uint8_t id);

/// The same inside a packet that may be written to, so that a value can be replaced by one of the same size.
std::span<uint8_t> find_extension(std::span<uint8_t> packet, uint8_t id);

struct RtpHeader {
    bool marker = false;
    uint8_t payload_type = 0;
    uint16_t sequence = 0;
    uint32_t timestamp = 0;
    uint32_t ssrc = 0;
};

struct HeaderExtension {
    uint8_t id = 0; ///< 1..14 with up to 16 bytes fit the one-byte form; anything else switches to the two-byte form
    std::span<const uint8_t> data;
};

/// Writes fixed header and extensions; the payload goes right behind. Returns the header's size, 0 when `out` is too
/// small or an element has no valid form (id 0, more than 255 bytes).
size_t write_rtp_header(std::span<uint8_t> out, const RtpHeader &header,
                        std::span<const HeaderExtension> extensions = {});

/// Fills the last `size` (1 to 255) bytes of `packet` with padding and says so in its header (RFC 3550 §5.1).
void write_rtp_padding(std::span<uint8_t> packet, uint8_t size);

/// RFC 3550 §A.1: `a` comes after `b` in a 16-bit number space that wraps.
constexpr bool sequence_newer(uint16_t a, uint16_t b) {
    return static_cast<int16_t>(static_cast<uint16_t>(a - b)) > 0;
}

/// Turns 16-bit sequence numbers into extended ones that do not wrap. The first gives itself + 65536, so that packets
/// slightly older than the first stay positive. Reentrant.
class SequenceUnwrapper {
  public:
    int64_t unwrap(uint16_t sequence) {
        if (!started_) {
            started_ = true;
            highest_ = int64_t{sequence} + 65536;
            return highest_;
        }
        const int64_t extended =
            highest_ + static_cast<int16_t>(static_cast<uint16_t>(sequence - static_cast<uint16_t>(highest_)));
        if (extended > highest_)
            highest_ = extended;
        return extended;
    }

    bool started() const { return started_; }
    int64_t highest() const { return highest_; }

  private:
    int64_t highest_ = 0;
    bool started_ = false;
};

/// The same for 32-bit RTP timestamps. Reentrant.
class TimestampUnwrapper {
  public:
    int64_t unwrap(uint32_t timestamp) {
        if (!started_) {
            started_ = true;
            last_ = int64_t{timestamp} + (int64_t{1} << 32);
            return last_;
        }
        last_ += static_cast<int32_t>(timestamp - static_cast<uint32_t>(last_));
        return last_;
    }

    bool started() const { return started_; }

  private:
    int64_t last_ = 0;
    bool started_ = false;
};

} // namespace peerwire
