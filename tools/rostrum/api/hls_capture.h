// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/api/api.h"

namespace rostrum {

/// Answers with a picture of a stream: its newest one, or the one at `time` of the body, in seconds from the begin.
/// Decoded by a process of its own. Throws Refusal.
void capture_hls(Api &api, const ExchangePtr &exchange, const HlsStream &stream, const OutputRecord &output,
                 const Json &body);

} // namespace rostrum
