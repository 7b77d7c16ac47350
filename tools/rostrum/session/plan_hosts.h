// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The hosts of a session, and their places on a compositor. Pure.

#pragma once

#include "plan.h"

#include <functional>

namespace rostrum::session {

/// The best picture of a host: layers are listed lowest first, as browsers send them.
const Track *best_video(const Host &host);
const Track *first_audio(const Host &host);

/// The hosts that the program is made of: those whose media can flow; before that, the first that sends.
std::vector<const Host *> shown_hosts(const State &state);

/// A pad with what that track carries.
PadRef tee_of(const Host &host, const Track &track);

/// Who is put on a compositor, and how.
struct Stage {
    std::string prefix; // of the names of its branches; "" is the room's
    const Composition &composition;
    std::function<bool(const Host &, bool video)> shows;
    std::function<const Track *(const Host &)> picture; // which of a host's pictures is decoded
    bool labels = true;

    std::string compose() const { return prefix + kComposeBranch; }
};

/// Adds the decoders and places of all hosts. Who is shown is the compositor's choice, so every host with a picture has
/// a place there. Sound is always heard.
void add_hosts(const Stage &stage, const State &state, Graph &graph);

} // namespace rostrum::session
