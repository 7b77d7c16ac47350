// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "wire/result.h"

#include <string>

namespace rostrum::session {

/// Whether livecompositor takes this layout; what it says when it does not. Thread-bound: main.
peerwire::Result<bool> check_layout(const std::string &layout);

} // namespace rostrum::session
