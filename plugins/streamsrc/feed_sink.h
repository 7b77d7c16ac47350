// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/gstrtpfeed.h"

#include <gst/gst.h>

#include <functional>

namespace rostrum {

/// An appsink that hands everything to a feed and is never the reason for anything to stop: the end of a pipeline that
/// pulls. The pipeline must run on the system clock. `on_packet` is called before each packet, on its streaming thread.
/// Floating reference.
GstElement *make_feed_sink(GstRef<GstRtpFeed> feed, std::function<void()> on_packet);

} // namespace rostrum
