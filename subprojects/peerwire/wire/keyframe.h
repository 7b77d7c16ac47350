// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which RTP payloads begin a picture that a decoder can start with.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace peerwire {

enum class PayloadFormat { Other, Vp8, Vp9, H264, Av1 };

/// The format of an SDP encoding name ("VP8", "h264"), without case.
PayloadFormat payload_format(std::string_view encoding_name);

/// The payload holds the first bytes of a keyframe: VP8 (RFC 7741 §4.3), VP9 (RFC 9628 §4.2, base spatial layer), H.264
/// (RFC 6184 §5.4; an SPS or an IDR slice), AV1 (RTP payload format for AV1 §4.4, the N bit). Always false for Other.
/// Untrusted bytes in. Reentrant.
bool starts_keyframe(PayloadFormat format, std::span<const uint8_t> payload);

} // namespace peerwire
