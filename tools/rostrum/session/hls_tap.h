// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Takes coded media off the end of a branch.

#pragma once

#include "hls_writer.h"

namespace rostrum::session {

/// All that reaches `sink`, H.264 with lengths (avc) or raw AAC, goes to the writer, with running times.
void tap_video(GstElement *sink, const std::shared_ptr<HlsWriter> &writer, size_t rendition);
void tap_audio(GstElement *sink, const std::shared_ptr<HlsWriter> &writer);

} // namespace rostrum::session
