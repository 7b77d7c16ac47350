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

/// It says something about the picture, not only about the output.
bool names_picture(const Json &config);

/// Checks the `config` of a livestream or recording and fills in what it leaves out from `current`. Null takes a member
/// that has no fixed set of values back to its default. What a layout's description says inside is not looked at.
std::variant<Json, Refusal> parse_composition(const Json &config, const Json &current);

} // namespace rostrum
