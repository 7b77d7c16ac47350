// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "streamsrc/publish_session.h"

#include <gst/gst.h>

namespace rostrum {

/// Adds what is known of a publisher to the `stats` property; see docs of the property.
void write_publish_stats(GstStructure *stats, const PublishSession &session);

} // namespace rostrum
