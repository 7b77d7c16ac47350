// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <gst/gst.h>

namespace rostrum::session {

/// Lets no data through a source pad of a host any more, or lets it through again, with a keyframe as soon as the host
/// can send one. Main thread.
void set_muted(GstPad *pad, bool muted);

} // namespace rostrum::session
