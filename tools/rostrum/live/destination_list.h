// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The destinations of one livestream, as the members of `outputs` in its record: {id, url, streamKey, state, removed,
// report}. `state` is what the session process said last; `removed` that somebody took it out while the others went on.

#pragma once

#include "tools/rostrum/store/outputs.h"

namespace rostrum {

bool has_ended(const Json &destination); ///< failed or stopped
size_t running_destinations(const OutputRecord &livestream);
/// Shared with the record, so that it can be changed; null when there is none.
Json find_destination(const OutputRecord &livestream, const std::string &id);

/// Gives it the next id, and forgets the oldest that ended when there are many. Returns the id.
std::string add_destination(OutputRecord &livestream, const Json &url_and_key);
/// Takes over what a report of the session process says: numbers and the newest error.
void note_report(Json destination, const Json &details);

/// What the session process is to push to: {id, url, streamKey} of those that have not ended.
Json wanted_destinations(const OutputRecord &livestream);
/// For people: [{id, url without its secrets, state, error, lastError, bytes, bitrate, …}].
Json describe_destinations(const OutputRecord &livestream);
/// The same of one.
Json describe_destination(const Json &destination);

} // namespace rostrum
