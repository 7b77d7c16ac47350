// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Trickle ICE fragments (application/trickle-ice-sdpfrag, RFC 8840 §9) as WHIP and WHEP clients PATCH them.

#pragma once

#include "common/sdp_answer.h"

namespace rostrum {

/// An ICE-lite answerer needs no candidates of the peer: they are counted, and checks tell the address.
struct SdpFragment {
    std::string ice_ufrag, ice_pwd; // both or none
    unsigned candidates = 0;
    bool end_of_candidates = false;
};

/// 400 with the reason; 413 when too large. Never throws. Reentrant.
Result<SdpFragment> parse_fragment(std::string_view text);

/// The answer to an ICE restart: new credentials, same candidates.
std::string write_fragment(const LocalTransport &local, std::string_view mid);

} // namespace rostrum
