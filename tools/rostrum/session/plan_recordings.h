// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The branches that end in a file. Pure.

#pragma once

#include "plan.h"

namespace rostrum::session {

/// It holds what the program shows, so it shares the program's composition and encodes.
bool is_of_room(const Recording &recording);

/// What recordings of the room ask of its composition.
struct RoomMedia {
    bool composed = false; // at all
    bool vp8 = false, aac = false;
};
RoomMedia media_of_room(const std::vector<Recording> &recordings);

/// Recordings of the room; their branches, and what feeds them.
void add_room_recordings(const State &state, Graph &graph);
void link_room_recordings(const State &state, Graph &graph);

/// Of pictures and sound that are encoded already, or of sound alone.
Branch composed_recording(const Recording &wanted);

void add_track_recordings(const State &state, Graph &graph);

/// Why a recording cannot be made of what is there; "" when it can, or when nothing is there yet.
std::string why_not_recorded(const State &state, const Recording &recording);

/// The format that a track of this encoding is written in; nothing when it cannot be written at all.
std::optional<FileFormat> track_format(const std::string &encoding, FileFormat wished);

/// Of a recording branch.
FileFormat format_of(const Branch &recording);

} // namespace rostrum::session
