// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the well-known platforms ask of a stream, for warnings: they are told apart by host name, and none is refused
// for it. Sources and more about each: docs/livestreams.md.

#pragma once

#include "tools/rostrum/store/outputs.h"

namespace rostrum {

/// For pictures whose longer side has at most so many pixels.
struct SizeLimit {
    unsigned side, max_kbps; ///< of the picture
};

struct Platform {
    const char *name;
    std::vector<const char *> domains;
    std::vector<SizeLimit> sizes; ///< smallest first
    unsigned max_keyframe_s;
    bool needs_tls;
};

/// By the host of a URL; null for any other.
const Platform *platform_of(const std::string &host);

/// What is sent.
struct StreamShape {
    unsigned width = 0, height = 0, kbps = 0, keyframe_s = 0;
};
/// Of the composed picture.
StreamShape shape_of(const Json &composition);

/// Sentences; none when all is well.
std::vector<std::string> platform_faults(const Platform &platform, const std::string &scheme, const StreamShape &shape);

/// [{outputId, platform, message}] for the destinations of a livestream that have not ended.
Json platform_warnings(const OutputRecord &livestream, const Json &composition);

} // namespace rostrum
