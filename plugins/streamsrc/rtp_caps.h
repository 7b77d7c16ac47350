// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "common/gst_ref.h"
#include "common/sdp_negotiate.h"

#include <cstdint>
#include <string>

namespace rostrum {

/// application/x-rtp caps of one payload type of a publisher's m-section: media, encoding-name, clock-rate, payload,
/// ssrc, what fmtp says (sprop-parameter-sets, profile-level-id …), header extensions as extmap-ID, and `rid` and `mid`
/// when not empty. Reentrant.
GstRef<GstCaps> make_rtp_caps(const AnswerMedia &media, const SdpCodec &codec, uint32_t ssrc, const std::string &rid);

} // namespace rostrum
