// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Which of a host's pictures is worth decoding. Pure.

#pragma once

#include "state.h"

namespace rostrum::session {

/// By how much the picture has to be enlarged to fill its tile; below 1 it is made smaller. A size that is not known
/// counts as too small.
double enlargement(const Picture &picture, const Tile &tile);

/// Nothing while no tile shows the host. Else the smallest layer that fills its tile (nearly), else the largest, of
/// those that flow. `host.decoded` is the one that is decoded so far: it stays when another one would hardly be
/// better. While the tile is not known, nothing of several layers, and the only one of a single.
const Track *decoded_video(const Host &host);

/// The largest that flows; while none does, the last one that is listed. Null without a picture.
const Track *best_flowing_video(const Host &host);

} // namespace rostrum::session
