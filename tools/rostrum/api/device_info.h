// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/exchange.h"

namespace rostrum {

/// VideoSDK's `deviceInfo` of whoever sent this request: from its User-Agent, and `sdkType`, `sdkVersion`, `platform`
/// of its query. `sdk`: where the query says none.
Json device_info(const Exchange &exchange, const char *sdk);

} // namespace rostrum
