// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// `maxLayer` and `maxBitrate` of a viewer: in the query of a WHEP offer, and in the body that changes them. Throws
// Refusal. Reentrant.

#pragma once

#include "tools/rostrum/api/exchange.h"
#include "tools/rostrum/live/session_process.h"

namespace rostrum {

ViewerLimits limits_of_query(const Exchange &exchange);
/// null lifts a limit.
ViewerLimits limits_of_body(const Json &body);

} // namespace rostrum
