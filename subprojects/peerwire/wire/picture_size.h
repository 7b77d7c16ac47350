// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// How large the pictures are that begin with a keyframe.

#pragma once

#include "wire/keyframe.h"

#include <optional>

namespace peerwire {

/// In pixels, as shown (H.264 cropping applied).
struct PictureSize {
    uint32_t width = 0, height = 0;

    bool operator==(const PictureSize &) const = default;
};

/// The size that the first payload of a keyframe tells: VP8 (RFC 6386 §9.1), VP9 (the scalability structure of RFC 9628
/// §4.2.1, its largest layer, else the frame header), H.264 (ITU-T H.264 §7.3.2.1.1, an SPS that is not fragmented).
/// Nothing for what holds no size, for AV1, and for sizes of 0. Untrusted bytes in. Reentrant.
std::optional<PictureSize> picture_size(PayloadFormat format, std::span<const uint8_t> payload);

} // namespace peerwire
