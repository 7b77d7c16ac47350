// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/auth/refusal.h"
#include "tools/rostrum/base/json.h"

#include <variant>

namespace rostrum {

/// The picture before anyone asks for another: GRID, SPEAKER, DARK, med, landscape.
Json default_composition();

/// Refuses a name in `config` that stands for nothing.
std::optional<Refusal> check_composition_names(const Json &config);

/// Checks the `config` of a livestream or recording and fills in what it leaves out from `current`. Null takes a member
/// that has no fixed set of values back to its default. What a layout's description says inside is not looked at.
std::variant<Json, Refusal> parse_composition(const Json &config, const Json &current);

/// Checks the `outputs` of a livestream, all of them before anything starts; the refusal carries code 4015.
/// Gives [{url, streamKey}].
std::variant<Json, Refusal> parse_rtmp_outputs(const Json &outputs);

/// An RTMP URL without what may be a secret in it: user info, query, and, when there is no separate key, the last
/// path segment.
std::string public_rtmp_url(const std::string &url, bool has_stream_key);

} // namespace rostrum
