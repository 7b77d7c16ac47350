// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "tools/rostrum/job/media_info.h"
#include "tools/rostrum/job/report.h"

namespace rostrum::job {

/// Makes `ID.jpg` (the first picture that is not black, at most 1280 wide), `ID.thumbnails.jpg` (tiles in rows, at most
/// 100) and `ID.thumbnails.vtt` (WebVTT, one cue a tile, `#xywh=`) beside a finished file `ID.mp4`. Gives
/// {poster, thumbnails {sprite, vtt, count, intervalMs, width, height}} with file names. Throws JobError.
Json make_pictures(const std::string &path, const MediaInfo &media, Report &report);

} // namespace rostrum::job
