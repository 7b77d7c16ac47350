// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

#include "test_signal.h"

#include <gst/video/video.h>

#include <cstring>

namespace testhost {

namespace {

std::string encoder(const SignalOptions &o) {
    const std::string keyframes = std::to_string(o.framerate * 2); // closed GOP of 2 s
    if (o.codec == "vp8") {
        return "vp8enc deadline=1 cpu-used=8 threads=1 error-resilient=partitions keyframe-max-dist=" + keyframes +
               " target-bitrate=" + std::to_string(o.bitrate_kbps * 1000) +
               " ! rtpvp8pay name=video picture-id-mode=15-bit mtu=1200";
    }
    return "x264enc tune=zerolatency speed-preset=ultrafast threads=1 sliced-threads=false bframes=0 key-int-max=" +
           keyframes + " bitrate=" + std::to_string(o.bitrate_kbps) +
           // avc: parameter sets are in the caps from the start, so that the offer can tell packetization-mode and
           // profile
           " ! video/x-h264,profile=constrained-baseline,stream-format=avc"
           " ! rtph264pay name=video config-interval=-1 aggregate-mode=zero-latency mtu=1200";
}

// White for the first kFlashMs of each second of running time.
GstPadProbeReturn paint_flash(GstPad *pad, GstPadProbeInfo *info, gpointer) {
    GstBuffer *buffer = gst_buffer_make_writable(GST_PAD_PROBE_INFO_BUFFER(info));
    GST_PAD_PROBE_INFO_DATA(info) = buffer;
    if (GST_BUFFER_PTS(buffer) % GST_SECOND >= kFlashMs * GST_MSECOND) {
        return GST_PAD_PROBE_OK;
    }
    GstCaps *caps = gst_pad_get_current_caps(pad);
    GstVideoInfo video;
    if (caps != nullptr && gst_video_info_from_caps(&video, caps)) {
        GstVideoFrame frame;
        if (gst_video_frame_map(&frame, &video, buffer, GST_MAP_WRITE)) {
            std::memset(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0), 235,
                        static_cast<size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0)) *
                            static_cast<size_t>(GST_VIDEO_FRAME_HEIGHT(&frame)));
            for (guint plane = 1; plane < 3; ++plane) {
                std::memset(GST_VIDEO_FRAME_PLANE_DATA(&frame, plane), 128,
                            static_cast<size_t>(GST_VIDEO_FRAME_PLANE_STRIDE(&frame, plane)) *
                                static_cast<size_t>(GST_VIDEO_FRAME_COMP_HEIGHT(&frame, plane)));
            }
            gst_video_frame_unmap(&frame);
        }
    }
    gst_clear_caps(&caps);
    return GST_PAD_PROBE_OK;
}

} // namespace

std::string describe_signal(const SignalOptions &o) {
    return "videotestsrc is-live=true pattern=" + o.pattern +
           " ! capsfilter name=size caps=video/x-raw,format=I420,width=" + std::to_string(o.width) +
           ",height=" + std::to_string(o.height) + ",framerate=" + std::to_string(o.framerate) +
           "/1 ! timeoverlay halignment=center valignment=center font-desc=\"Sans 36\" ! identity name=flash ! queue "
           "! " +
           encoder(o) + "  audiotestsrc is-live=true wave=" + (o.quiet ? "silence" : "ticks") +
           " tick-interval=1000000000 sine-periods-per-tick=100 freq=1000"
           " volume=0.5 samplesperbuffer=480 ! audio/x-raw,rate=48000,channels=1 ! audioconvert"
           " ! audio/x-raw,channels=2 ! queue ! opusenc bitrate=64000 frame-size=20 ! rtpopuspay name=audio pt=97";
}

void install_flash(GstElement *pipeline) {
    GstElement *flash = gst_bin_get_by_name(GST_BIN(pipeline), "flash");
    GstPad *pad = gst_element_get_static_pad(flash, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, paint_flash, nullptr, nullptr);
    gst_object_unref(pad);
    gst_object_unref(flash);
}

void halve_picture(GstElement *pipeline) {
    GstElement *size = gst_bin_get_by_name(GST_BIN(pipeline), "size");
    GstCaps *caps = nullptr;
    g_object_get(size, "caps", &caps, nullptr);
    caps = gst_caps_make_writable(caps);
    for (const char *side : {"width", "height"}) {
        int pixels = 0;
        gst_structure_get_int(gst_caps_get_structure(caps, 0), side, &pixels);
        gst_caps_set_simple(caps, side, G_TYPE_INT, pixels / 4 * 2, nullptr);
    }
    g_object_set(size, "caps", caps, nullptr);
    gst_caps_unref(caps);
    gst_object_unref(size);
}

} // namespace testhost
