// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "tools/rostrum/base/glib_handles.h"
#include "tools/rostrum/job/files.h"
#include "tools/rostrum/job/job_error.h"
#include "tools/rostrum/job/jobs.h"

#include <glib/gstdio.h>
#include <gst/app/gstappsink.h>
#include <gst/video/video.h>

#include <fstream>
#include <memory>

namespace rostrum::job {
namespace {

constexpr GstClockTime kTimeout = 15 * GST_SECOND; // of a picture, on a busy machine with a slow disk
constexpr uint64_t kMaxSegmentBytes = 256 << 20;

struct SampleUnref {
    void operator()(GstSample *sample) const { gst_sample_unref(sample); }
};
using Sample = std::unique_ptr<GstSample, SampleUnref>;

/// A file beside the picture that ends with its scope.
struct Scratch {
    const std::string path;
    ~Scratch() { g_unlink(path.c_str()); }
};

void append(std::ofstream &to, const std::string &path, uint64_t most) {
    std::ifstream from(path, std::ios::binary);
    std::string piece(64 << 10, '\0');
    while (most > 0 && from) {
        from.read(piece.data(), static_cast<std::streamsize>(std::min<uint64_t>(piece.size(), most)));
        to.write(piece.data(), from.gcount());
        most -= static_cast<uint64_t>(from.gcount());
    }
    if (most > 0 && most <= kMaxSegmentBytes)
        throw JobError(file_name(path) + " cannot be read");
}

/// The last picture that is shown `at_ms` after the first one or before; -1: the last one.
Sample picture_at(const std::string &path, int64_t at_ms) {
    GError *error = nullptr;
    const auto pipeline = ObjectRef<GstElement>::adopt(static_cast<GstElement *>(g_object_ref_sink(gst_parse_launch(
        "filesrc name=file ! qtdemux ! h264parse ! avdec_h264 ! appsink name=sink sync=false", &error))));
    if (error)
        throw JobError("no picture can be decoded here: " + take_error(error), false);
    const auto file = ObjectRef<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "file"));
    const auto sink = ObjectRef<GstElement>::adopt(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
    g_object_set(file.get(), "location", path.c_str(), nullptr);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    Sample found;
    GstClockTime first = GST_CLOCK_TIME_NONE;
    for (;;) {
        Sample next(gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), kTimeout));
        if (!next)
            break;
        const GstClockTime at = GST_BUFFER_PTS(gst_sample_get_buffer(next.get()));
        if (first == GST_CLOCK_TIME_NONE)
            first = at;
        if (found && at_ms >= 0 && at > first + static_cast<GstClockTime>(at_ms) * GST_MSECOND)
            break;
        found = std::move(next);
    }
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    if (!found)
        throw JobError("none of its pictures can be decoded");
    return found;
}

/// One side that is not given follows from the other.
void fill_size(GstSample *sample, int64_t &width, int64_t &height) {
    GstVideoInfo info;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)))
        throw JobError("the picture has no size");
    const int64_t whole_width = GST_VIDEO_INFO_WIDTH(&info), whole_height = GST_VIDEO_INFO_HEIGHT(&info);
    if (width == 0 && height == 0)
        width = whole_width;
    if (width == 0)
        width = std::max<int64_t>(1, height * whole_width / whole_height);
    if (height == 0)
        height = std::max<int64_t>(1, width * whole_height / whole_width);
}

Sample encoded(GstSample *sample, const std::string &format, int64_t width, int64_t height) {
    const std::string type = "image/" + (format == "jpg" ? std::string("jpeg") : format);
    g_autoptr(GstCaps) caps = gst_caps_new_simple(type.c_str(), "width", G_TYPE_INT, static_cast<int>(width), "height",
                                                  G_TYPE_INT, static_cast<int>(height), nullptr);
    GError *error = nullptr;
    Sample made(gst_video_convert_sample(sample, caps, kTimeout, &error));
    if (!made)
        throw JobError("the picture cannot be written as " + format + ": " + take_error(error), false);
    return made;
}

} // namespace

Json capture(const Json &document, Report &) {
    const std::string path = document.text("path"), format = document.text("format");
    const Scratch scratch{path + ".mp4"};
    {
        std::ofstream media(scratch.path, std::ios::binary);
        append(media, document.text("init"), UINT64_MAX);
        append(media, document.text("segment"), static_cast<uint64_t>(document.get("bytes").as_integer()));
    }
    const Sample picture = picture_at(scratch.path, document.get("atMs").as_integer(-1));
    int64_t width = document.get("width").as_integer(), height = document.get("height").as_integer();
    fill_size(picture.get(), width, height);
    const Sample made = encoded(picture.get(), format, width, height);
    GstMapInfo map;
    if (!gst_buffer_map(gst_sample_get_buffer(made.get()), &map, GST_MAP_READ))
        throw JobError("the picture cannot be read", false);
    const std::string bytes(reinterpret_cast<const char *>(map.data), map.size);
    gst_buffer_unmap(gst_sample_get_buffer(made.get()), &map);
    ReplacedFile file(path);
    file.write(bytes);
    file.commit();
    return Json::object({{"width", width}, {"height", height}, {"bytes", bytes.size()}});
}

} // namespace rostrum::job
