// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/job/media_info.h"
#include "tools/rostrum/job/report.h"

#include <string>

namespace rostrum::job {

struct Finalised {
    MediaInfo media;
    bool rewritten = false; ///< false: it was well already
};

/// Makes a seekable file with its index in front out of what a recorder left at `path`, in its place. What it holds
/// stays byte for byte. Throws JobError and leaves the file alone.
Finalised finalise(const std::string &path);

/// {"path"}: finalises a part of a recording and makes what goes with it. Gives {path, bytes, durationMs, width,
/// height, format, videoCodec, audioCodec, finalised, sha256, poster, thumbnails, note}.
Json process_part(const Json &document, Report &report);
/// {"path", "init", "segment", "bytes", "atMs", "width", "height", "format": jpg|png|webp}: a picture of a segment of
/// HLS, the last one with atMs -1, into `path`. A side of 0 follows from the other, or is the picture's. Gives {width,
/// height, bytes}.
Json capture(const Json &document, Report &report);
/// {"path", "inputs": [{path, offsetMs, channel: 0|1}]}: the sound of the inputs as two channels of one MP4 file.
Json merge_channels(const Json &document, Report &report);
/// {"path", "inputs": [{path, offsetMs}]}: the inputs, aligned by time, side by side where they overlap.
Json merge_composed(const Json &document, Report &report);
/// {"files": [{path, key, type}], "s3": {…}, "state": {…}}: puts files into a bucket, see upload.cpp.
Json upload(const Json &document, Report &report);

} // namespace rostrum::job
