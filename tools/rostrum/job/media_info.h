// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include <cstdint>
#include <string>

namespace rostrum::job {

/// What a media file is, as its own index says it.
struct MediaInfo {
    std::string format; ///< "mp4", "webm"
    uint64_t duration_ms = 0;
    unsigned width = 0, height = 0;       ///< 0 without a picture
    std::string video_codec, audio_codec; ///< "h264", "vp8", "aac", "opus", …; "" when there is none
};

} // namespace rostrum::job
