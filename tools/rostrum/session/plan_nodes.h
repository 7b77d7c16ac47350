// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The elements that branches of the plan are made of. Pure.

#pragma once

#include "plan.h"

namespace rostrum::session {

// Reordering and retransmission of a host's packets before they are decoded. The viewers of that host do not wait for
// it.
inline constexpr const char *kJitterMs = "80";

// Outputs may lag this much behind (a connection that stalls) before the oldest is dropped.
inline constexpr const char *kOutputQueueNs = "3000000000";

inline constexpr const char *kBufferMs = "1000";
// A connection that just carries a rendition is held up by its keyframes for no longer than this.
inline constexpr const char *kThinBufferMs = "400";

/// A chain of nodes, linked in order.
void chain(Branch &branch, const std::vector<std::string> &names);
void link(Branch &branch, const char *from, const char *from_pad, const char *to, const char *to_pad);

/// Drops its oldest when full and never blocks upstream.
Node leaky_queue(const char *name, const char *max_ns, const char *max_buffers = "0");
/// What goes wrong behind it stays behind it.
Node guard(const char *name);
Node tee(const char *name);
Node selector(const char *name);

/// Codecs that can be composed: depayloader, what follows it, decoder.
std::vector<Node> video_decoder(const std::string &encoding);
std::vector<Node> audio_decoder(const std::string &encoding);

Node compositor(const Composition &composition, const PlanConfig &config);
Node opus_encoder();
Node aac_encoder();

/// One encode for everybody: no B-frames, closed GOP, VBV of one second. Sliced threads would make several slices per
/// frame, which a browser counts as several frames.
Node h264_encoder(const std::string &kbps, const char *buffer_ms);
Node baseline();
/// Aggregation stays within one picture; anything else costs latency.
Node h264_packets();
/// For viewers who take nothing else: realtime, a buffer of one second, and a picture that is lost spoils no other
/// partition of the bitstream. More threads spin where there is no core for them.
Node vp8_encoder(const Composition &composition);

} // namespace rostrum::session
