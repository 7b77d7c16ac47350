// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Stands around a video encoder and decides which of its pictures are keyframes.

#pragma once

#include "gst_ptr.h"

namespace rostrum::session {

/// Takes the requests that come from downstream and tells the encoder of its KeyframeCadence. Lasts as long as the
/// encoder. `encoder` is a GstVideoEncoder that makes no keyframes by itself within KeyframeCadence::kGopNs.
void pace_keyframes(GstElement *encoder);

} // namespace rostrum::session
