// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The text of an answer: ICE-lite (RFC 8445 §2.5), BUNDLE, rtcp-mux, host candidates for the public addresses, UDP
// and, behind them, passive TCP (RFC 6544).

#pragma once

#include "common/sdp_negotiate.h"

namespace rostrum {

/// Regular nomination (RFC 8445 §10), and candidates may follow (RFC 8840 §4.1.1); the same in every answer.
inline constexpr char kIceOptions[] = "a=ice-options:trickle ice2";

/// Where and as whom the answering peer is reached.
struct LocalTransport {
    std::string ufrag, pwd;
    std::string fingerprint; // "sha-256 AA:BB:…"
    uint16_t port = 0;
    std::vector<std::string> addresses; // IPv4 or IPv6, without brackets
    uint16_t tcp_port = 0;              // of passive ICE-TCP candidates; 0 = none
};

/// Reentrant.
std::string write_answer(const SdpOffer &offer, const Answer &answer, const LocalTransport &local);

/// The candidate lines of `local`, each "a=candidate:…\r\n", then end-of-candidates.
std::string write_candidates(const LocalTransport &local);

/// "127.0.0.1, ::1" → its addresses; an error when one is not an IP address.
Result<std::vector<std::string>> parse_addresses(std::string_view list);

} // namespace rostrum
