// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/job/frames.h"

#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/job_error.h"

#include <cstring>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

namespace rostrum::job {
namespace {

constexpr GstClockTime kFrameTimeout = 20 * GST_SECOND; // of one seek, on a busy machine with a slow disk
constexpr int kBlackLuma = 24;                          // 16 is black on screen, a little noise comes on top
constexpr double kBlackShare = 0.97;

Picture picture_of(GstSample *sample, int width, int height) {
    GstVideoInfo info;
    GstVideoFrame frame;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
        return {};
    Picture picture;
    if (GST_VIDEO_INFO_WIDTH(&info) == width && GST_VIDEO_INFO_HEIGHT(&info) == height)
        picture = Picture::adopt(gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, width, height));
    if (picture)
        for (int y = 0; y < height; ++y)
            std::memcpy(gdk_pixbuf_get_pixels(picture.get()) +
                            size_t(y) * size_t(gdk_pixbuf_get_rowstride(picture.get())),
                        static_cast<const guint8 *>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0)) +
                            size_t(y) * size_t(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)),
                        size_t(width) * 3);
    gst_video_frame_unmap(&frame);
    return picture;
}

} // namespace

struct FrameReader::Pipeline {
    ObjectRef<GstElement> pipeline, sink;
};

FrameReader::FrameReader(const std::string &path, int width, int height)
    : pipeline_(std::make_unique<Pipeline>()), width_(width), height_(height) {
    const std::string description = "filesrc name=file ! decodebin ! videoconvert ! videoscale "
                                    "add-borders=true ! video/x-raw,format=RGB,pixel-aspect-ratio=1/1,width=" +
                                    std::to_string(width) + ",height=" + std::to_string(height) +
                                    " ! appsink name=sink sync=false max-buffers=1";
    GError *error = nullptr;
    pipeline_->pipeline = ObjectRef<GstElement>::adopt(
        static_cast<GstElement *>(g_object_ref_sink(gst_parse_launch(description.c_str(), &error))));
    if (error)
        throw JobError("no picture can be decoded here: " + take_error(error), false);
    auto *bin = GST_BIN(pipeline_->pipeline.get());
    const auto file = ObjectRef<GstElement>::adopt(gst_bin_get_by_name(bin, "file"));
    pipeline_->sink = ObjectRef<GstElement>::adopt(gst_bin_get_by_name(bin, "sink"));
    g_object_set(file.get(), "location", path.c_str(), nullptr);
    gst_element_set_state(pipeline_->pipeline.get(), GST_STATE_PAUSED);
    if (gst_element_get_state(pipeline_->pipeline.get(), nullptr, nullptr, kFrameTimeout) != GST_STATE_CHANGE_SUCCESS) {
        gst_element_set_state(pipeline_->pipeline.get(), GST_STATE_NULL);
        throw JobError(file_name(path) + ": its picture cannot be decoded");
    }
}

FrameReader::~FrameReader() {
    gst_element_set_state(pipeline_->pipeline.get(), GST_STATE_NULL);
}

Picture FrameReader::at(uint64_t ms) {
    const auto flags =
        static_cast<GstSeekFlags>(GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT | GST_SEEK_FLAG_SNAP_BEFORE);
    if (!gst_element_seek_simple(pipeline_->pipeline.get(), GST_FORMAT_TIME, flags,
                                 static_cast<gint64>(ms * GST_MSECOND)))
        return {};
    GstSample *sample = gst_app_sink_try_pull_preroll(GST_APP_SINK(pipeline_->sink.get()), kFrameTimeout);
    if (!sample)
        return {};
    Picture picture = picture_of(sample, width_, height_);
    gst_sample_unref(sample);
    return picture;
}

bool is_black(const GdkPixbuf *picture) {
    const int width = gdk_pixbuf_get_width(picture), height = gdk_pixbuf_get_height(picture);
    const guint8 *pixels = gdk_pixbuf_read_pixels(picture);
    int dark = 0, seen = 0;
    for (int y = 0; y < height; y += 4)
        for (int x = 0; x < width; x += 4) {
            const guint8 *pixel = pixels + size_t(y) * size_t(gdk_pixbuf_get_rowstride(picture)) + size_t(x) * 3;
            dark += (pixel[0] * 77 + pixel[1] * 150 + pixel[2] * 29) >> 8 < kBlackLuma;
            ++seen;
        }
    return dark >= seen * kBlackShare;
}

} // namespace rostrum::job
