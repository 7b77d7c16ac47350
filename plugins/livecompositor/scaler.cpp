// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/scaler.h"

#include <algorithm>

namespace livecompositor {

namespace {

constexpr double kMinVisible = 0.5; // Fit::Auto: what covering must leave of the picture
constexpr double kTrim = 1.06;      // a picture so much too large may be cut instead of scaled

struct Placement {
    Rect source; ///< part of the input that is shown
    Rect dest;   ///< part of the tile that it fills
};

double shape_of(const GstVideoInfo &info) {
    const int n = std::max(1, info.par_n), d = std::max(1, info.par_d);
    return std::max(1, info.width) * double(n) / (std::max(1, info.height) * double(d));
}

Placement place(const GstVideoInfo &info, const Target &target) {
    const double in = shape_of(info), out = target.size.w / double(target.size.h);
    const bool contain =
        target.fit == Fit::Contain || (target.fit == Fit::Auto && std::min(in, out) / std::max(in, out) < kMinVisible);
    Placement p{{0, 0, info.width, info.height}, {0, 0, target.size.w, target.size.h}};
    if (contain) {
        p.dest.w = in > out ? target.size.w : std::max(2, even(target.size.h * in + 1));
        p.dest.h = in > out ? std::max(2, even(target.size.w / in + 1)) : target.size.h;
        p.dest.x = even((target.size.w - p.dest.w) / 2);
        p.dest.y = even((target.size.h - p.dest.h) / 2);
    } else {
        p.source.w = in > out ? std::max(1, even(info.width * out / in + 1)) : info.width;
        p.source.h = in > out ? info.height : std::max(1, even(info.height * in / out + 1));
        p.source.x = even((info.width - p.source.w) / 2);
        p.source.y = even((info.height - p.source.h) / 2);
    }
    return p;
}

GstVideoInfo output_info(Size size) {
    GstVideoInfo out;
    gst_video_info_set_format(&out, GST_VIDEO_FORMAT_I420, static_cast<guint>(size.w), static_cast<guint>(size.h));
    gst_video_colorimetry_from_string(&out.colorimetry, GST_VIDEO_COLORIMETRY_BT709);
    return out;
}

/// Matrices of limited-range YUV inputs are taken as equal: the per-plane fast path is five times cheaper than an
/// exact BT.601 to BT.709 conversion of every pixel.
bool treat_as_same_matrix(const GstVideoInfo &info) {
    return GST_VIDEO_INFO_IS_YUV(&info) && info.colorimetry.range != GST_VIDEO_COLOR_RANGE_0_255;
}

/// `side` is at most a trim more than `wanted`.
bool nearly(int side, int wanted) {
    return side >= wanted && side <= wanted * kTrim;
}

/// Cuts the source to `factor` times the tile when that costs next to nothing and the tile may be covered.
bool trim(Placement &p, const Target &target, int factor) {
    const int w = target.size.w * factor, h = target.size.h * factor;
    if (target.fit == Fit::Contain || p.dest.size() != target.size || !nearly(p.source.w, w) || !nearly(p.source.h, h))
        return false;
    p.source = {even(p.source.x + (p.source.w - w) / 2), even(p.source.y + (p.source.h - h) / 2), w, h};
    return true;
}

bool can_halve(const GstVideoInfo &info) {
    return GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_I420 && treat_as_same_matrix(info);
}

GstVideoConverter *new_converter(const GstVideoInfo &info, Size size, const Placement &p, Color border) {
    GstVideoInfo in = info, out = output_info(size);
    GST_VIDEO_INFO_FPS_N(&out) = GST_VIDEO_INFO_FPS_N(&in); // the converter insists, and does not care otherwise
    GST_VIDEO_INFO_FPS_D(&out) = GST_VIDEO_INFO_FPS_D(&in);
    GstStructure *config = gst_structure_new(
        "scale", GST_VIDEO_CONVERTER_OPT_SRC_X, G_TYPE_INT, p.source.x, GST_VIDEO_CONVERTER_OPT_SRC_Y, G_TYPE_INT,
        p.source.y, GST_VIDEO_CONVERTER_OPT_SRC_WIDTH, G_TYPE_INT, p.source.w, GST_VIDEO_CONVERTER_OPT_SRC_HEIGHT,
        G_TYPE_INT, p.source.h, GST_VIDEO_CONVERTER_OPT_DEST_X, G_TYPE_INT, p.dest.x, GST_VIDEO_CONVERTER_OPT_DEST_Y,
        G_TYPE_INT, p.dest.y, GST_VIDEO_CONVERTER_OPT_DEST_WIDTH, G_TYPE_INT, p.dest.w,
        GST_VIDEO_CONVERTER_OPT_DEST_HEIGHT, G_TYPE_INT, p.dest.h, GST_VIDEO_CONVERTER_OPT_BORDER_ARGB, G_TYPE_UINT,
        border.argb(), GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD, GST_TYPE_VIDEO_RESAMPLER_METHOD,
        GST_VIDEO_RESAMPLER_METHOD_LINEAR, GST_VIDEO_CONVERTER_OPT_CHROMA_RESAMPLER_METHOD,
        GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR, GST_VIDEO_RESAMPLER_OPT_MAX_TAPS,
        G_TYPE_INT, 2, GST_VIDEO_CONVERTER_OPT_DITHER_METHOD, GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE,
        nullptr);
    if (treat_as_same_matrix(info))
        gst_structure_set(config, GST_VIDEO_CONVERTER_OPT_MATRIX_MODE, GST_TYPE_VIDEO_MATRIX_MODE,
                          GST_VIDEO_MATRIX_MODE_NONE, nullptr);
    return gst_video_converter_new(&in, &out, config);
}

/// A frame over foreign planes; the converter reads only what is set here.
GstVideoFrame frame_over(const Picture &picture) {
    GstVideoFrame frame{};
    frame.info = output_info(picture.size);
    for (int i = 0; i < 3; ++i) {
        frame.info.stride[i] = picture.stride[i];
        frame.data[i] = picture.data[i];
    }
    return frame;
}

} // namespace

bool Scaler::is_same(const GstVideoInfo &info, const Target &target) {
    return GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_I420 && treat_as_same_matrix(info) &&
           info.width == target.size.w && info.height == target.size.h && info.par_n == info.par_d;
}

bool Scaler::prepare(const GstVideoInfo &info, const Target &target) {
    if (!steps_.empty() && target_ == target && gst_video_info_is_equal(&info_, &info))
        return true;
    steps_.clear();
    info_ = info;
    target_ = target;
    GstVideoInfo from = info;
    Placement p = place(info, target);
    while (can_halve(from) && p.source.w >= 2 * p.dest.w && p.source.h >= 2 * p.dest.h && !trim(p, target, 2)) {
        p.source.w = p.source.w / 4 * 4; // halves are even, too
        p.source.h = p.source.h / 4 * 4;
        const Rect half{0, 0, p.source.w / 2, p.source.h / 2};
        steps_.push_back({nullptr, std::make_unique<Image>(half.size())});
        steps_.back().converter.reset(new_converter(from, half.size(), {p.source, half}, target.border));
        from = output_info(half.size());
        p.source = half;
    }
    if (can_halve(from))
        trim(p, target, 1);
    steps_.push_back(
        {std::unique_ptr<GstVideoConverter, Free>(new_converter(from, target.size, p, target.border)), nullptr});
    for (const Step &step : steps_) {
        if (!step.converter) {
            steps_.clear();
            return false;
        }
    }
    return true;
}

bool Scaler::scale(GstBuffer *buffer, const GstVideoInfo &info, const Target &target, const Picture &to) {
    GstVideoInfo in = info;
    GstVideoFrame source;
    if (!prepare(info, target) || !gst_video_frame_map(&source, &in, buffer, GST_MAP_READ))
        return false;
    GstVideoFrame from = source;
    for (const Step &step : steps_) {
        GstVideoFrame into = frame_over(step.half ? step.half->picture() : to);
        gst_video_converter_frame(step.converter.get(), &from, &into);
        from = into;
    }
    gst_video_frame_unmap(&source);
    return true;
}

Picture picture_of(const GstVideoFrame &frame) {
    Picture p;
    p.size = {even(GST_VIDEO_FRAME_WIDTH(&frame)), even(GST_VIDEO_FRAME_HEIGHT(&frame))};
    for (int i = 0; i < 3; ++i) {
        p.data[i] = static_cast<uint8_t *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, i));
        p.stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, i);
    }
    return p;
}

} // namespace livecompositor
