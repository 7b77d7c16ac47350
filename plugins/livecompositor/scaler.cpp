// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "livecompositor/scaler.h"

#include "livecompositor/halve.h"
#include "livecompositor/paint.h"

#include <algorithm>

namespace livecompositor {

namespace {

constexpr double kMinVisible = 0.5; // Fit::Auto: what covering must leave of the picture
constexpr double kSameShape = 0.99; // rounding of tiles; no bars, no cuts
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
    if (std::min(in, out) / std::max(in, out) > kSameShape)
        return p;
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

/// Cuts the source to `factor` times the tile when that costs next to nothing.
bool trim(Rect &source, Size tile, int factor) {
    const int w = tile.w * factor, h = tile.h * factor;
    if (!nearly(source.w, w) || !nearly(source.h, h))
        return false;
    source = {source.x + even((source.w - w) / 2), source.y + even((source.h - h) / 2), w, h};
    return true;
}

bool is_plain_i420(const GstVideoInfo &info) {
    return GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_I420 && treat_as_same_matrix(info) && info.width >= 2 &&
           info.height >= 2;
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
        GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR, GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
        GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, nullptr);
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

void fill_around(const Picture &tile, const Rect &inner, Color color) {
    const Yuv yuv = to_yuv(color);
    fill(tile, {0, 0, tile.size.w, inner.y}, yuv);
    fill(tile, {0, inner.bottom(), tile.size.w, tile.size.h - inner.bottom()}, yuv);
    fill(tile, {0, inner.y, inner.x, inner.h}, yuv);
    fill(tile, {inner.right(), inner.y, tile.size.w - inner.right(), inner.h}, yuv);
}

} // namespace

bool Scaler::is_same(const GstVideoInfo &info, const Target &target) {
    return is_plain_i420(info) && info.width == target.size.w && info.height == target.size.h &&
           info.par_n == info.par_d;
}

void Scaler::prepare(const GstVideoInfo &info, const Target &target) {
    if (prepared_ && target_ == target && gst_video_info_is_equal(&info_, &info))
        return;
    prepared_ = true;
    info_ = info;
    target_ = target;
    const Placement p = place(info, target);
    source_ = p.source;
    dest_ = p.dest;
    converter_.reset(is_plain_i420(info) ? nullptr : new_converter(info, target.size, p, target.border));
    if (!converter_)
        prepare_i420(target);
}

void Scaler::prepare_i420(const Target &target) {
    source_ = {source_.x, source_.y, std::max(2, even(source_.w)), std::max(2, even(source_.h))};
    const bool may_cut = target.fit != Fit::Contain && dest_.size() == target.size;
    halvings_ = 0;
    halves_.clear();
    rest_.reset();
    Rect from = source_;
    while (from.w >= 2 * dest_.w && from.h >= 2 * dest_.h) {
        if (may_cut && halvings_ == 0)
            trim(source_, dest_.size(), 2);
        from = halvings_ == 0 ? source_ : from;
        ++halvings_;
        // Halves are even, too.
        from = {0, 0, from.w / 4 * 2, from.h / 4 * 2};
        if (from.size() == dest_.size())
            return;
        halves_.emplace_back(from.size());
    }
    if (may_cut && halvings_ == 0 && trim(source_, dest_.size(), 1))
        return;
    if (from.size() != dest_.size())
        rest_ = std::make_unique<PictureScaler>(from.size(), dest_.size());
}

void Scaler::scale_i420(const Picture &from, const Picture &to) {
    const Picture inner = to.part(dest_);
    Picture now = from.part(source_);
    for (size_t i = 0; i < halves_.size(); ++i) {
        halve(now, halves_[i].picture());
        now = halves_[i].picture();
    }
    if (rest_)
        rest_->scale(now, inner);
    else if (static_cast<size_t>(halvings_) > halves_.size())
        halve(now, inner);
    else
        copy_rounded(inner, 0, 0, now, CornerMask());
    fill_around(to, dest_, target_.border);
}

bool Scaler::scale(GstBuffer *buffer, const GstVideoInfo &info, const Target &target, const Picture &to) {
    prepare(info, target);
    GstVideoInfo in = info;
    GstVideoFrame source;
    if ((!converter_ && !is_plain_i420(info)) || !gst_video_frame_map(&source, &in, buffer, GST_MAP_READ))
        return false;
    if (converter_) {
        GstVideoFrame dest = frame_over(to);
        gst_video_converter_frame(converter_.get(), &source, &dest);
    } else {
        scale_i420(picture_of(source), to);
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
