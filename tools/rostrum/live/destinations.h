// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/json.h"

#include <variant>

namespace rostrum {

constexpr size_t kMaxOutputs = 10; ///< of one livestream

/// Checks one destination {url, streamKey} of a livestream; the refusal carries code 4015. Unless `allow_private`, a
/// host that is itself a loopback, private or otherwise not public address is refused. Gives {url, streamKey}.
std::variant<Json, Refusal> parse_destination(const Json &output, bool allow_private);

/// The same for `outputs` of a livestream, all of them before anything starts. Gives a list.
std::variant<Json, Refusal> parse_destinations(const Json &outputs, bool allow_private);

} // namespace rostrum
