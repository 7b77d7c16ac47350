// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/base/json.h"
#include "tools/rostrum/session/minute_report.h"

namespace rostrum {

/// VideoSDK's entry of `stats`; times in ms, rates in kbit/s, null for what was not measured.
Json stats_entry(const MinuteRow &row);
/// VideoSDK's entry of `resolutionUsage`: seconds with a picture of about that height.
Json resolution_entry(const MinuteRow &row);

} // namespace rostrum
