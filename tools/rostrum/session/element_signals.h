// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Calling the elements: action signals, and what their pads say. The launcher knows elements only by such names.
// Thread-bound: main.

#pragma once

#include "gst_ptr.h"
#include "peers.h"
#include "state.h"

#include "wire/result.h"

#include <map>
#include <vector>

namespace rostrum::session {

/// Emits an action signal that takes strings and returns one; a null return becomes the element's "last-error" ("code:
/// text").
peerwire::Result<std::string> call_element(GstElement *element, const char *signal,
                                           const std::vector<std::string> &arguments);

/// viewerfanout's add-viewer and set-viewer-options.
peerwire::Result<std::string> add_viewer(GstElement *fanout, const std::string &id, const std::string &offer,
                                         const ViewerLimits &limits);
peerwire::Result<bool> limit_viewer(GstElement *fanout, const std::string &id, const ViewerLimits &limits);

/// livecompositor-tiles, by pad.
std::map<std::string, Tile> tiles_of(const GstStructure *message);

/// As viewerfanout documents it.
struct LayerDemand {
    unsigned starving = 0, limited = 0;
};
LayerDemand layer_demand_of(GstElement *fanout);

/// The tracks that a streamsrc shows, by its source pads.
std::vector<Track> tracks_of(GstElement *streamsrc);

} // namespace rostrum::session
