// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What WHIP and WHEP (RFC 9725 §4) use of HTTP's conditional requests and content negotiation (RFC 9110). Needs nothing
// but the C++ library; `rostrum serve` links it too. Never throws on what a peer sent. Reentrant.

#pragma once

#include <string>
#include <string_view>

namespace rostrum {

inline constexpr char kSdpType[] = "application/sdp";
inline constexpr char kFragmentType[] = "application/trickle-ice-sdpfrag"; // RFC 8840 §9

/// Of endpoints and sessions together: clients look at an endpoint's CORS methods for whether its sessions take a
/// PATCH.
inline constexpr char kWhipMethods[] = "DELETE, GET, HEAD, OPTIONS, PATCH, POST";

/// Our username fragment in an answer, or in the fragment that answers an ICE restart; "" when there is none.
std::string ice_ufrag_of(std::string_view sdp);

/// The local username fragment names the ICE session, so that it is its strong entity tag (RFC 9725 §4.3.1).
std::string entity_tag(std::string_view ice_ufrag);

/// If-Match (RFC 9110 §13.1.1) against the current tag. A weak tag matches none. "*" matches with its quotes too: RFC
/// 9725 §4.3.3 writes it so in its example of an ICE restart.
bool if_match(std::string_view field, std::string_view tag);

/// Whether an Accept (RFC 9110 §12.5.1) takes `type`; an empty one takes everything.
bool accepts(std::string_view field, std::string_view type);

} // namespace rostrum
