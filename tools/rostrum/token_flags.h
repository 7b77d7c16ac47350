// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/config.h"

namespace rostrum {

/// The options of `rostrum token`, beside those of every command.
const std::vector<ConfigKey> &token_flags();

} // namespace rostrum
