// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "fanout/track_writer.h"

#include <gst/gst.h>

namespace rostrum {

/// What application/x-rtp caps say about the sender: encoding-name, clock-rate, sprop-parameter-sets (RFC 6184 §8.1).
peerwire::Source source_from_caps(const GstCaps *caps);

} // namespace rostrum
