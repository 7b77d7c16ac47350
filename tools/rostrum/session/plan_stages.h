// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Compositions beside the room's, which only outputs need: nobody watches them, so nothing is packetized. Pure.

#pragma once

#include "plan.h"

namespace rostrum::session {

/// One for each composition of Wanted::compositions that an output has, for each composite recording of chosen
/// participants, and for each participant that is recorded. Outputs of one share compositor and encoders. The program
/// knows nothing of them.
void add_stages(const State &state, const PlanConfig &config, Graph &graph);

} // namespace rostrum::session
