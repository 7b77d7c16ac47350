// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/image.h"

#include <gst/video/video.h>

#include <memory>

namespace livecompositor {

/// How an input wants its picture prepared.
struct Target {
    Size size;
    Fit fit = Fit::Auto;
    Color border; ///< behind pictures that do not fill the tile
    bool operator==(const Target &) const = default;
};

/// Brings pictures of any raw format and size into I420 tiles. Thread-bound: one caller at a time.
class Scaler {
  public:
    /// False when the buffer cannot be read as `info` says.
    bool scale(GstBuffer *buffer, const GstVideoInfo &info, const Target &target, const Picture &to);

    /// The picture fills the target as it is: copying is enough.
    static bool is_same(const GstVideoInfo &info, const Target &target);

  private:
    struct Free {
        void operator()(GstVideoConverter *c) const { gst_video_converter_free(c); }
    };
    void prepare(const GstVideoInfo &info, const Target &target);

    std::unique_ptr<GstVideoConverter, Free> converter_;
    GstVideoInfo info_{};
    Target target_;
};

/// The planes of a mapped I420 frame.
Picture picture_of(const GstVideoFrame &frame);

} // namespace livecompositor
