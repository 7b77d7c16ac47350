// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "viewerfanout/fanout.h"

#include <gst/gst.h>

#include <string>

namespace rostrum {

/// A pad whose data goes into `input`. Both must outlive it.
GstPad *make_sink_pad(GstPadTemplate *templ, const std::string &name, Fanout &fanout, TrackInput &input);

/// No more of that pad for now.
void end_input(GstPad *pad);

/// Posts EOS when there are sink pads and all of them have seen it; `ending` sees it right now (nullable).
void post_eos_when_ended(GstElement *element, GstPad *ending);

} // namespace rostrum
