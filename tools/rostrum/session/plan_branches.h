// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The kinds of branches that plan() puts together. Pure.

#pragma once

#include "plan.h"

namespace rostrum::session {

std::string track_branch(const std::string &participant, const Track &track);

/// `only_codec`: as of program_branch().
Branch program(const PlanConfig &config, const std::string &only_codec);
/// One more quality layer of a program's picture, from 1.
Branch program_layer(const std::string &program, unsigned layer);
Branch feed(const std::string &participant, const PlanConfig &config);
Branch streamsrc(const std::string &participant, const PlanConfig &config);
Branch track_tee(const std::string &participant, const Track &track);

/// Nothing while the codec is not known yet or cannot be decoded here.
/// `stage`: what precedes the names of the branches of a composition; "" is the room's.
std::optional<Branch> decode(const std::string &stage, const std::string &participant, const Track &track);

/// The host's place on the compositor: whichever decoder is there feeds it.
Branch tile(const std::string &stage, const std::string &participant);
Branch compose(const Composition &composition, const PlanConfig &config);
/// The composed picture in one codec, H264 or VP8.
Branch encode(const std::string &codec, const Composition &composition);
std::string encode_branch(const std::string &codec);
/// The composed picture once more, smaller, for thin connections. Each has a layer of its own in every program, which
/// no host's simulcast has.
struct Rendition {
    unsigned height; // of the shorter side
    unsigned kbps;
    unsigned layer;
};
inline constexpr Rendition kRenditions[] = {{360, 600, 6}, {180, 150, 7}};
Branch encode_smaller(const Rendition &rendition, const Composition &composition);
/// From the frames of a composition to those of a rendition, an encoder for them included.
std::vector<Node> smaller_h264(const Rendition &rendition, const Composition &composition);
std::string rendition_branch(const Rendition &rendition);
Branch aac();
/// `stage` as of decode().
Branch livestream(const std::string &stage, const PlanConfig &config);
/// Pushed to from that branch.
void add_destinations(const Livestream &livestream, const std::string &stage, Graph &graph);

} // namespace rostrum::session
