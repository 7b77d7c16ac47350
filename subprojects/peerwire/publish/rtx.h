// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/rtp.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace peerwire {

/// Rebuilds the original packet from a retransmission (RFC 4588 §4): its sequence number from the payload, the given
/// SSRC and payload type, header extensions as they came, no padding. Returns the size written to `out`; 0 when there
/// is no original inside (a padding probe) or no room. `packet` is what `view` was parsed from. Reentrant.
size_t unwrap_rtx(const RtpView &view, std::span<const uint8_t> packet, uint32_t ssrc, uint8_t payload_type,
                  std::span<uint8_t> out);

} // namespace peerwire
