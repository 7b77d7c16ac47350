// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/config.h"

namespace rostrum {

/// Options of `rostrum webhook`.
const std::vector<ConfigKey> &webhook_flags();

} // namespace rostrum
