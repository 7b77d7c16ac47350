// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/config.h"

namespace rostrum {

/// The options of `rostrum key`.
const std::vector<ConfigKey> &key_flags();

} // namespace rostrum
