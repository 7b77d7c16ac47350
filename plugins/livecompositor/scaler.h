// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#pragma once

#include "livecompositor/bilinear.h"

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
///
/// I420 is first halved as often as it can be, which is cheap and keeps fine detail from flickering, then scaled by
/// what is left. Where a few percent less of the picture make the halving fit exactly, that is all that is done.
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
    void prepare_i420(const Target &target);
    void scale_i420(const Picture &from, const Picture &to);

    GstVideoInfo info_{};
    Target target_;
    bool prepared_ = false;
    Rect source_; ///< part of the input that is shown
    Rect dest_;   ///< part of the tile that it fills

    std::unique_ptr<GstVideoConverter, Free> converter_; ///< for everything but I420
    int halvings_ = 0;
    std::vector<Image> halves_;           ///< results of the halvings but one that fits the tile
    std::unique_ptr<PictureScaler> rest_; ///< null when halving or copying is all
};

/// The planes of a mapped I420 frame.
Picture picture_of(const GstVideoFrame &frame);

} // namespace livecompositor
