// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/bytes.h"

namespace peerwire {

/// What follows the payload descriptor (RFC 7741 §4.2) when the payload begins a frame; empty when it does not.
/// Untrusted bytes in. Reentrant.
inline std::span<const uint8_t> vp8_frame_start(std::span<const uint8_t> payload) {
    ByteReader in(payload);
    const uint8_t descriptor = in.u8();
    if (!(descriptor & 0x10) || (descriptor & 0x07)) // S, PID 0
        return {};
    if (descriptor & 0x80) { // X
        const uint8_t extensions = in.u8();
        if ((extensions & 0x80) && (in.u8() & 0x80)) // I, M: 15-bit picture id
            in.skip(1);
        if (extensions & 0x40) // L
            in.skip(1);
        if (extensions & 0x30) // T or K
            in.skip(1);
    }
    return in.ok() ? payload.subspan(in.position()) : std::span<const uint8_t>{};
}

} // namespace peerwire
