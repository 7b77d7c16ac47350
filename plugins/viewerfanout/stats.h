// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The fields of the element's `stats` structure.

#pragma once

#include "viewerfanout/track_input.h"
#include "viewerfanout/viewer_hub.h"

#include <gst/gst.h>

namespace rostrum {

/// A structure named as the pad: codec, packets, bytes, keyframes, sources, dropped-*.
void add_input_stats(GstStructure *stats, const TrackInput &input);
/// Sums over the viewers that are there now, as `viewers`, and `viewer-list`: one structure for each.
void add_viewer_stats(GstStructure *stats, const std::vector<ViewerStats> &viewers);
/// `viewerfanout-layer-demand`.
GstStructure *demand_structure(const LayerDemand &demand);
/// `server`: datagrams, bytes, what was dropped and why.
void add_server_stats(GstStructure *stats, const peerwire::ServerCounters &counters, double load);

} // namespace rostrum
