// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What went wrong with a publishing session, in words that may be shown.

#pragma once

#include "rtmpegress/push.h"
#include "rtmpegress/rtmp_url.h"

namespace rostrum {

/// `debug` may be null. The text has no secrets of `url`. Reentrant.
PushFailure describe_failure(const RtmpUrl &url, const GError &error, const char *debug);

} // namespace rostrum
