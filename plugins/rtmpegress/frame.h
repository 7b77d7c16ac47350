// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// One access unit of the stream that goes out, shared by all destinations.

#pragma once

#include "common/gst_ptr.h"

#include <cstdint>
#include <memory>

namespace rostrum {

enum class MediaKind { Video, Audio };
constexpr size_t kMediaKinds = 2;

/// Immutable after construction. Times are running times of the element's pipeline in ns (they may be below 0).
struct Frame {
    MediaKind kind = MediaKind::Video;
    bool keyframe = false; // video: IDR; audio: always true
    int64_t pts = 0, dts = 0;
    GstPtr<GstBuffer> buffer;
    GstPtr<GstCaps> caps;
};

using FramePtr = std::shared_ptr<const Frame>;

} // namespace rostrum
