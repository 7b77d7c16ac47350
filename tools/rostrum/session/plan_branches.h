// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The kinds of branches that plan() puts together. Pure.

#pragma once

#include "plan.h"

namespace rostrum::session {

std::string track_branch(const std::string &participant, const Track &track);

Branch program(const PlanConfig &config);
/// One more quality layer of the program's picture, from 1.
Branch program_layer(unsigned layer);
Branch feed(const std::string &participant, const PlanConfig &config);
Branch streamsrc(const std::string &participant, const PlanConfig &config);
Branch track_tee(const std::string &participant, const Track &track);

/// Nothing while the codec is not known yet or cannot be decoded here.
std::optional<Branch> decode(const std::string &participant, const Track &track);

/// The host's place on the compositor: whichever decoder is there feeds it.
Branch tile(const std::string &participant);
Branch compose(const Composition &composition, const PlanConfig &config);
Branch aac();
Branch livestream();
Branch recording(const Recording &recording, const Composition &composition);

} // namespace rostrum::session
