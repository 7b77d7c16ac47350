// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The pipeline as a function of the session's state. Pure: no GStreamer, no clock, no I/O.

#pragma once

#include "graph.h"
#include "state.h"

namespace rostrum::session {

/// What a session process is started with.
struct PlanConfig {
    std::string public_address = "127.0.0.1";
    std::string port_range;     // "" = any free port
    bool ice_tcp = false;       // media over TCP too
    unsigned shards = 1;        // of the program; a host's own feed has few viewers
    unsigned max_viewers = 0;   // of one feed; 0 = as many as viewerfanout takes
    std::string slate_text;     // on the composed picture while there is no host
    bool allow_private = false; // destinations of livestreams may be in private networks
};

enum class ProgramMode { Empty, Slate, Passthrough, Composed };

const char *to_string(ProgramMode mode);

/// The program is made of somebody.
bool has_hosts(const State &state);

/// Without hosts and outputs: Slate when the state says so, else Empty. Passthrough with exactly one connected host, no
/// output, and a codec that every viewer's answer lists (H.264 or VP8); not while its picture is muted, for that would
/// be seen as a picture that stands still.
ProgramMode program_mode(const State &state);

struct FrameSize {
    unsigned width, height;
};

FrameSize frame_size(const Composition &composition);
/// Of the composed picture, once encoded.
unsigned video_kbps(Quality quality);
constexpr unsigned kKeyframeSeconds = 2; // KeyframeCadence::kGopNs

Graph plan(const State &state, const PlanConfig &config);

/// Names of branches that the rest of the session looks for.
std::string host_branch(const std::string &participant);
std::string feed_branch(const std::string &participant);
std::string tile_branch(const std::string &participant);
std::string recording_branch(const std::string &recording);
/// Of a program's picture; layer 0 is in the program's branch itself.
std::string layer_branch(const std::string &program, unsigned layer);
/// The program in one codec, for viewers who take nothing else; with "" the one for everybody.
std::string program_branch(const std::string &only_codec);
inline const char *const kProgramBranch = "program";
inline const char *const kComposeBranch = "compose";
inline const char *const kLivestreamBranch = "livestream";

} // namespace rostrum::session
