// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "studio.h"

#include <algorithm>
#include <cmath>

using namespace livecompositor;

namespace {

constexpr Size kCamera{320, 180};

/// A wall with soft light and fine stripes, of another hue for each camera.
BufferPtr take_picture(unsigned index, const GstVideoInfo &info) {
    BufferPtr buffer(gst_buffer_new_allocate(nullptr, info.size, nullptr));
    GstVideoInfo copy = info;
    GstVideoFrame frame;
    g_assert_true(gst_video_frame_map(&frame, &copy, buffer.get(), GST_MAP_WRITE));
    const Picture p = picture_of(frame);
    for (int y = 0; y < p.size.h; ++y) {
        for (int x = 0; x < p.size.w; ++x)
            p.data[0][y * p.stride[0] + x] = static_cast<uint8_t>(100 + 60 * y / p.size.h + (x / 4 % 2 ? 40 : 0));
    }
    for (int plane = 1; plane < 3; ++plane) {
        for (int y = 0; y < p.size.h / 2; ++y)
            std::fill_n(p.data[plane] + y * p.stride[plane], p.size.w / 2,
                        static_cast<uint8_t>(128 + 40 * std::cos(index * 2.1 + plane)));
    }
    gst_video_frame_unmap(&frame);
    return buffer;
}

} // namespace

Studio::Studio(Size canvas) {
    board.change([canvas](Settings &s) {
        s.size = canvas;
        s.motion.ms = 0;
    });
}

void Studio::brand(const std::function<void(Branding &)> &edit) {
    board.change([&](Settings &s) { edit(s.branding); });
}

VideoSource &Studio::add_camera(const char *label) {
    const auto index = static_cast<unsigned>(cameras_.size());
    cameras_.push_back({std::make_shared<VideoSource>(index)});
    VideoSource &source = *cameras_.back().source;
    source.settings.label = label;
    GstVideoInfo info;
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, kCamera.w, kCamera.h);
    source.input.set_format(info);
    board.add(cameras_.back().source);
    return source;
}

void Studio::set(VideoSource &camera, const std::function<void(PadSettings &)> &edit) {
    board.change_pad(camera.settings, edit);
}

void Studio::stop(const VideoSource &camera) {
    cameras_.at(camera.index).stopped = true;
}

void Studio::resume(const VideoSource &camera) {
    cameras_.at(camera.index).stopped = false;
}

const Picture &Studio::shoot(TimeNs time) {
    time_ = time;
    if (board.read(&version_, &snapshot_)) {
        scene_ = builder_.build(snapshot_, scene_, time, kUtcUs + time / 1000);
        composer_.adopt(scene_);
    }
    if (!canvas_ || canvas_->size() != scene_.size)
        canvas_ = std::make_unique<Image>(scene_.size);
    GstVideoInfo info;
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_I420, kCamera.w, kCamera.h);
    for (const Camera &camera : cameras_) {
        if (!camera.stopped)
            camera.source->input.push(take_picture(camera.source->index, info), time, true);
    }
    picture_ = canvas_->picture();
    composer_.compose(scene_, time, time, picture_);
    return picture_;
}

const Picture &Studio::shoot_until(TimeNs time) {
    while (time_ + kSecond / 30 <= time)
        shoot(time_ + kSecond / 30);
    return picture_;
}

Rgb rgb_at(const Picture &p, int x, int y) {
    const auto sample = [&](int plane, int px, int py) { return double(p.data[plane][py * p.stride[plane] + px]); };
    const double l = (sample(0, x, y) - 16) * 255 / 219, u = (sample(1, x / 2, y / 2) - 128) * 255 / 224,
                 v = (sample(2, x / 2, y / 2) - 128) * 255 / 224;
    const double r = l + 1.5748 * v, b = l + 1.8556 * u, g = (l - 0.2126 * r - 0.0722 * b) / 0.7152;
    const auto byte = [](double c) { return static_cast<int>(std::clamp(std::lround(c), 0L, 255L)); };
    return {byte(r), byte(g), byte(b)};
}

Rgb mean_of(const Picture &picture, const Rect &rect) {
    int64_t r = 0, g = 0, b = 0;
    for (int y = rect.y; y < rect.bottom(); ++y) {
        for (int x = rect.x; x < rect.right(); ++x) {
            const Rgb c = rgb_at(picture, x, y);
            r += c.r, g += c.g, b += c.b;
        }
    }
    const int64_t n = int64_t{rect.w} * rect.h;
    return {static_cast<int>(r / n), static_cast<int>(g / n), static_cast<int>(b / n)};
}

std::shared_ptr<const Bitmap> flat_bitmap(Size size, uint32_t argb) {
    auto bitmap = std::make_shared<Bitmap>();
    bitmap->size = size;
    bitmap->pixels.assign(static_cast<size_t>(size.w * size.h), argb);
    return bitmap;
}
