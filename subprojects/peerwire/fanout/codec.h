// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the fan-out has to know about a codec: where a picture can be entered.

#pragma once

#include "wire/keyframe.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace peerwire {

enum class Codec : uint8_t { Unknown, H264, Vp8, Vp9, Av1, Opus };
inline constexpr size_t kCodecCount = 6;

/// By its encoding name in SDP, without case.
Codec codec_from_name(std::string_view name);
const char *to_string(Codec codec);
/// Other for sound.
PayloadFormat payload_format(Codec codec);

struct PayloadInfo {
    bool keyframe = false;       ///< this payload begins a picture that decodes by itself, or its parameter sets
    bool parameter_sets = false; ///< H.264: contains an SPS
    bool idr_slice = false;      ///< H.264: contains (the start of) an IDR slice
};

/// Looks into one RTP payload (RFC 6184, RFC 7741, RFC 9628, the AV1 RTP specification). Untrusted bytes in. Audio:
/// every packet can be entered. Reentrant.
PayloadInfo inspect_payload(Codec codec, std::span<const uint8_t> payload);

} // namespace peerwire
