// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace rostrum {

/// The value at `path` in the object that `json` is, with blanks in place of what stands before it: what somebody else
/// says about a line and a column holds for the whole text. "" when it is not there; of a name that is there twice the
/// last. Untrusted text. Reentrant.
std::string only_member(std::string_view json, std::initializer_list<std::string_view> path);

} // namespace rostrum
